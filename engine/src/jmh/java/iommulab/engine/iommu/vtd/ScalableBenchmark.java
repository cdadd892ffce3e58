package iommulab.engine.iommu.vtd;

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

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/// How much does a translation in scalable mode cost, beside the least that any translation must do?
/// `bareLookup` is a 4-way lookup over primitive arrays for the same requests; `bareWalk` (4 dependent
/// reads) and `bareNested` (24) make the same loads from the same emulated memory and decode nothing. Walks
/// are made one by one, each request waiting for the last answer. Ratios count, within one run.
///
/// Run: `mvn -q -Pbench -pl engine test-compile exec:exec -Dbench=ScalableBenchmark`
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
@State(Scope.Thread)
public class ScalableBenchmark {
    private static final int REQUESTS = 4096;
    private static final int DEVICES = 16;
    private static final int NONE = Iommu.NO_PASID;
    private static final int PASID = 7;

    /// All requests hit: 16 devices, each with an address space of its own, 14 pages each.
    public static class Hits {
        private static final int SETS = 64;
        private static final int WAYS = 4;

        final int[] requester = new int[REQUESTS];
        final int[] pasid = new int[REQUESTS];
        final long[] iova = new long[REQUESTS];
        final int[] access = new int[REQUESTS];
        final long[] answer = new long[REQUESTS];
        final long[] tags = new long[SETS * WAYS];
        final long[] data = new long[SETS * WAYS];
        VtdUnit unit;

