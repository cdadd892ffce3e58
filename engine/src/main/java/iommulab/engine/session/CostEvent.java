package iommulab.engine.session;

/// What the cost table prices.
public enum CostEvent {
    MEMORY_READ("read of a table entry from memory", 110),
    DEVICE_CACHE_PROBE("probe of the context cache", 4),
    IOTLB_PROBE("probe of the IOTLB", 6),
    PAGING_CACHE_PROBE("probe of the paging-structure caches", 4),
    LINK("one link on the way up or down", 4),
    PEER_TURN("turn-around in a switch", 8),
    QUEUE_DESCRIPTOR("one invalidation descriptor", 220);

    private final String words;
    private final long defaultCycles;

    CostEvent(String words, long defaultCycles) {
        this.words = words;
        this.defaultCycles = defaultCycles;
    }

    public String words() {
        return words;
    }

    /// Cycles in a new machine.
    public long defaultCycles() {
        return defaultCycles;
    }
}
