package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.CacheGeometry;
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

/// How much does a whole translation of an AMD IOMMU cost, with and without PASID, beside the least that
/// any translation must do? `bareLookup` is a 4-way lookup over primitive arrays for the same requests;
/// `bareWalk` and `bareNested` make the same dependent loads, 4 and 24, from the same emulated memory and
/// decode nothing. Hits may overlap in the processor; walks are made one by one, each request waiting for
/// the last answer. Ratios count, within one run.
///
/// Run: `mvn -q -Pbench -pl engine test-compile exec:exec -Dbench=AmdTranslateBenchmark`
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
@State(Scope.Thread)
public class AmdTranslateBenchmark {
    private static final int REQUESTS = 4096;
    private static final int DEVICES = 16;
    private static final int DEVICE = 0x20;
    private static final int PASID = 3;

    /// A stream of requests made before the clock starts, half of them reads.
    static final class Requests {
        final int[] requester = new int[REQUESTS];
        final long[] iova = new long[REQUESTS];
        final int[] access = new int[REQUESTS];
        final long[] answer = new long[REQUESTS];

        void set(int number, int requesterId, long address) {
            requester[number] = requesterId;
            iova[number] = address;
            access[number] = (number * 0x9e37_79b9 >>> 31) == 0 ? Iommu.READ : Iommu.WRITE;
        }
    }

    /// All requests hit: 16 devices, each in a domain of its own, 14 pages each.
    abstract static class Hits {
        private static final int SETS = 64;
        private static final int WAYS = 4;

        final Requests requests = new Requests();
        final long[] tags = new long[SETS * WAYS];
        final long[] data = new long[SETS * WAYS];
        AmdUnit unit;

        abstract long attach(BenchmarkTables tables, int device, int domain);

        abstract void map(BenchmarkTables tables, long tree, long iova, long hpa);

        abstract int pasid();

        /// The number that the unit gives the address space of a device, if devices come in order.
        abstract int space(int device);

        @Setup
        public void fill() {
            var tables = new BenchmarkTables();
            unit = tables.unit(CacheShapes.USUAL);
            var random = new SplittableRandom(42);
            var filled = new int[SETS];
            var trees = new long[DEVICES];
            for (int device = 0; device < DEVICES; device++) {
                trees[device] = attach(tables, device << 3, device + 1);
                unit.translate(device << 3, pasid(), 0, Iommu.READ);
            }
            int pages = 0;
            var devices = new int[SETS * WAYS];
            var iovas = new long[SETS * WAYS];
            while (pages < SETS * WAYS * 9 / 10) {
                int device = random.nextInt(DEVICES);
                long page = random.nextLong(1L << 18);
                int set = setOf(space(device), page);
                if (filled[set] < WAYS) {
                    long hpa = 0x4000_0000L + random.nextLong(1 << 18) * 4096;
                    map(tables, trees[device], page << 12, hpa);
                    int line = set * WAYS + filled[set]++;
                    tags[line] = tag(space(device), page);
                    data[line] = hpa | 3;
                    devices[pages] = device;
                    iovas[pages++] = page << 12;
                }
            }
            for (int i = 0; i < REQUESTS; i++) {
                int which = random.nextInt(pages);
                requests.set(i, devices[which] << 3, iovas[which] + random.nextInt(4096));
                unit.translate(
                        requests.requester[i], pasid(), requests.iova[i], requests.access[i]);
            }
        }

        static int setOf(int space, long page) {
            return (int) (page ^ space) & SETS - 1;
        }

        static long tag(int space, long page) {
            return page << 16 | space;
        }

        /// @return the hpa, or -1
        long lookup(int space, long iova, int access) {
            long tag = tag(space, iova >>> 12);
            int first = setOf(space, iova >>> 12) * WAYS;
            for (int line = first; line < first + WAYS; line++) {
                if (tags[line] == tag) {
                    long found = data[line];
                    return (found & access) == access ? found & -4096L | iova & 4095 : -1;
                }
            }
            return -1;
        }
    }

    /// Host tables, no PASID.
    @State(Scope.Thread)
    public static class HostHits extends Hits {
        @Override
        long attach(BenchmarkTables tables, int device, int domain) {
            return tables.attach(device, domain);
        }

        @Override
        void map(BenchmarkTables tables, long tree, long iova, long hpa) {
            tables.map(tree, iova, hpa);
        }

        @Override
        int pasid() {
            return Iommu.NO_PASID;
        }

        @Override
        int space(int device) {
            return device;
        }
    }

    /// Guest tables of one PASID per device.
    @State(Scope.Thread)
    public static class GuestHits extends Hits {
        @Override
        long attach(BenchmarkTables tables, int device, int domain) {
            long root = tables.frame();
            tables.attachGuest(device, domain, 0, 0, 0, 0, root);
            return root;
        }

