package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.BatchRequests;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

/// Requests at the same time through a first stage of VT-d's scalable mode.
public class ScalableBatchBenchmark extends BatchRequests {
    private final ScalableBenchmarkTables tables = new ScalableBenchmarkTables(POOL_FRAMES);
    private long tree;

    @Override
    protected Iommu unit(CacheShapes shapes) {
        tables.attach(DEVICE);
        tree = tables.firstStage(DEVICE, ScalableBenchmarkTables.RID_PASID, 1);
        return tables.unit(shapes);
    }

    @Override
    protected void map(long iova, long hpa) {
        tables.mapFirst(tree, iova, hpa);
    }
}
