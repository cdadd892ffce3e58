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

    /// The next state of [#RANDOM]'s generator.
    ///
    /// @param state not 0
    static long nextRandom(long state) {
        long next = state ^ state << 13;
        next ^= next >>> 7;
        return next ^ next << 17;
    }
}
