package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.BatchRequests;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

/// Requests at the same time through a RISC-V first stage.
public class RiscvBatchBenchmark extends BatchRequests {
    private final RiscvBenchTables tables = new RiscvBenchTables(POOL_FRAMES);
    private long tree;

    @Override
    protected Iommu unit(CacheShapes shapes) {
        tree = tables.frame();
        tables.attach(DEVICE, 1, tree);
        return tables.unit(shapes);
    }

    @Override
    protected void map(long iova, long hpa) {
        tables.map(tree, iova, hpa);
    }
}
