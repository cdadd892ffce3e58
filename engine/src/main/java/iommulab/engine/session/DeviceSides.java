package iommulab.engine.session;

import iommulab.engine.ats.PageRequestInterface.Wanted;
import iommulab.engine.cache.CacheSnapshot.Staleness;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.AtsIommu;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.pci.RequesterId;
import iommulab.engine.session.DeviceSide.PageGroup;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Functions with a TLB of their own as a snapshot shows them.
final class DeviceSides {
    private DeviceSides() {}

    static DeviceSide of(DeviceTlbs.Member member) {
        var tlb = member.device().tlb();
        var pages = member.device().pages();
        var hardware = member.unit().forDeviceTlbs();
        return new DeviceSide(
                member.function(),
                new RequesterId(member.requester()),
                tlb.snapshot((requester, pasid, iova, access, hpa) ->
                        staleness(hardware, requester, pasid, iova, access, hpa)),
                tlb.questions(),
                tlb.isAnswering(),
                tlb.unanswered(),
                pages.isEnabled(),
                pages.hasFailed(),
                pages.open().entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(open -> group(open.getKey(), open.getValue()))
                        .toList());
    }

    private static PageGroup group(int group, List<Wanted> pages) {
        var first = pages.getFirst();
        return new PageGroup(
                group,
                first.prefix(),
                first.write(),
                pages.stream().map(page -> page.iova() & -4096L).toList());
    }

    /// A line is stale if the IOMMU, asked now without its caches, would not grant what it grants.
    private static Optional<Staleness> staleness(
            AtsIommu hardware, int requester, int pasid, long iova, int access, long hpa) {
        long fresh = hardware.fresh(requester, pasid, iova, access | Iommu.ASKS);
        int needs = access & (Iommu.READ | Iommu.WRITE);
        boolean granted = fresh >= 0 && (fresh & needs) == needs;
        if (granted && Iotlb.hpa(fresh, iova) == hpa) {
            return Optional.empty();
        }
        return Optional.of(
                new Staleness(
                        granted
                                ? "the tables lead to 0x%x".formatted(Iotlb.hpa(fresh, iova))
                                : "the tables grant nothing of the kind",
                        "device TLB of %s, 0x%x".formatted(new RequesterId(requester), iova)));
    }
}
