package iommulab.app.walk;

import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;

import javafx.scene.control.ContextMenu;
import javafx.scene.control.MenuItem;

/// What can be done with the step that is selected.
final class StepMenu extends ContextMenu {
    private final Workbench workbench;
    private final MenuItem inMemory = new MenuItem("Show in Memory");

    StepMenu(Workbench workbench) {
        this.workbench = workbench;
        inMemory.setOnAction(_ -> toMemory());
        getItems().setAll(inMemory);
        setOnShowing(_ -> inMemory.setDisable(!hasEntry()));
    }

    private void toMemory() {
        if (workbench.subject().get() instanceof Subject.WalkStep(var walk, int step)) {
            workbench.select(new Subject.Memory(walk.steps().get(step).entryHpa()));
            workbench.open(Perspective.MEMORY);
        }
    }

    /// Steps that read nothing have no place in memory.
    private boolean hasEntry() {
        return workbench.subject().get() instanceof Subject.WalkStep(var walk, int step)
                && !walk.steps().get(step).raw().isEmpty();
    }
}
