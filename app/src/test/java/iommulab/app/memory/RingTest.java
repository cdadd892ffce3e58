package iommulab.app.memory;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.QueueState;
import iommulab.engine.session.FrameView;
import iommulab.engine.session.FrameView.Entry;
import iommulab.engine.session.FrameView.Part;

import org.junit.jupiter.api.Test;

import java.util.Collections;
import java.util.List;

/// What is told of a ring.
class RingTest {
    private static final long BASE = 0x8000;

    private static Ring ring(int head, int tail, boolean overflowed) {
        var queue =
                new QueueState(
                        "command queue", true, BASE, 4096, 16, head, tail, overflowed, List.of());
        return new Ring("smmu0", queue, List.of());
    }

    private static Entry entry(int index) {
        return new Entry(
                BASE + index * 16L, index, "Command", List.of(1L, 0L), List.of(), List.of());
    }

    private static FrameView frame(Entry... entries) {
        return new FrameView(
                BASE,
                true,
                "System RAM",
                Collections.nCopies(512, 0L),
                List.of(new Part("smmu0", "command queue", -1, "base", List.of(entries))),
                List.of());
    }

    @Test
    void entriesBetweenHeadAndTailWaitAlsoAcrossTheEnd() {
        var ring =
                ring(4096 - 16, 16, false).with(List.of(frame(entry(0), entry(254), entry(255))));
        assertThat(ring.waiting()).isEqualTo(2);
        assertThat(ring.finding())
                .isEqualTo("2 entries wait in the command queue of smmu0 for the hardware.");
        assertThat(ring.rows()).extracting(Ring.Row::index).containsExactly(0, 255, 254);
        assertThat(ring.rows()).extracting(Ring.Row::isWaiting).containsExactly(true, true, false);
    }

    @Test
    void lostEntriesAreSaidFirst() {
        assertThat(ring(0, 0, true).finding()).startsWith("Entries were lost");
    }

    @Test
    void onlyFramesOfTheNewestEntriesAreAskedFor() {
        assertThat(ring(0, 0, false).frames()).containsExactly(BASE);
    }
}
