package iommulab.engine.cache;

/// The shape of one cache.
///
/// @param sets number of sets, a power of two up to 65,536; 0 switches the cache off
/// @param ways entries per set, 1 to 64; a power of two for [Replacement#TREE_PLRU]
/// @param replacement who makes room
public record CacheGeometry(int sets, int ways, Replacement replacement) {
    public static final CacheGeometry OFF = new CacheGeometry(0, 1, Replacement.LRU);

    public CacheGeometry {
        if (sets < 0 || sets > 65_536 || Integer.bitCount(sets) > 1) {
            throw new IllegalArgumentException(
                    "%d sets: take a power of two up to 65536, or 0 for off".formatted(sets));
        }
        if (ways < 1 || ways > 64) {
            throw new IllegalArgumentException("%d ways: take 1 to 64".formatted(ways));
        }
        if (replacement == Replacement.TREE_PLRU && Integer.bitCount(ways) > 1) {
            throw new IllegalArgumentException(
                    "%d ways: tree-PLRU takes a power of two".formatted(ways));
        }
    }

    public boolean isOff() {
        return sets == 0;
    }

    public int entries() {
        return sets * ways;
    }
}
