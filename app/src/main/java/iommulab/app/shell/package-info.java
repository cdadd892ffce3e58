/// The window's frame: perspectives, inspector, drawer, status bar, and what panels share.
package iommulab.app.shell;
