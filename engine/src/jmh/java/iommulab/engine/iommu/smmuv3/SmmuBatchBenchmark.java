package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.BatchRequests;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

/// Requests at the same time through an SMMU's stage 1.
public class SmmuBatchBenchmark extends BatchRequests {
    private final SmmuBenchTables tables = new SmmuBenchTables(POOL_FRAMES);
    private long tree;

    @Override
    protected Iommu unit(CacheShapes shapes) {
        tree = tables.frame();
        tables.attach(DEVICE, 1, tree, 1, 2, tables.frame());
        return tables.unit(shapes);
    }

    @Override
    protected void map(long iova, long hpa) {
        tables.map(tree, iova, hpa, SmmuBenchTables.FIRST_LEAF);
    }
}
