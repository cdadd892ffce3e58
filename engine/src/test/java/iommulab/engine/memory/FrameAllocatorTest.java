package iommulab.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.TreeSet;

class FrameAllocatorTest {
    private static FrameAllocator frames(int count) {
        return new FrameAllocator(AddressRange.of(0x10_0000, count * 4096L));
    }

    @Property
    void alwaysTheLowestFreeFrame(@ForAll List<@IntRange(min = -8, max = 8) Integer> steps) {
        var frames = frames(12);
        var free = new TreeSet<Long>();
        for (long i = 0; i < 12; i++) {
            free.add(0x10_0000 + i * 4096);
        }
        for (int step : steps) {
            long hpa = 0x10_0000 + Math.abs(step) * 4096L;
            if (step < 0 && frames.isTaken(hpa)) {
                frames.free(hpa);
                free.add(hpa);
            } else {
                var expected = free.pollFirst();
                assertThat(frames.take()).isEqualTo(expected == null ? -1 : expected);
            }
            assertThat(frames.available()).isEqualTo(free.size());
        }
    }

    @Test
    void aCheckpointRemembersWhichFramesWereTaken() {
        var frames = frames(4);
        frames.take();
        long second = frames.take();
        var then = frames.checkpoint();
        long hash = frames.stateHash();
        frames.free(second);
        frames.take();
        frames.take();
        assertThat(frames.stateHash()).isNotEqualTo(hash);
        frames.restore(then);
        assertThat(frames.stateHash()).isEqualTo(hash);
        assertThat(frames.taken()).isEqualTo(2);
        assertThat(frames.take()).isEqualTo(0x10_2000);
    }

    @Test
    void partsOfFramesAreNotHandedOut() {
        var frames = new FrameAllocator(new AddressRange(0x1001, 0x3ffe));
        assertThat(frames.available()).isOne();
        assertThat(frames.take()).isEqualTo(0x2000);
        assertThat(frames.take()).isEqualTo(FrameAllocator.NONE);
    }

    @Test
    void freeingAFrameTwiceIsADefect() {
        var frames = frames(2);
        long frame = frames.take();
        frames.free(frame);
        assertThatThrownBy(() -> frames.free(frame)).isInstanceOf(IllegalStateException.class);
    }
}
