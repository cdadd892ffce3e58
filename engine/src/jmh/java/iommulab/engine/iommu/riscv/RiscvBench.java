package iommulab.engine.iommu.riscv;

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

/// How much does a translation by a RISC-V IOMMU cost, beside the least that any translation must do?
/// `bareLookup` is a 4-way lookup over primitive arrays for the same requests; `bareWalk`, `bareNested` and
/// `bareRandom` make the same dependent loads from the same emulated memory and decode nothing. Walks are
/// made one by one, each request waiting for the last answer. Ratios count, within one run.
///
/// Run: `mvn -q -Pbench -pl engine test-compile exec:exec -Dbench=RiscvBench`
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
@State(Scope.Thread)
public class RiscvBench {
    private static final int REQUESTS = 4096;
    private static final int SCATTERED = 1 << 17;
    private static final int DEVICES = 16;
    private static final int PROCESS = 7;
    private static final int NO_PROCESS = Iommu.NO_PASID;

    /// All requests hit: 16 devices, each with an address space of its own, 14 pages each.
    public static class Hits {
        private static final int SETS = 64;
        private static final int WAYS = 4;

        final int[] device = new int[REQUESTS];
        final long[] iova = new long[REQUESTS];
        final int[] access = new int[REQUESTS];
        final long[] answer = new long[REQUESTS];
        final long[] tags = new long[SETS * WAYS];
        final long[] data = new long[SETS * WAYS];
        RiscvUnit unit;

        void fill(boolean processes) {
            var tables = new RiscvBenchTables();
            unit = tables.unit(CacheShapes.USUAL);
            var random = new java.util.SplittableRandom(42);
            var trees = new long[DEVICES];
            for (int i = 0; i < DEVICES; i++) {
                trees[i] = tables.frame();
                if (processes) {
                    tables.attachProcess(i, i + 1, trees[i]);
                } else {
                    tables.attach(i, i + 1, trees[i]);
                }
                // The unit numbers address spaces as it meets them. Of devices with processes it
                // meets
                // the space of requests without one first.
                unit.translate(i, processes ? PROCESS : NO_PROCESS, 0, Iommu.READ);
            }
            int firstSpace = processes ? 1 : 0;
            var filled = new int[SETS];
            var whose = new int[SETS * WAYS];
            var where = new long[SETS * WAYS];
            int pages = 0;
            while (pages < SETS * WAYS * 9 / 10) {
                int i = random.nextInt(DEVICES);
                long page = random.nextLong(1L << 18);
                int set = setOf(i + firstSpace, page);
                if (filled[set] < WAYS) {
                    long hpa = 0x4000_0000L + random.nextLong(1 << 18) * 4096;
                    tables.map(trees[i], page << 12, hpa);
                    int line = set * WAYS + filled[set]++;
                    tags[line] = tag(i, page);
                    data[line] = hpa | 3;
                    whose[pages] = i;
                    where[pages++] = page << 12;
                }
            }
            for (int i = 0; i < REQUESTS; i++) {
                int which = random.nextInt(pages);
                device[i] = whose[which];
                iova[i] = where[which] + random.nextInt(4096);
                access[i] = random.nextBoolean() ? Iommu.READ : Iommu.WRITE;
            }
            for (int i = 0; i < 2 * REQUESTS; i++) {
                int one = i % REQUESTS;
                unit.translate(
                        device[one], processes ? PROCESS : NO_PROCESS, iova[one], access[one]);
            }
        }

        static int setOf(int space, long page) {
            return (int) (page ^ space) & SETS - 1;
        }

