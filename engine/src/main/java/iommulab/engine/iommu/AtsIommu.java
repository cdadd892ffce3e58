package iommulab.engine.iommu;

import java.util.List;
import java.util.Optional;

/// An IOMMU as devices with translation services of their own see it: beside requests it takes their
/// messages, and sends them some.
/// Spec: PCI Express, "Address Translation Services".
public interface AtsIommu extends Iommu {
    /// Who answers messages for a requester ID. Wiring, not state: a checkpoint does not have it.
    void connect(int requester, AtsDevice device);

    /// Page Request: the device would like a page to be mapped. Answered by [AtsDevice#respond], now or
    /// when software has looked at it.
    ///
    /// @return the fault that it recorded, if the device may not ask
    Optional<? extends FaultReason> requestPage(PageRequest request);

    /// Invalidate Completion: the device has forgotten what it was told to.
    ///
    /// @param tag ITag of the request
    void invalidationCompleted(int requester, int tag);

    /// Invalidate Requests without a completion yet.
    int openInvalidations();

    /// Requester IDs of the devices whose completions are missing, none twice.
    List<Integer> awaitedDevices();

    /// The time for all completions that are missing is over.
    void timeOutInvalidations();

    /// What it would answer to a request if it had no caches. Records nothing and changes nothing.
    ///
    /// @return see [Iommu#translate]
    long fresh(int requester, int pasid, long iova, int access);
}