        /// @param number PASID of all requests, or none
        void fill(int number) {
            var tables = new ScalableBenchmarkTables();
            unit = tables.unit(CacheShapes.USUAL);
            var trees = new long[DEVICES];
            for (int i = 0; i < DEVICES; i++) {
                tables.attach(i << 3);
                int named = number == NONE ? ScalableBenchmarkTables.RID_PASID : number;
                trees[i] = tables.firstStage(i << 3, named, 100 + i);
                // The unit numbers address spaces as it meets them: 0 to 15, as `lookup` has them.
                unit.translate(i << 3, number, 0, Iommu.READ);
            }
            place(tables, trees, number);
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < REQUESTS; i++) {
                    unit.translate(requester[i], pasid[i], iova[i], access[i]);
                }
            }
        }

        private void place(ScalableBenchmarkTables tables, long[] trees, int number) {
            var random = new SplittableRandom(42);
            var filled = new int[SETS];
            var whose = new int[SETS * WAYS];
            var where = new long[SETS * WAYS];
            int pages = 0;
            while (pages < SETS * WAYS * 9 / 10) {
                int i = random.nextInt(DEVICES);
                long page = random.nextLong(1L << 18);
                int set = setOf(i, page);
                if (filled[set] < WAYS) {
                    long hpa = 0x4000_0000L + random.nextLong(1 << 18) * 4096;
                    tables.mapFirst(trees[i], page << 12, hpa);
                    int line = set * WAYS + filled[set]++;
                    tags[line] = tag(i, page);
                    data[line] = hpa | 3;
                    whose[pages] = i;
                    where[pages++] = page << 12;
                }
            }
            for (int i = 0; i < REQUESTS; i++) {
                int which = random.nextInt(pages);
                requester[i] = whose[which] << 3;
                pasid[i] = number;
                iova[i] = where[which] + random.nextInt(4096);
                access[i] = random.nextBoolean() ? Iommu.READ : Iommu.WRITE;
            }
        }

        static int setOf(int space, long page) {
            return (int) (page ^ space) & SETS - 1;
        }

        static long tag(int space, long page) {
            return 1L << 63 | page << 16 | space;
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

    /// No request has a PASID.
    @State(Scope.Thread)
    public static class PlainHits extends Hits {
        @Setup
        public void fill() {
            fill(NONE);
        }
    }

    /// Every request has a PASID.
    @State(Scope.Thread)
    public static class PasidHits extends Hits {
        @Setup
        public void fill() {
            fill(PASID);
        }
    }

    /// All requests miss the IOTLB: 64 MiB, whose tables fit into the processor's caches.
    @State(Scope.Thread)
    public static class Misses {
        static final int FIRST = 1;
        static final int NESTED = 2;

        final long[] iova = new long[REQUESTS];
        PhysicalMemory memory;
        VtdUnit unit;
        long first;
        long nested;
        long second;

        @Setup
        public void fill() {
            var tables = new ScalableBenchmarkTables();
            memory = tables.memory();
            unit = tables.unit(walkingShapes());
            tables.attach(0x20);
            first = tables.firstStage(0x20, FIRST, 1);
            second = tables.frame();
            nested = tables.nested(0x20, NESTED, 2, second);
            int pages = 1 << 14;
            for (int page = 0; page < pages; page++) {
                long at = (long) page << 12;
                tables.mapFirst(first, at, 0x4000_0000L + at);
                tables.mapNested(nested, second, at, 0x8000_0000L + at, 0x4000_0000L + at);
            }
            var random = new SplittableRandom(42);
            for (int i = 0; i < REQUESTS; i++) {
                // A different page each time: an IOTLB of 256 lines has forgotten it when it comes
                // again.
                iova[i] = i * 4L * 4096 + random.nextInt(4096);
            }
        }

        private static CacheShapes walkingShapes() {
            var shapes = CacheShapes.NONE;
            for (var kind :
                    new CacheKind[] {
                        CacheKind.DEVICE_ENTRY, CacheKind.PASID_ENTRY, CacheKind.IOTLB
                    }) {
                shapes = shapes.with(kind, CacheShapes.USUAL.of(kind));
            }
            return shapes;
        }
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] bareLookup(PlainHits hits) {
        var requester = hits.requester;
        var iova = hits.iova;
        var access = hits.access;
        var answer = hits.answer;
        for (int i = 0; i < answer.length; i++) {
            answer[i] = hits.lookup(requester[i] >>> 3, iova[i], access[i]);
        }
        return answer;
    }

    /// The PASID is one more number to read and to compare.
    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] bareLookupWithPasid(PasidHits hits) {
        var requester = hits.requester;
        var pasid = hits.pasid;
        var iova = hits.iova;
        var access = hits.access;
        var answer = hits.answer;
        for (int i = 0; i < answer.length; i++) {
            int space = requester[i] >>> 3 ^ pasid[i] - PASID;
            answer[i] = hits.lookup(space, iova[i], access[i]);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] translateHit(PlainHits hits) {
        var unit = hits.unit;
        var requester = hits.requester;
        var iova = hits.iova;
        var access = hits.access;
        var answer = hits.answer;
        for (int i = 0; i < answer.length; i++) {
            answer[i] = unit.translate(requester[i], NONE, iova[i], access[i]);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] translateHitWithPasid(PasidHits hits) {
        var unit = hits.unit;
        var requester = hits.requester;
        var pasid = hits.pasid;
        var iova = hits.iova;
        var access = hits.access;
        var answer = hits.answer;
        for (int i = 0; i < answer.length; i++) {
            answer[i] = unit.translate(requester[i], pasid[i], iova[i], access[i]);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long bareWalk(Misses misses) {
        long answer = 0;
        for (int i = 0; i < REQUESTS; i++) {
            long iova = misses.iova[i] ^ answer >>> 63;
            answer = ScalableBenchmarkTables.walk(misses.memory, misses.first, iova);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long translateCold(Misses misses) {
        return translateOneByOne(misses, Misses.FIRST);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long bareNested(Misses misses) {
        long answer = 0;
        for (int i = 0; i < REQUESTS; i++) {
            long iova = misses.iova[i] ^ answer >>> 63;
            answer =
                    ScalableBenchmarkTables.nestedWalk(
                            misses.memory, misses.nested, misses.second, iova);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long translateNestedCold(Misses misses) {
        return translateOneByOne(misses, Misses.NESTED);
    }

    /// No request starts before the last one is answered: no answer has bit 63 set.
    private static long translateOneByOne(Misses misses, int pasid) {
        long answer = 0;
        for (int i = 0; i < REQUESTS; i++) {
            long iova = misses.iova[i] ^ answer >>> 63;
            answer = misses.unit.translate(0x20, pasid, iova, Iommu.READ);
        }
        return answer;
    }
}
