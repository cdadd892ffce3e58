/// Machines on disk in the lab's own format, `*.iommulab.json`: read strictly, written atomically, and
/// brought back after a crash.
package iommulab.engine.io.machine;
