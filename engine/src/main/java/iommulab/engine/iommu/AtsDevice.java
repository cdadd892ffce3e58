package iommulab.engine.iommu;

/// A device that keeps translations for itself, as an IOMMU reaches it: by messages.
/// Spec: PCI Express, "Address Translation Services".
public interface AtsDevice {
    /// Invalidate Request: the device is to forget a range, and to say so by
    /// [AtsIommu#invalidationCompleted].
    ///
    /// @param pasid of the translations, or [Iommu#NO_PASID]
    /// @param iova first address, aligned to the size of the range
    /// @param rangeShift two to this power is its size in bytes; 64 for everything
    /// @param allPasids global: whatever the PASID
    /// @param tag ITag, 5 bits: to be sent back
    void invalidate(int pasid, long iova, int rangeShift, boolean allPasids, int tag);

    /// PRG Response: what became of a group of page requests.
    ///
    /// @param pasid of the group, or [Iommu#NO_PASID]
    /// @param group page request group index, 9 bits
    void respond(int pasid, int group, PageResponse response);
}
