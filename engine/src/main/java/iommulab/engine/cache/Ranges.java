package iommulab.engine.cache;

/// Aligned power-of-two ranges of pages, as invalidations and cached entries cover them.
final class Ranges {
    private Ranges() {}

    /// Whether the aligned 2^aBits pages around `a` and the aligned 2^bBits pages around `b` share a
    /// page: of two aligned ranges one lies within the other, or they are apart.
    static boolean touch(long a, int aBits, long b, int bBits) {
        return (a ^ b) >>> Math.max(aBits, bBits) == 0;
    }
}
