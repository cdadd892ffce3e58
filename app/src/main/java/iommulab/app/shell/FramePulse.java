package iommulab.app.shell;

import iommulab.engine.session.MachineSnapshot;

import javafx.animation.AnimationTimer;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Supplier;

/// Takes the newest snapshot once a frame, and shows it to every visible panel if it, or what is
/// selected, has changed. Of a machine that runs it shows every second frame: each one would tell a
/// reader no more, and drawing takes the processor from the traffic where it is done in software.
final class FramePulse extends AnimationTimer {
    /* Less than two frames of 60 a second, so that a frame that is a little early is not left out. */
    private static final long RUNNING_NANOS = 25_000_000;

    private final Workbench bench;
    private final Supplier<List<Panel>> visible;
    private @Nullable MachineSnapshot machine;
    private @Nullable Subject subject;
    private long shown;

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
        if (isMoreOfTheSameRun(newest, selected) && now - shown < RUNNING_NANOS) {
            return;
        }
        shown = now;
        machine = newest;
        subject = selected;
        for (var panel : visible.get()) {
            panel.show(newest, selected);
        }
    }

    private boolean isMoreOfTheSameRun(MachineSnapshot newest, Subject selected) {
        return machine != null && machine.running() && newest.running() && selected.equals(subject);
    }
}
