package iommulab.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

class FillHistoryTest {
    private static final int LINES = 256;

    @Property(tries = 20)
    void missesAreClassedAsByAListOfAllFills(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 3000) int tags) {
        var history = new FillHistory(LINES);
        var naive = new Naive();

        var random = new SplittableRandom(seed);
        for (int i = 0; i < 5000; i++) {
            fill(history, naive, 1 + random.nextInt(tags));
        }

        assertThat(conflictAndCapacity(history)).isEqualTo(naive.conflictAndCapacity());
    }

    @Example
    void onceAllPlacesAreTakenTheKnownTagsAreStillClassedAndNewOnesCountAsNeverSeen() {
        var history = new FillHistory(LINES);
        var naive = new Naive();
        for (int tag = 1; tag <= FillHistory.REMEMBERED; tag++) {
            fill(history, naive, tag);
        }

        var random = new SplittableRandom(42);
        for (int i = 0; i < 20_000; i++) {
            fill(history, naive, 1 + random.nextInt(2 * FillHistory.REMEMBERED));
            fill(history, naive, 1 + i % 300);
        }

        assertThat(conflictAndCapacity(history)).isEqualTo(naive.conflictAndCapacity());
    }

    private static void fill(FillHistory history, Naive naive, long number) {
        // Spread, as the tags of pages are not.
        long tag = number * 0x1_0000_0001L;
        history.filled(tag);
        naive.filled(tag);
    }

    private static String conflictAndCapacity(FillHistory history) {
        return history.conflictMisses() + " and " + history.capacityMisses();
    }

    /// Looks each fill up in all that came before.
    private static final class Naive {
        private final Map<Long, Integer> lastFill = new HashMap<>();
        private int fills;
        private int conflict;
        private int capacity;

        void filled(long tag) {
            fills++;
            var before = lastFill.get(tag);
            if (before != null) {
                if (fills - before <= LINES) {
                    conflict++;
                } else {
                    capacity++;
                }
            }
            if (before != null || lastFill.size() < FillHistory.REMEMBERED) {
                lastFill.put(tag, fills);
            }
        }

        String conflictAndCapacity() {
            return conflict + " and " + capacity;
        }
    }
}
