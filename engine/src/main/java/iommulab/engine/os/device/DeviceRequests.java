package iommulab.engine.os.device;

import iommulab.engine.iommu.PageResponse;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.pci.PciAddress;

import java.util.List;
import java.util.OptionalInt;

/// What functions ask of their IOMMU: DMA, and pages that they miss. Source: kernel `iommu_page_response`.
public interface DeviceRequests {
    /// Pages that a function asks for by hardware, and has no answer for yet.
    ///
    /// @param pasid 0 for requests without PASID
    /// @param group page request group index, 9 bits
    /// @param pages iova of each
    record PageAsk(int pasid, int group, List<Long> pages) {
        public PageAsk {
            pages = List.copyOf(pages);
        }
    }

    /// All that a function has open, by group.
    List<PageAsk> openPageRequests(PciAddress function);

    /// Answers a group by way of the function's IOMMU; what the function may try again it tries.
    void answerPages(PciAddress function, int group, PageResponse response);

    // ---- DMA

    /// One request of a function, through the fabric and its IOMMU.
    ///
    /// @param pasid empty for none
    Dma dma(PciAddress function, long iova, int bytes, boolean write, OptionalInt pasid)
            throws CallFailed;

    /// How a request ended.
    ///
    /// @param hpa that it reached, if it did
    /// @param reason why it was stopped: `blocked`, `unmapped`, `perm`, `s1_unmapped`, `s1_perm`, `pasid`;
    ///     empty if it was not
    /// @param message what hardware and kernel say of it
    record Dma(boolean reached, long hpa, String reason, String message) {}
}
