package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.memory.PhysicalMemory;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import java.util.concurrent.TimeUnit;

/// How much does a translation by an SMMU cost, beside the least that any translation must do?
/// `bareLookup` is a 4-way lookup over primitive arrays for the same requests; `bareWalk` and
/// `bareNested` make the same dependent loads from the same emulated memory and decode nothing. Walks are
/// made one by one, each request waiting for the last answer. Ratios count, within one run.
///
/// Run: `mvn -q -Pbench -pl engine test-compile exec:exec -Dbench=SmmuBench`
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
@State(Scope.Thread)
public class SmmuBench {
    private static final int REQUESTS = 4096;
    private static final int STREAMS = 16;
    private static final int NO_SUBSTREAM = Iommu.NO_PASID;
    private static final long ADDRESS = (1L << 48) - 4096;

    /// All requests hit: 16 streams, each with an address space of its own.
    public static class Hits {
        private static final int SETS = 64;
        private static final int WAYS = 4;

        final int[] stream = new int[REQUESTS];
        final int[] substream = new int[REQUESTS];
        final long[] iova = new long[REQUESTS];
        final int[] access = new int[REQUESTS];
        final long[] answer = new long[REQUESTS];
        final long[] tags = new long[SETS * WAYS];
        final long[] data = new long[SETS * WAYS];
        SmmuUnit unit;

        /// @param substreams whether requests have one
        void fill(boolean substreams) {
            var tables = new SmmuBenchTables();
            unit = tables.unit(CacheShapes.USUAL);
            var random = new java.util.SplittableRandom(42);
            var trees = new long[STREAMS];
            var upper = new long[STREAMS];
            for (int i = 0; i < STREAMS; i++) {
                trees[i] = tables.frame();
                upper[i] = tables.frame();
                tables.attach(i << 3, i + 1, trees[i], 7, 100 + i, upper[i]);
                // The unit numbers address spaces as it meets them: 1 to 16, as `lookup` has them.
                unit.translate(i << 3, substreams ? 7 : NO_SUBSTREAM, 0, Iommu.READ);
            }
            var filled = new int[SETS];
            var whose = new int[SETS * WAYS];
            var where = new long[SETS * WAYS];
            int pages = 0;
            while (pages < SETS * WAYS * 9 / 10) {
                int i = random.nextInt(STREAMS);
                long page = random.nextLong(1L << 18);
                int set = setOf(i + 1, page);
                if (filled[set] < WAYS) {
                    long hpa = 0x4000_0000L + random.nextLong(1 << 18) * 4096;
                    tables.map(trees[i], page << 12, hpa, SmmuBenchTables.FIRST_LEAF);
                    tables.map(upper[i], page << 12, hpa, SmmuBenchTables.FIRST_LEAF);
                    int line = set * WAYS + filled[set]++;
                    tags[line] = tag(i + 1, page);
                    data[line] = hpa | 3;
                    whose[pages] = i;
                    where[pages++] = page << 12;
                }
            }
            for (int i = 0; i < REQUESTS; i++) {
                int which = random.nextInt(pages);
                stream[i] = whose[which] << 3;
                substream[i] = substreams ? 7 : NO_SUBSTREAM;
                iova[i] = where[which] + random.nextInt(4096);
                access[i] = random.nextBoolean() ? Iommu.READ : Iommu.WRITE;
            }
            warm();
        }

        /// Until all is cached.
        private void warm() {
            for (int i = 0; i < REQUESTS; i++) {
                unit.translate(stream[i], substream[i], iova[i], access[i]);
            }
        }

        static int setOf(int space, long page) {
            return (int) (page ^ space) & SETS - 1;
        }

        static long tag(int space, long page) {
            return page << 16 | space;
        }

        /// @return the hpa, or -1
        long lookup(int space, long address, int wanted) {
            long tag = tag(space, address >>> 12);
            int first = setOf(space, address >>> 12) * WAYS;
            for (int line = first; line < first + WAYS; line++) {
                if (tags[line] == tag) {
                    long found = data[line];
                    return (found & wanted) == wanted ? found & -4096L | address & 4095 : -1;
                }
            }
            return -1;
        }
    }

    /// No request has a substream.
    @State(Scope.Thread)
    public static class PlainHits extends Hits {
        @Setup
        public void fill() {
            fill(false);
        }
    }

    /// Every request has a substream.
    @State(Scope.Thread)
    public static class SubstreamHits extends Hits {
        @Setup
        public void fill() {
            fill(true);
        }
    }

