package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;

import java.util.List;

/// Looks into an SMMU without disturbing it: its caches with what is stale in them, and whether an answer
/// came from a stale entry.
public final class SmmuView {
    private final SmmuUnit unit;
    private final SmmuUnit uncached;

    /// @param unit the only unit this one looks into
    SmmuView(SmmuUnit unit) {
        this.unit = unit;
        uncached = new SmmuUnit(unit.capabilities(), unit.memory(), CacheShapes.NONE, 0, false);
    }

    boolean isStale(int stream, int substream, long iova, int access, long answer) {
        return fresh(stream, substream, iova, access) != answer;
    }

    long fresh(int stream, int substream, long iova, int access) {
        uncached.registers().restore(unit.registers().state());
        return uncached.translate(stream, substream, iova, access);
    }

    List<CacheSnapshot> caches() {
        return List.of();
    }

    Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches) {
        throw new IllegalStateException();
    }
}
