package iommulab.engine.cache;

/// Which way of a full set makes room for a new entry.
public enum Replacement {
    LRU("least recently used"),
    TREE_PLRU("tree of one-bit pointers away from the last use"),
    FIFO("oldest fill"),
    RANDOM("seeded random");

    private final String words;

    Replacement(String words) {
        this.words = words;
    }

    /// What the policy does, in words.
    public String words() {
        return words;
    }
}
