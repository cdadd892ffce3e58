package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.iommu.CacheShapes;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

import java.util.List;
import java.util.concurrent.TimeUnit;

/// What do an invalidation, a snapshot with everything stale found, and a checkpoint cost, with an IOTLB
/// of 256 lines, all filled?
///
/// Run: `mvn -q -Pbench -pl engine test-compile exec:exec -Dbench=CachesBenchmark`
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
public class CachesBenchmark {
    private static final int PAGE_SELECTIVE = 3;
    private static final int DOMAIN_SELECTIVE = 2;
    private static final int OTHER_DOMAIN = 9;

    private VtdUnit unit;

    @Setup
    public void fill() {
        var tables = new BenchmarkTables();
        unit = tables.unit(CacheShapes.USUAL);
        long tree = tables.attach(0x20, 1, 4);
        for (long page = 0; page < 256; page++) {
            tables.map(tree, 4, page << 12, 0x4000_0000L + (page << 12));
            unit.translate(0x20, page << 12, VtdUnit.READ);
        }
    }

    /// Goes through all lines and finds nothing of its domain.
    @Benchmark
    public VtdUnit invalidatePage() {
        return invalidate(PAGE_SELECTIVE);
    }

    @Benchmark
    public VtdUnit invalidateDomain() {
        return invalidate(DOMAIN_SELECTIVE);
    }

    private VtdUnit invalidate(long granularity) {
        int offset = unit.capabilities().iotlbRegisterOffset();
        unit.registers().write64(offset, 0x1000);
        unit.registers()
                .write64(offset + 8, 1L << 63 | granularity << 60 | (long) OTHER_DOMAIN << 32);
        return unit;
    }

    /// Compares all 256 translations with the tables.
    @Benchmark
    public List<CacheSnapshot> snapshot() {
        return unit.cacheSnapshots();
    }

    @Benchmark
    public VtdCheckpoint checkpoint() {
        return unit.checkpoint();
    }
}
