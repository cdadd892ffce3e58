package iommulab.engine.iommu;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;

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

/// What do requests gain that come at the same time? Random pages of 512 GiB, 1 GiB of tables, 32 requests
/// at once, beside the same requests one after the other, each waiting for the last answer, and beside the
/// same where nothing waits. Of each architecture one stage of four levels.
///
/// Run: `mvn -q -Pbench -pl engine test-compile exec:exec -Dbench=Batch`
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms3g", "-Xmx3g"})
@State(Scope.Thread)
public abstract class BatchRequests {
    /// Frames from which tables are taken, a power of two.
    protected static final int POOL_FRAMES = 1 << 19;

    /// Makes the requests.
    protected static final int DEVICE = 0x20;

    private static final int REQUESTS = 1 << 16;
    private static final int AT_ONCE = 32;
    private static final long PAGES = 1L << 27;

    private final int[] pages = new int[REQUESTS];
    private final RequestBatch batch = new RequestBatch(AT_ONCE);
    private Iommu unit;

    /// An IOMMU that walks from the top, with an empty tree for the device.
    protected abstract Iommu unit(CacheShapes shapes);

    /// Maps a page in that tree.
    protected abstract void map(long iova, long hpa);

    @Setup
    public void fill() {
        unit = unit(CacheShapes.USUAL.with(CacheKind.PAGING_STRUCTURE, CacheGeometry.OFF));
        for (long page = 0; page < PAGES; page++) {
            map(page << 12, page * 0x9e37 % PAGES << 12);
        }
        var random = new SplittableRandom(42);
        for (int i = 0; i < REQUESTS; i++) {
            pages[i] = random.nextInt((int) PAGES);
        }
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long oneByOne() {
        long answer = 0;
        for (int page : pages) {
            long iova = ((long) page << 12) ^ answer >>> 63;
            answer = unit.translate(DEVICE, Iommu.NO_PASID, iova, Iommu.READ);
        }
        return answer;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long oneAfterTheOther() {
        long sum = 0;
        for (int page : pages) {
            sum += unit.translate(DEVICE, Iommu.NO_PASID, (long) page << 12, Iommu.READ);
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(REQUESTS)
    public long translateBatch() {
        long sum = 0;
        for (int first = 0; first < REQUESTS; first += AT_ONCE) {
            batch.clear();
            for (int i = first; i < first + AT_ONCE; i++) {
                batch.add(DEVICE, Iommu.NO_PASID, (long) pages[i] << 12, Iommu.READ);
            }
            unit.translate(batch);
            sum += batch.answer(AT_ONCE - 1);
        }
        return sum;
    }
}
