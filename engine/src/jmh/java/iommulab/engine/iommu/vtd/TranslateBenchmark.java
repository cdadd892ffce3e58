package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.CacheShapes;
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

/// How much does a whole translation cost, beside the least that any translation must do?
/// `bareLookup` is a 4-way lookup over primitive arrays for the same requests: tag, compare, permission,
/// address. `bareWalk` and `bareRandom` make the same dependent loads from the same emulated memory and
/// decode nothing. Hits may overlap in the processor, as those of `bareLookup` do; walks are made one by
/// one, each request waiting for the last answer, and once more overlapped. Ratios count, within one run.
///
/// Run: `mvn -q -Pbench -pl engine test-compile exec:exec -Dbench=TranslateBenchmark`
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
@State(Scope.Thread)
public class TranslateBenchmark {
    private static final int REQUESTS = 4096;
    private static final int DEVICES = 16;
    private static final int LEVELS = 4;

    /// All requests hit: 16 devices, each in a domain of its own, 14 pages each.
    @State(Scope.Thread)
    public static class Hits {
        private static final int SETS = 64;
        private static final int WAYS = 4;

        final Requests requests = new Requests(REQUESTS);
        final long[] tags = new long[SETS * WAYS];
        final long[] data = new long[SETS * WAYS];
        VtdUnit unit;

        @Setup
        public void fill() {
            var tables = new BenchmarkTables();
            unit = tables.unit(CacheShapes.USUAL);
            var random = new java.util.SplittableRandom(42);
            var filled = new int[SETS];
            var trees = new long[DEVICES];
            for (int device = 0; device < DEVICES; device++) {
                trees[device] = tables.attach(device << 3, device + 1, LEVELS);
            }
            int pages = 0;
            var devices = new int[SETS * WAYS];
            var iovas = new long[SETS * WAYS];
            while (pages < SETS * WAYS * 9 / 10) {
                int device = random.nextInt(DEVICES);
                long page = random.nextLong(1L << 18);
                int set = setOf(device + 1, page);
                if (filled[set] < WAYS) {
                    long hpa = 0x4000_0000L + random.nextLong(1 << 18) * 4096;
                    tables.map(trees[device], LEVELS, page << 12, hpa);
                    int line = set * WAYS + filled[set]++;
                    tags[line] = tag(device + 1, page);
                    data[line] = hpa | 3;
                    devices[pages] = device;
                    iovas[pages++] = page << 12;
                }
            }
            for (int i = 0; i < REQUESTS; i++) {
                int which = random.nextInt(pages);
                requests.set(i, devices[which] << 3, iovas[which] + random.nextInt(4096));
                unit.translate(requests.requester[i], requests.iova[i], requests.access[i]);
            }
        }

        static int setOf(int domain, long page) {
            return (int) (page ^ domain) & SETS - 1;
        }

        static long tag(int domain, long page) {
            return page << 16 | domain;
        }

        /// @return the hpa, or -1
        long lookup(int domain, long iova, int access) {
            long tag = tag(domain, iova >>> 12);
            int first = setOf(domain, iova >>> 12) * WAYS;
            for (int line = first; line < first + WAYS; line++) {
                if (tags[line] == tag) {
                    long found = data[line];
                    return (found & access) == access ? found & -4096L | iova & 4095 : -1;
                }
            }
            return -1;
        }
    }

    /// All requests miss the IOTLB: one domain, 64 MiB, its tables fit into the processor's caches.
    @State(Scope.Thread)
    public static class Misses {
        final Requests requests = new Requests(REQUESTS);
        PhysicalMemory memory;
        VtdUnit unit;
        long tree;

        @Setup
        public void fill() {
            var tables = new BenchmarkTables();
            memory = tables.memory();
            unit = tables.unit(walkingShapes());
            tree = tables.attach(0x20, 1, LEVELS);
            int pages = 1 << 14;
            for (int page = 0; page < pages; page++) {
                tables.map(tree, LEVELS, (long) page << 12, 0x4000_0000L + ((long) page << 12));
            }
            var random = new java.util.SplittableRandom(42);
            for (int i = 0; i < REQUESTS; i++) {
                // A different page each time: an IOTLB of 256 lines has forgotten it when it comes
                // again.
                requests.set(i, 0x20, i * 4L * 4096 + random.nextInt(4096));
            }
        }
    }

