package iommulab.engine.iommu.vtd;

/// Where a cached translation came from: by which requester's tree it was found. Packed into the second
/// word of a cache line.
final class Origin {
    /*   63:24 first table >> 12 | 19:16 levels | 15:0 requester   */
    private Origin() {}

    static long of(long firstTable, int levels, int requester) {
        return firstTable >>> 12 << 24 | (long) levels << 16 | requester;
    }

    static long firstTable(long origin) {
        return origin >>> 24 << 12;
    }

    static int levels(long origin) {
        return (int) (origin >>> 16) & 0xf;
    }

    static int requester(long origin) {
        return (int) origin & 0xffff;
    }
}
