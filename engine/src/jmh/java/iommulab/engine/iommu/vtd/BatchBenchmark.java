package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.BatchRequests;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

/// Requests at the same time in VT-d's legacy mode.
public class BatchBenchmark extends BatchRequests {
    private final BenchmarkTables tables = new BenchmarkTables(POOL_FRAMES);
    private long tree;

    @Override
    protected Iommu unit(CacheShapes shapes) {
        tree = tables.attach(DEVICE, 1, 4);
        return tables.unit(shapes);
    }

    @Override
    protected void map(long iova, long hpa) {
        tables.map(tree, 4, iova, hpa);
    }
}
