package iommulab.app.shell;

import iommulab.engine.session.MachineSnapshot;

import javafx.animation.AnimationTimer;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Supplier;

/// Takes the newest snapshot once a frame, and shows it to every visible panel if it, or what is
/// selected, has changed.
final class FramePulse extends AnimationTimer {
    private final Workbench bench;
    private final Supplier<List<Panel>> visible;
    private @Nullable MachineSnapshot machine;
    private @Nullable Subject subject;

    /// @param visible the panels that can be seen now
    FramePulse(Workbench bench, Supplier<List<Panel>> visible) {
        this.bench = bench;
        this.visible = visible;
    }

    /// Another panel has come into sight: it is shown what is there in the next frame.
    void showAgain() {
        machine = null;
    }

    @Override
    public void handle(long now) {
        var newest = bench.machine();
        var selected = bench.subject().get();
        if (newest == machine && selected.equals(subject)) {
            return;
        }
        machine = newest;
        subject = selected;
        for (var panel : visible.get()) {
            panel.show(newest, selected);
        }
    }
}
