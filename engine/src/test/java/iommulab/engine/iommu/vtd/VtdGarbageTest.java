package iommulab.engine.iommu.vtd;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;

import iommulab.engine.iommu.CacheShapes;

import org.junit.jupiter.api.Test;

import java.lang.management.ManagementFactory;

/// Requests leave no garbage behind, hit or miss.
class VtdGarbageTest {
    private static final int NIC = 0x0320;
    private static final long IOVA = 0x4_0000_0000L;
    private static final int REQUESTS = 20_000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static VtdBench bench(CacheShapes shapes) {
        var bench = new VtdBench(shapes);
        long tree = bench.table();
        bench.attach(NIC, 7, 4, tree);
        bench.map(tree, 4, IOVA, 0x5000_0000L, 1, VtdBench.RW);
        return bench;
    }

    private long garbageOf(VtdBench bench) {
        bench.read(NIC, IOVA);
        long before = threads.getCurrentThreadAllocatedBytes();
        long sum = 0;
        for (int i = 0; i < REQUESTS; i++) {
            sum += bench.read(NIC, IOVA + (i & 0xfff));
        }
        long garbage = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(sum).as("sum of the addresses").isGreaterThan(REQUESTS * 0x5000_0000L - 1);
        return garbage;
    }

    @Test
    void aHitAllocatesNothing() {
        assertThat(garbageOf(bench(CacheShapes.USUAL)))
                .as("bytes allocated by %d hits", REQUESTS)
                .isLessThan(REQUESTS);
    }

    @Test
    void aWalkAllocatesNothing() {
        assertThat(garbageOf(bench(CacheShapes.NONE)))
                .as("bytes allocated by %d walks", REQUESTS)
                .isLessThan(REQUESTS);
    }
}
