package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.Iommu;

/// For whose request a cached translation was made, packed: what has to be asked again to know whether it is
/// stale.
final class Origin {
    /*
     *   23:0 device_id | 43:24 process_id | 44 there is one | 45 the request was translated already
     */
    private static final int PASID_AT = 24;
    private static final long HAS_PASID = 1L << 44;
    private static final long TRANSLATED = 1L << 45;

    private Origin() {}

    static long of(int requester, int pasid, boolean translated) {
        long process = pasid < 0 ? 0 : HAS_PASID | (long) pasid << PASID_AT;
        return requester | process | (translated ? TRANSLATED : 0);
    }

    static int requester(long origin) {
        return (int) origin & 0xff_ffff;
    }

    static int pasid(long origin) {
        return (origin & HAS_PASID) == 0 ? Iommu.NO_PASID : (int) (origin >>> PASID_AT) & 0xf_ffff;
    }

    static boolean isTranslated(long origin) {
        return (origin & TRANSLATED) != 0;
    }
}