    /// Requests at random over 64 GiB of 4 KiB pages: 128 MiB of tables.
    @State(Scope.Thread)
    public static class Everywhere {
        final Requests requests = new Requests(1 << 17);
        PhysicalMemory memory;
        VtdUnit unit;
        long tree;

        @Setup
        public void fill() {
            var tables = new BenchmarkTables();
            memory = tables.memory();
            unit = tables.unit(walkingShapes());
            tree = tables.attach(0x20, 1, LEVELS);
            long pages = 1L << 24;
            for (long page = 0; page < pages; page++) {
                tables.map(tree, LEVELS, page << 12, page * 0x9e37 % pages << 12);
            }
            var random = new java.util.SplittableRandom(42);
            for (int i = 0; i < requests.count(); i++) {
                requests.set(i, 0x20, random.nextLong(pages << 12));
            }
        }
    }

    private static CacheShapes walkingShapes() {
        return CacheShapes.USUAL.with(CacheKind.PAGING_STRUCTURE, CacheGeometry.OFF);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] bareLookup(Hits hits) {
        var requests = hits.requests;
        for (int i = 0; i < requests.count(); i++) {
            int domain = (requests.requester[i] >>> 3) + 1;
            requests.answer[i] = hits.lookup(domain, requests.iova[i], requests.access[i]);
        }
        return requests.answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] translateHit(Hits hits) {
        return translateAll(hits.unit, hits.requests);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long bareWalk(Misses misses) {
        return walkOneByOne(misses.memory, misses.tree, misses.requests);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long translateCold(Misses misses) {
        return translateOneByOne(misses.unit, misses.requests);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] bareWalkOverlapped(Misses misses) {
        return walkAll(misses.memory, misses.tree, misses.requests);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] translateColdOverlapped(Misses misses) {
        return translateAll(misses.unit, misses.requests);
    }

    @Benchmark
    @OperationsPerInvocation(1 << 17)
    public long bareRandom(Everywhere everywhere) {
        return walkOneByOne(everywhere.memory, everywhere.tree, everywhere.requests);
    }

    @Benchmark
    @OperationsPerInvocation(1 << 17)
    public long translateRandom(Everywhere everywhere) {
        return translateOneByOne(everywhere.unit, everywhere.requests);
    }

    /// The processor may work on several requests at once.
    private static long[] translateAll(VtdUnit unit, Requests requests) {
        // Read once, as the loop of bareLookup reads them: no array is part of a translation.
        var requester = requests.requester;
        var iova = requests.iova;
        var access = requests.access;
        var answer = requests.answer;
        for (int i = 0; i < answer.length; i++) {
            answer[i] = unit.translate(requester[i], iova[i], access[i]);
        }
        return answer;
    }

    private static long[] walkAll(PhysicalMemory memory, long tree, Requests requests) {
        for (int i = 0; i < requests.count(); i++) {
            requests.answer[i] = walk(memory, tree, requests.iova[i]);
        }
        return requests.answer;
    }

    /// No request starts before the last one is answered: no answer has bit 63 set.
    private static long translateOneByOne(VtdUnit unit, Requests requests) {
        long answer = 0;
        for (int i = 0; i < requests.count(); i++) {
            long iova = requests.iova[i] ^ answer >>> 63;
            answer = unit.translate(requests.requester[i], iova, requests.access[i]);
        }
        return answer;
    }

    private static long walkOneByOne(PhysicalMemory memory, long tree, Requests requests) {
        long answer = 0;
        for (int i = 0; i < requests.count(); i++) {
            answer = walk(memory, tree, requests.iova[i] ^ answer >>> 63);
        }
        return answer;
    }

    private static long walk(PhysicalMemory memory, long tree, long iova) {
        long at = tree;
        for (int shift = 39; shift >= 12; shift -= 9) {
            at = memory.read64(at + (iova >>> shift & 511) * 8) & -4096L;
        }
        return at | iova & 4095;
    }
}
