/// The console: calls are typed, completed, explained and answered.
package iommulab.app.console;
