package iommulab.engine.cache;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

class SetAssociativeCacheTest {
    private static final int FORGET = 60;

    @Property(tries = 400)
    void remembersWhatANaiveModelOfItsPolicyRemembers(
            @ForAll("ordered") CacheGeometry geometry,
            @ForAll @Size(max = 200) List<@IntRange(min = 1, max = 63) Integer> tags) {
        var cache = new SetAssociativeCache(geometry, 1);
        var naive = new NaiveCache(geometry);
        for (int tag : tags) {
            if (tag >= FORGET) {
                int rest = tag - FORGET;
                cache.remove(each -> each % 4 == rest);
                naive.remove(rest);
            } else {
                assertThat(use(cache, tag)).as("hit of %d", tag).isEqualTo(naive.use(tag));
            }
        }
        assertThat(cache.statistics().lookups()).isEqualTo(naive.lookups);
        assertThat(cache.statistics().hits()).isEqualTo(naive.hits);
        assertThat(cache.statistics().evictions()).isEqualTo(naive.evictions);
    }

    @Property(tries = 200)
    void whateverThePolicyItGivesOnlyWhatWasPutIn(
            @ForAll("any") CacheGeometry geometry,
            @ForAll @Size(max = 200) List<@IntRange(min = 1, max = 63) Integer> tags) {
        var cache = new SetAssociativeCache(geometry, 1);
        for (int tag : tags) {
            use(cache, tag);
            if (!geometry.isOff()) {
                assertThat(cache.lookup(tag, tag)).isEqualTo(tag * 10L);
            }
        }
        var held = new HashMap<Long, Integer>();
        for (int line = 0; line < cache.lines(); line++) {
            if (cache.tag(line) != 0) {
                assertThat(held.put(cache.tag(line), line)).as("held twice").isNull();
                assertThat(cache.setOf(line)).isEqualTo((int) cache.tag(line) % geometry.sets());
                assertThat(cache.ageOf(line)).isBetween(0, geometry.ways() - 1);
            }
        }
        var counted = cache.statistics();
        assertThat(counted.misses())
                .isEqualTo(
                        counted.coldMisses() + counted.conflictMisses() + counted.capacityMisses());
        assertThat(counted.fills() - counted.evictions()).isEqualTo(held.size());
    }

    @Property(tries = 200)
    void aCopyGoesOnExactlyAsTheOriginal(
            @ForAll("any") CacheGeometry geometry,
            @ForAll @Size(max = 80) List<@IntRange(min = 1, max = 63) Integer> before,
            @ForAll @Size(max = 80) List<@IntRange(min = 1, max = 63) Integer> after) {
        var original = new SetAssociativeCache(geometry, 7);
        before.forEach(tag -> use(original, tag));
        var copy = original.copy();
        assertThat(copy.stateHash()).isEqualTo(original.stateHash());
        after.forEach(tag -> assertThat(use(copy, tag)).isEqualTo(use(original, tag)));
        assertThat(copy.stateHash()).isEqualTo(original.stateHash());
        assertThat(copy.statistics()).isEqualTo(original.statistics());
        assertThat(copy.lastSet()).isEqualTo(original.lastSet());
        assertThat(copy.lastWay()).isEqualTo(original.lastWay());
    }

    @Property(tries = 100)
    void aFullyAssociativeCacheHasNoConflicts(
            @ForAll @Size(max = 300) List<@IntRange(min = 1, max = 20) Integer> tags) {
        var cache = new SetAssociativeCache(new CacheGeometry(1, 8, Replacement.LRU), 1);
        tags.forEach(tag -> use(cache, tag));
        assertThat(cache.statistics().conflictMisses()).isZero();
    }

    @Test
    void fivePagesThatShareASetOfFourConflict() {
        var cache = new SetAssociativeCache(new CacheGeometry(16, 4, Replacement.LRU), 1);
        for (int round = 0; round < 3; round++) {
            for (int tag = 16; tag <= 5 * 16; tag += 16) {
                use(cache, tag);
            }
        }
        assertThat(cache.statistics().coldMisses()).isEqualTo(5);
        assertThat(cache.statistics().conflictMisses()).isEqualTo(10);
        assertThat(cache.statistics().capacityMisses()).isZero();
    }

    @Test
    void morePagesThanLinesExceedTheCapacity() {
        var cache = new SetAssociativeCache(new CacheGeometry(4, 2, Replacement.LRU), 1);
        for (int round = 0; round < 2; round++) {
            for (int tag = 1; tag <= 64; tag++) {
                use(cache, tag);
            }
        }
        assertThat(cache.statistics().coldMisses()).isEqualTo(64);
        assertThat(cache.statistics().capacityMisses()).isEqualTo(64);
    }

