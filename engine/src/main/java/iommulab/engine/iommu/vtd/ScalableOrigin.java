package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.Iommu;

/// Whose request made a cached translation of scalable mode, packed into the second word of a cache
/// line.
final class ScalableOrigin {
    /*   36:16 PASID + 1, 0 = none | 15:0 requester   */
    private ScalableOrigin() {}

    /// @param pasid or [Iommu#NO_PASID]
    static long of(int requester, int pasid) {
        return (long) (pasid + 1) << 16 | requester;
    }

    static int requester(long origin) {
        return (int) origin & 0xffff;
    }

    /// The PASID, or [Iommu#NO_PASID].
    static int pasid(long origin) {
        return (int) (origin >>> 16) - 1;
    }
}
