package iommulab.app.memory;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LabMachine;
import iommulab.app.PanelBench;
import iommulab.app.Robot;
import iommulab.engine.session.FrameView;
import iommulab.engine.session.MachineSnapshot;

import org.junit.jupiter.api.Test;

import java.util.Collections;
import java.util.List;

/// How often the engine is asked for a frame.
class MemoryFeedTest {
    private static final FrameView FRAME =
            new FrameView(0x1000, true, "", Collections.nCopies(512, 0L), List.of(), List.of());

    private final MachineSnapshot machine = new LabMachine().snapshot();
    private final MachineSnapshot changed =
            new LabMachine().did("Write memory", "memory.write(hpa=0x1000, value=0x1)").snapshot();
    private final PanelBench bench = bench();
    private final MemoryFeed feed = new MemoryFeed(bench, () -> 0, () -> {});

    private PanelBench bench() {
        Robot.start();
        return Robot.onScreen(() ->
                new PanelBench(
                        machine,
                        _ -> {
                            throw new AssertionError("nobody asks for a walk");
                        }));
    }

    @Test
    void oneQuestionIsUnderWayAtATime() {
        feed.follow(machine, 0x1000);
        feed.follow(changed, 0x1000);
        feed.follow(machine, 0x5000);
        assertThat(bench.framesAsked()).hasSize(1);
        bench.framesAsked().getFirst().complete(FRAME);
        feed.follow(changed, 0x1000);
        assertThat(bench.framesAsked()).hasSize(2);
    }

    @Test
    void aMachineThatHasNotChangedIsNotAskedAgain() {
        feed.follow(machine, 0x1000);
        bench.framesAsked().getFirst().complete(FRAME);
        feed.follow(machine, 0x1ff8);
        assertThat(bench.framesAsked()).hasSize(1);
        assertThat(feed.frame()).contains(FRAME);
    }
}
