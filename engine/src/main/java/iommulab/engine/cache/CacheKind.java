package iommulab.engine.cache;

/// What a cache of an IOMMU holds.
public enum CacheKind {
    /// Device entries (VT-d context entries), by requester.
    DEVICE_ENTRY("context cache"),
    /// Finished translations, by domain and page.
    IOTLB("IOTLB"),
    /// Inner page-table entries, by domain and the upper bits of the address; one cache per level.
    PAGING_STRUCTURE("paging-structure cache");

    private final String words;

    CacheKind(String words) {
        this.words = words;
    }

    public String words() {
        return words;
    }
}
