package iommulab.app.memory;

import iommulab.app.shell.Workbench;
import iommulab.engine.session.FrameView;
import iommulab.engine.session.MachineSnapshot;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Asks the engine for the frames of a ring, one after the other, whenever the machine may have changed.
/// Lives on the JavaFX thread.
final class RingFeed {
    private static final long RUNNING_NANOS = 500_000_000;

    private record Asked(Moment moment, List<Long> frames) {}

    private final Workbench workbench;
    private final LongSupplier clock;
    private final Consumer<Ring> onAnswer;
    private @Nullable Asked asked;
    private boolean underWay;
    private long answered;

    /// @param clock in ns
    /// @param onAnswer told the ring with what lies in it
    RingFeed(Workbench workbench, LongSupplier clock, Consumer<Ring> onAnswer) {
        this.workbench = workbench;
        this.clock = clock;
        this.onAnswer = onAnswer;
    }

    /// Sees to it that what is known of a ring is of this machine.
    void follow(MachineSnapshot machine, Ring ring) {
        var now = new Asked(Moment.of(machine), ring.frames());
        boolean another = asked == null || !asked.frames().equals(now.frames());
        boolean early = machine.running() && clock.getAsLong() - answered < RUNNING_NANOS;
        if (underWay || now.equals(asked) || !another && early) {
            return;
        }
        underWay = true;
        asked = now;
        ask(ring, now.frames(), new ArrayList<>());
    }

    private void ask(Ring ring, List<Long> wanted, List<FrameView> got) {
        if (got.size() == wanted.size()) {
            underWay = false;
            answered = clock.getAsLong();
            onAnswer.accept(ring.with(got));
            return;
        }
        workbench
                .frame(wanted.get(got.size()))
                .whenComplete((frame, _) -> {
                    if (frame == null) {
                        underWay = false;
                        return;
                    }
                    got.add(frame);
                    ask(ring, wanted, got);
                });
    }
}
