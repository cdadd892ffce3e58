package iommulab.app.shell;

import iommulab.engine.session.MachineSnapshot;

import java.util.function.ToLongFunction;

/// One tab of the drawer.
///
/// @param title such as `Timeline`
/// @param count a number worth a look beside the title; 0 shows none
public record DrawerTab(String title, Panel panel, ToLongFunction<MachineSnapshot> count) {
    /// A tab without a number.
    public static DrawerTab of(String title, Panel panel) {
        return new DrawerTab(title, panel, _ -> 0);
    }
}
