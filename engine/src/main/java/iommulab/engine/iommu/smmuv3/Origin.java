package iommulab.engine.iommu.smmuv3;

/// Where a cached translation came from: the stream and substream for which it was walked, packed into the
/// word that caches keep without looking at it.
final class Origin {
    private Origin() {}

    static long of(int stream, int substream) {
        return (long) stream << 32 | substream & 0xffff_ffffL;
    }

    static int stream(long origin) {
        return (int) (origin >>> 32);
    }

    /// Negative for none.
    static int substream(long origin) {
        return (int) origin;
    }
}
