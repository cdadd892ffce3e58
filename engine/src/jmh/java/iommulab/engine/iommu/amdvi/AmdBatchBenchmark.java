package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.BatchRequests;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

/// Requests at the same time through AMD-Vi's host table.
public class AmdBatchBenchmark extends BatchRequests {
    private final BenchmarkTables tables = new BenchmarkTables(POOL_FRAMES);
    private long tree;

    @Override
    protected Iommu unit(CacheShapes shapes) {
        tree = tables.attach(DEVICE, 1);
        return tables.unit(shapes);
    }

    @Override
    protected void map(long iova, long hpa) {
        tables.map(tree, iova, hpa);
    }
}
