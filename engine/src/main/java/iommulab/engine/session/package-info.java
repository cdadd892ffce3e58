/// The engine's front door: the machine, the commands that change it, the journal that remembers
/// them, and the snapshots that the screen sees.
package iommulab.engine.session;
