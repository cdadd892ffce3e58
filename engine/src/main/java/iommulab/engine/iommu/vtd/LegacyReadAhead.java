package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.ReadAhead;
import iommulab.engine.iommu.RequestBatch;

/// Reads ahead for a batch of requests in legacy mode: those whose context entry is cached and whose page is
/// not.
final class LegacyReadAhead {
    private static final int AT_ONCE = 32;

    private final VtdUnit unit;
    private final ReadAhead tables;

    LegacyReadAhead(VtdUnit unit) {
        this.unit = unit;
        tables = new ReadAhead(unit.memory(), unit.format(), AT_ONCE);
    }

    /// Translates a batch, a number of requests at a time.
    void translate(RequestBatch batch) {
        for (int first = 0; first < batch.size(); first += AT_ONCE) {
            int end = Math.min(batch.size(), first + AT_ONCE);
            for (int i = first; i < end; i++) {
                foresee(batch.requester(i), batch.pasid(i), batch.iova(i));
            }
            tables.read(0);
            for (int i = first; i < end; i++) {
                batch.answer(
                        i,
                        unit.translate(
                                batch.requester(i),
                                batch.pasid(i),
                                batch.iova(i),
                                batch.access(i)));
            }
        }
    }

    private void foresee(int requester, int pasid, long iova) {
        long context = unit.contexts.peek(requester);
        if (pasid == Iommu.NO_PASID
                && context != DeviceEntryCache.MISS
                && !ContextEntry.isPassThrough(context)
                && Iotlb.covers(iova)
                && unit.iotlb.peek(ContextEntry.domain(context), iova) == Iotlb.MISS) {
            tables.add(ContextEntry.tableOf(context), ContextEntry.levels(context), iova);
        }
    }
}
