package iommulab.engine.iommu.selftest;

/// Whose request filled a cache line: the second word of a line.
final class Origin {
    /*   36:16 PASID + 1, 0 for none | 15:0 requester   */
    private Origin() {}

    static long of(int requester, int pasid) {
        return pasid + 1L << 16 | requester;
    }

    static int requester(long origin) {
        return (int) origin & 0xffff;
    }

    /// -1 for none.
    static int pasid(long origin) {
        return (int) (origin >>> 16) - 1;
    }
}