    @Test
    void treePlruReplacesTheWayThatItsBitsPointTo() {
        long tree = 0;
        for (int way : new int[] {0, 2, 1, 3}) {
            tree = TreePlru.touched(tree, 4, way);
        }
        assertThat(TreePlru.victim(tree, 4)).isZero();
        assertThat(TreePlru.age(tree, 4, 3)).isZero();
        assertThat(TreePlru.age(tree, 4, 0)).isEqualTo(3);
    }

    @Property
    void theOldestOfATreeIsItsVictimAndAllAgesDiffer(
            @ForAll @Size(max = 30) List<@IntRange(max = 63) Integer> uses,
            @ForAll @IntRange(max = 6) int logWays) {
        int ways = 1 << logWays;
        long tree = 0;
        for (int use : uses) {
            tree = TreePlru.touched(tree, ways, use % ways);
            assertThat(TreePlru.age(tree, ways, use % ways)).isZero();
        }
        var ages = new ArrayList<Integer>();
        for (int way = 0; way < ways; way++) {
            ages.add(TreePlru.age(tree, ways, way));
        }
        assertThat(ages).doesNotHaveDuplicates();
        assertThat(ages.get(TreePlru.victim(tree, ways))).isEqualTo(ways - 1);
    }

    @Test
    void aCacheThatIsOffAnswersNothingAndCountsNothing() {
        var cache = new SetAssociativeCache(CacheGeometry.OFF, 1);
        assertThat(use(cache, 5)).isFalse();
        assertThat(use(cache, 5)).isFalse();
        assertThat(cache.statistics()).isEqualTo(CacheSnapshot.Statistics.NONE);
        assertThat(cache.lastSet()).isEqualTo(-1);
    }

    @Test
    void anotherShapeStartsEmptyAndCountsOn() {
        var cache = new SetAssociativeCache(new CacheGeometry(4, 2, Replacement.LRU), 1);
        use(cache, 1);
        use(cache, 1);
        var other = cache.reshaped(new CacheGeometry(8, 1, Replacement.FIFO));
        assertThat(other.statistics()).isEqualTo(cache.statistics());
        assertThat(use(other, 1)).isFalse();
        assertThat(use(other, 1)).isTrue();
        assertThat(other.statistics().hits()).isEqualTo(2);
        assertThat(other.statistics().misses()).isEqualTo(2);
    }

    /// Looks up, and fills after a miss.
    ///
    /// @return whether it hit
    private static boolean use(SetAssociativeCache cache, long tag) {
        long word = cache.lookup(tag, tag);
        if (word != SetAssociativeCache.MISS) {
            assertThat(word).isEqualTo(tag * 10);
            return true;
        }
        cache.countMiss(tag);
        cache.insert(tag, tag, tag * 10, 0);
        return false;
    }

    @Provide
    Arbitrary<CacheGeometry> ordered() {
        return geometries(Arbitraries.of(Replacement.LRU, Replacement.FIFO));
    }

    @Provide
    Arbitrary<CacheGeometry> any() {
        return geometries(Arbitraries.of(Replacement.values()));
    }

    private static Arbitrary<CacheGeometry> geometries(Arbitrary<Replacement> policies) {
        return Combinators.combine(Arbitraries.of(1, 2, 4, 8), Arbitraries.of(1, 2, 4, 8), policies)
                .as(CacheGeometry::new);
    }

    /// Sets as lists of tags, next to be replaced first.
    private static final class NaiveCache {
        private final CacheGeometry geometry;
        private final Map<Integer, List<Integer>> sets = new HashMap<>();
        private long lookups;
        private long hits;
        private long evictions;

        NaiveCache(CacheGeometry geometry) {
            this.geometry = geometry;
        }

        boolean use(int tag) {
            lookups++;
            var set = sets.computeIfAbsent(tag % geometry.sets(), _ -> new ArrayList<>());
            boolean hit = set.contains(tag);
            if (hit) {
                hits++;
                if (geometry.replacement() == Replacement.LRU) {
                    set.remove((Integer) tag);
                    set.add(tag);
                }
            } else {
                if (set.size() == geometry.ways()) {
                    set.removeFirst();
                    evictions++;
                }
                set.add(tag);
            }
            return hit;
        }

        void remove(int rest) {
            sets.values().forEach(set -> set.removeIf(tag -> tag % 4 == rest));
        }
    }
}