    /// All requests miss the IOTLB: 64 MiB, whose tables fit into the processor's caches.
    @State(Scope.Thread)
    public static class Misses {
        final long[] iova = new long[REQUESTS];
        PhysicalMemory memory;
        SmmuUnit unit;
        long first;
        long nested;
        long second;

        @Setup
        public void fill() {
            var tables = new SmmuBenchTables();
            memory = tables.memory();
            unit =
                    tables.unit(
                            CacheShapes.NONE
                                    .with(
                                            CacheKind.DEVICE_ENTRY,
                                            CacheShapes.USUAL.of(CacheKind.DEVICE_ENTRY))
                                    .with(CacheKind.IOTLB, CacheShapes.USUAL.of(CacheKind.IOTLB)));
            first = tables.frame();
            second = tables.frame();
            tables.attach(0x20, 1, first, 1, 2, tables.frame());
            nested = tables.attachNested(0x28, 3, second);
            int pages = 1 << 14;
            for (int page = 0; page < pages; page++) {
                long at = (long) page << 12;
                tables.map(first, at, 0x4000_0000L + at, SmmuBenchTables.FIRST_LEAF);
                tables.mapNested(nested, second, at, 0x8000_0000L + at, 0x4000_0000L + at);
            }
            var random = new java.util.SplittableRandom(42);
            for (int i = 0; i < REQUESTS; i++) {
                // A different page each time: an IOTLB of 256 lines has forgotten it when it comes
                // again.
                iova[i] = i * 4L * 4096 + random.nextInt(4096);
            }
        }
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] bareLookup(PlainHits hits) {
        var stream = hits.stream;
        var iova = hits.iova;
        var access = hits.access;
        var answer = hits.answer;
        for (int i = 0; i < answer.length; i++) {
            answer[i] = hits.lookup((stream[i] >>> 3) + 1, iova[i], access[i]);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] translateHit(PlainHits hits) {
        var unit = hits.unit;
        var stream = hits.stream;
        var iova = hits.iova;
        var access = hits.access;
        var answer = hits.answer;
        for (int i = 0; i < answer.length; i++) {
            answer[i] = unit.translate(stream[i], NO_SUBSTREAM, iova[i], access[i]);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] translateHitWithSubstream(SubstreamHits hits) {
        var unit = hits.unit;
        var stream = hits.stream;
        var substream = hits.substream;
        var iova = hits.iova;
        var access = hits.access;
        var answer = hits.answer;
        for (int i = 0; i < answer.length; i++) {
            answer[i] = unit.translate(stream[i], substream[i], iova[i], access[i]);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long bareWalk(Misses misses) {
        long answer = 0;
        for (int i = 0; i < REQUESTS; i++) {
            answer = walk(misses.memory, misses.first, misses.iova[i] ^ answer >>> 63);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long translateCold(Misses misses) {
        return translateOneByOne(misses, 0x20);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long bareNested(Misses misses) {
        long answer = 0;
        for (int i = 0; i < REQUESTS; i++) {
            answer = nested(misses, misses.iova[i] ^ answer >>> 63);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long translateNestedCold(Misses misses) {
        return translateOneByOne(misses, 0x28);
    }

    /// No request starts before the last one is answered: no answer has bit 63 set.
    private static long translateOneByOne(Misses misses, int stream) {
        long answer = 0;
        for (int i = 0; i < REQUESTS; i++) {
            long iova = misses.iova[i] ^ answer >>> 63;
            answer = misses.unit.translate(stream, NO_SUBSTREAM, iova, Iommu.READ);
        }
        return answer;
    }

    private static long walk(PhysicalMemory memory, long tree, long iova) {
        long at = tree;
        for (int shift = 39; shift >= 12; shift -= 9) {
            at = memory.read64(at + (iova >>> shift & 511) * 8) & ADDRESS;
        }
        return at | iova & 4095;
    }

    /// 24 reads: each table of stage 1, and what it maps, through the four levels of stage 2.
    private static long nested(Misses misses, long iova) {
        var memory = misses.memory;
        long at = misses.nested;
        for (int shift = 39; shift >= 12; shift -= 9) {
            long hpa = walk(memory, misses.second, at + (iova >>> shift & 511) * 8);
            at = memory.read64(hpa) & ADDRESS;
        }
        return walk(memory, misses.second, at | iova & 4095);
    }
}
