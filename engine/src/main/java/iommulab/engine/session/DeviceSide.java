package iommulab.engine.session;

import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;

import java.util.List;

/// A function that translates for itself (PCIe ATS), and may ask for pages (PRI).
///
/// @param requester the name under which the IOMMU knows it
/// @param tlb what it keeps; stale is a line that the IOMMU would not confirm now
/// @param questions translation requests sent since its ATS was switched on
/// @param answering whether it answers invalidations
/// @param unanswered invalidations that it was told of and never answered
/// @param asksForPages whether its page requests are switched on
/// @param toldToStop whether the IOMMU has told it to ask for no more pages
/// @param groups page request groups without a response
public record DeviceSide(
        PciAddress function,
        RequesterId requester,
        CacheSnapshot tlb,
        long questions,
        boolean answering,
        int unanswered,
        boolean asksForPages,
        boolean toldToStop,
        List<PageGroup> groups) {
    public DeviceSide {
        groups = List.copyOf(groups);
    }

    /// A group of page requests that waits for its response.
    ///
    /// @param group page request group index, 9 bits
    /// @param pages iova of each
    public record PageGroup(int group, PasidPrefix prefix, boolean write, List<Long> pages) {
        public PageGroup {
            pages = List.copyOf(pages);
        }
    }
}