        static long tag(int space, long page) {
            return page << 16 | space + 1;
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

    /// No request has a process_id.
    @State(Scope.Thread)
    public static class PlainHits extends Hits {
        @Setup
        public void fill() {
            fill(false);
        }
    }

    /// Every request has a process_id.
    @State(Scope.Thread)
    public static class ProcessHits extends Hits {
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
        RiscvUnit unit;
        long first;
        long nested;
        long second;

        @Setup
        public void fill() {
            var tables = new RiscvBenchTables();
            memory = tables.memory();
            unit = tables.unit(walkingShapes());
            first = tables.frame();
            nested = tables.frame();
            second = tables.guestRoot();
            tables.attach(1, 1, first);
            tables.attachNested(2, 1, 2, nested, second);
            int pages = 1 << 14;
            for (int page = 0; page < pages; page++) {
                long at = (long) page << 12;
                long hpa = RiscvBenchTables.GUEST_OFFSET + 0x4000_0000L + at;
                tables.map(first, at, hpa);
                tables.mapNested(nested, second, at, hpa);
            }
            var random = new java.util.SplittableRandom(42);
            for (int i = 0; i < REQUESTS; i++) {
                // A different page each time: an IOTLB of 256 lines has forgotten it when it comes
                // again.
                iova[i] = i * 4L * 4096 + random.nextInt(4096);
            }
        }
    }

    /// Requests at random over 64 GiB of 4 KiB pages: 128 MiB of tables.
    @State(Scope.Thread)
    public static class Everywhere {
        final long[] iova = new long[SCATTERED];
        PhysicalMemory memory;
        RiscvUnit unit;
        long tree;

        @Setup
        public void fill() {
            var tables = new RiscvBenchTables();
            memory = tables.memory();
            unit = tables.unit(walkingShapes());
            tree = tables.frame();
            tables.attach(1, 1, tree);
            long pages = 1L << 24;
            for (long page = 0; page < pages; page++) {
                tables.map(tree, page << 12, page * 0x9e37 % pages << 12);
            }
            var random = new java.util.SplittableRandom(42);
            for (int i = 0; i < SCATTERED; i++) {
                iova[i] = random.nextLong(pages << 12);
            }
        }
    }

    private static CacheShapes walkingShapes() {
        return CacheShapes.NONE
                .with(CacheKind.DEVICE_ENTRY, CacheShapes.USUAL.of(CacheKind.DEVICE_ENTRY))
                .with(CacheKind.IOTLB, CacheShapes.USUAL.of(CacheKind.IOTLB));
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] bareLookup(PlainHits hits) {
        var device = hits.device;
        var iova = hits.iova;
        var access = hits.access;
        var answer = hits.answer;
        for (int i = 0; i < answer.length; i++) {
            answer[i] = hits.lookup(device[i], iova[i], access[i]);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] translateHit(PlainHits hits) {
        return translateAll(hits, NO_PROCESS);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] translateHitWithProcess(ProcessHits hits) {
        return translateAll(hits, PROCESS);
    }

    private static long[] translateAll(Hits hits, int process) {
        var unit = hits.unit;
        var device = hits.device;
        var iova = hits.iova;
        var access = hits.access;
        var answer = hits.answer;
        for (int i = 0; i < answer.length; i++) {
            answer[i] = unit.translate(device[i], process, iova[i], access[i]);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long bareWalk(Misses misses) {
        return walkOneByOne(misses.memory, misses.first, misses.iova);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long translateCold(Misses misses) {
        return translateOneByOne(misses.unit, 1, misses.iova);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long bareNested(Misses misses) {
        long answer = 0;
        for (long iova : misses.iova) {
            answer = nested(misses, iova ^ answer >>> 63);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long translateNestedCold(Misses misses) {
        return translateOneByOne(misses.unit, 2, misses.iova);
    }

    @Benchmark
    @OperationsPerInvocation(SCATTERED)
    public long bareRandom(Everywhere everywhere) {
        return walkOneByOne(everywhere.memory, everywhere.tree, everywhere.iova);
    }

    @Benchmark
    @OperationsPerInvocation(SCATTERED)
    public long translateRandom(Everywhere everywhere) {
        return translateOneByOne(everywhere.unit, 1, everywhere.iova);
    }

    /// No request starts before the last one is answered: no answer has bit 63 set.
    private static long translateOneByOne(RiscvUnit unit, int device, long[] iovas) {
        long answer = 0;
        for (long iova : iovas) {
            answer = unit.translate(device, NO_PROCESS, iova ^ answer >>> 63, Iommu.READ);
        }
        return answer;
    }

    private static long walkOneByOne(PhysicalMemory memory, long tree, long[] iovas) {
        long answer = 0;
        for (long iova : iovas) {
            answer = walk(memory, tree, iova ^ answer >>> 63);
        }
        return answer;
    }

    private static long walk(PhysicalMemory memory, long tree, long iova) {
        long at = tree;
        for (int shift = 39; shift >= 12; shift -= 9) {
            at = memory.read64(at + (iova >>> shift & 511) * 8) >>> 10 << 12;
        }
        return at | iova & 4095;
    }

    /// 24 reads: each table of the first stage, and what it maps, through the four levels of the second.
    private static long nested(Misses misses, long iova) {
        var memory = misses.memory;
        long at = misses.nested - RiscvBenchTables.GUEST_OFFSET;
        for (int shift = 39; shift >= 12; shift -= 9) {
            long hpa = walk(memory, misses.second, at + (iova >>> shift & 511) * 8);
            at = memory.read64(hpa) >>> 10 << 12;
        }
        return walk(memory, misses.second, at | iova & 4095);
    }
}