        @Override
        void map(BenchmarkTables tables, long tree, long iova, long hpa) {
            tables.mapGuest(tree, 0, iova, hpa);
        }

        @Override
        int pasid() {
            return PASID;
        }

        /// The domain has one too, for what has no PASID.
        @Override
        int space(int device) {
            return 2 * device + 1;
        }
    }

    /// All requests miss the IOTLB: one domain, 64 MiB, its tables fit into the processor's caches.
    @State(Scope.Thread)
    public static class Misses {
        final Requests requests = new Requests();
        PhysicalMemory memory;
        AmdUnit unit;
        long host;
        long root;
        long below;
        long nestedRoot;

        @Setup
        public void fill() {
            var tables = new BenchmarkTables();
            memory = tables.memory();
            unit = tables.unit(walkingShapes());
            host = tables.attach(DEVICE, 1);
            root = tables.frame();
            tables.attachGuest(DEVICE + 1, 2, 0, 0, 0, 0, root);
            below = tables.frame();
            nestedRoot = tables.guestFrame(below);
            tables.attachGuest(DEVICE + 2, 3, below, 0, 0, 0, nestedRoot);
            for (long page = 0; page < 1 << 14; page++) {
                long hpa = 0x4000_0000L + (page << 12);
                tables.map(host, page << 12, hpa);
                tables.mapGuest(root, 0, page << 12, hpa);
                tables.map(below, hpa, hpa);
                tables.mapGuest(nestedRoot, below, page << 12, hpa);
            }
            var random = new SplittableRandom(42);
            for (int i = 0; i < REQUESTS; i++) {
                // A different page each time: an IOTLB of 256 lines has forgotten it when it comes
                // again.
                requests.set(i, DEVICE, i * 4L * 4096 + random.nextInt(4096));
            }
        }
    }

    private static CacheShapes walkingShapes() {
        return CacheShapes.USUAL
                .with(CacheKind.PAGING_STRUCTURE, CacheGeometry.OFF)
                .with(CacheKind.NESTED, CacheGeometry.OFF)
                .with(CacheKind.NESTED_PAGING, CacheGeometry.OFF);
    }

    // ---- hits

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] bareLookup(HostHits hits) {
        var requests = hits.requests;
        for (int i = 0; i < requests.iova.length; i++) {
            int space = requests.requester[i] >>> 3;
            requests.answer[i] = hits.lookup(space, requests.iova[i], requests.access[i]);
        }
        return requests.answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] hit(HostHits hits) {
        return translateAll(hits.unit, Iommu.NO_PASID, hits.requests);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long[] hitWithPasid(GuestHits hits) {
        return translateAll(hits.unit, PASID, hits.requests);
    }

    private static long[] translateAll(AmdUnit unit, int pasid, Requests requests) {
        // Read once, as the loop of bareLookup reads them: no array is part of a translation.
        var requester = requests.requester;
        var iova = requests.iova;
        var access = requests.access;
        var answer = requests.answer;
        for (int i = 0; i < answer.length; i++) {
            answer[i] = unit.translate(requester[i], pasid, iova[i], access[i]);
        }
        return answer;
    }

    // ---- walks, one by one

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long bareWalk(Misses misses) {
        long answer = 0;
        for (long iova : misses.requests.iova) {
            answer = BenchmarkTables.memoryWalk(misses.memory, misses.host, iova ^ answer >>> 63);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long cold(Misses misses) {
        return translateOneByOne(misses, DEVICE, Iommu.NO_PASID);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long coldWithPasid(Misses misses) {
        return translateOneByOne(misses, DEVICE + 1, PASID);
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long bareNested(Misses misses) {
        long answer = 0;
        for (long iova : misses.requests.iova) {
            answer = nested(misses, iova ^ answer >>> 63);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long coldNested(Misses misses) {
        return translateOneByOne(misses, DEVICE + 2, PASID);
    }

    private static long nested(Misses misses, long iova) {
        long at = misses.nestedRoot;
        for (int shift = 39; shift >= 12; shift -= 9) {
            long entry =
                    BenchmarkTables.memoryWalk(
                            misses.memory, misses.below, at + (iova >>> shift & 511) * 8);
            at = misses.memory.read64(entry) & (1L << 52) - 4096;
        }
        return BenchmarkTables.memoryWalk(misses.memory, misses.below, at | iova & 4095);
    }

    private static long translateOneByOne(Misses misses, int requester, int pasid) {
        var requests = misses.requests;
        long answer = 0;
        for (int i = 0; i < REQUESTS; i++) {
            // No answer has bit 63 set: each request waits for the last answer.
            long iova = requests.iova[i] ^ answer >>> 63;
            answer = misses.unit.translate(requester, pasid, iova, requests.access[i]);
        }
        return answer;
    }
}
