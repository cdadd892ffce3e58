package iommulab.engine.cache;

/// What a cache of an IOMMU holds.
public enum CacheKind {
    /// Device entries (VT-d context entries), by requester.
    DEVICE_ENTRY("context cache"),
    /// Entries of one PASID of a device, by requester and PASID.
    PASID_ENTRY("PASID cache"),
    /// Finished translations, by domain and page.
    IOTLB("IOTLB"),
    /// Inner page-table entries, by domain and the upper bits of the address; one cache per level.
    PAGING_STRUCTURE("paging-structure cache"),
    /// Guest-physical to host-physical pages, by domain: what a nested walk need not walk again.
    NESTED("nested cache"),
    /// Inner entries of the second stage below a first one; one cache per level.
    NESTED_PAGING("nested paging-structure cache"),
    /// Finished translations that a device keeps for itself (PCIe ATS).
    DEVICE_TLB("device TLB");

    private final String words;

    CacheKind(String words) {
        this.words = words;
    }

    public String words() {
        return words;
    }
}
