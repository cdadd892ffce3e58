package iommulab.app.memory;

import iommulab.app.shell.Workbench;
import iommulab.engine.session.FrameView;
import iommulab.engine.session.FrameView.Place;
import iommulab.engine.session.MachineSnapshot;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/// What the engine last said of one frame and of all structures in memory. Asks again when the machine
/// may have changed, one question of each sort at a time. Lives on the JavaFX thread.
final class MemoryFeed {
    /* To answer, the engine visits all tables: while traffic runs, four looks a second are enough. */
    private static final long RUNNING_NANOS = 250_000_000;
    private static final long FRAME = -4096;

    private final Workbench workbench;
    private final LongSupplier clock;
    private final Runnable onAnswer;
    private Optional<FrameView> frame = Optional.empty();
    private List<Place> places = List.of();
    private @Nullable Moment frameAsked;
    private @Nullable Moment placesAsked;
    private long frameAt = -1;
    private boolean frameUnderWay;
    private boolean placesUnderWay;
    private long answered;

    /// @param clock in ns
    /// @param onAnswer told when there is something new to show
    MemoryFeed(Workbench workbench, LongSupplier clock, Runnable onAnswer) {
        this.workbench = workbench;
        this.clock = clock;
        this.onAnswer = onAnswer;
    }

    Optional<FrameView> frame() {
        return frame;
    }

    List<Place> places() {
        return places;
    }

    /// Sees to it that what is known is of this machine.
    void follow(MachineSnapshot machine) {
        var now = Moment.of(machine);
        if (now.equals(placesAsked) || placesUnderWay || mayWait(machine, placesAsked != null)) {
            return;
        }
        placesUnderWay = true;
        placesAsked = now;
        workbench
                .tables()
                .whenComplete((found, _) -> {
                    placesUnderWay = false;
                    if (found != null) {
                        places = found;
                        onAnswer.run();
                    }
                });
    }

    /// The same for the frame that holds an address.
    void follow(MachineSnapshot machine, long hpa) {
        var now = Moment.of(machine);
        boolean another = (hpa & FRAME) != frameAt;
        if (frameUnderWay || !another && (now.equals(frameAsked) || mayWait(machine, true))) {
            return;
        }
        frameUnderWay = true;
        frameAsked = now;
        frameAt = hpa & FRAME;
        workbench
                .frame(hpa)
                .whenComplete((seen, _) -> {
                    frameUnderWay = false;
                    answered = clock.getAsLong();
                    if (seen != null) {
                        frame = Optional.of(seen);
                        onAnswer.run();
                    }
                });
    }

    private boolean mayWait(MachineSnapshot machine, boolean known) {
        return known && machine.running() && clock.getAsLong() - answered < RUNNING_NANOS;
    }
}
