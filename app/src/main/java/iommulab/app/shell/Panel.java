package iommulab.app.shell;

import iommulab.engine.session.MachineSnapshot;

import javafx.scene.Node;

/// One perspective or one tab of the drawer. Lives on the JavaFX thread; knows no other panel.
public interface Panel {
    /// The panel's root node, always the same one.
    Node view();

    /// Shows a snapshot, or the same snapshot with another subject selected. Called at most once a
    /// frame and only while the panel is visible; must not take longer than 10 ms.
    void show(MachineSnapshot machine, Subject subject);

    /// Whether the panel brings a side column of its own, for which the inspector makes room.
    default boolean takesInspectorsPlace() {
        return false;
    }
}
