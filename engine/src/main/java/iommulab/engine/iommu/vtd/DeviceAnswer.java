package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;

/// What a device that asked for a translation is told in scalable mode.
/// Spec: VT-d, "Device-TLB Operation".
final class DeviceAnswer {
    private static final int USERS = Iommu.READ | Iommu.WRITE;
    private static final int WHOLE_REQUEST = USERS | Iommu.EXECUTE | Iommu.PRIVILEGED;

    private DeviceAnswer() {}

    /// The page with what it may do there. A page whose dirty bit is not set is not told to be writable.
    static long granted(long leaf, long rights) {
        long given = leaf & rights;
        long plain =
                given & WHOLE_REQUEST | given >>> 56 & USERS | given >>> 54 & TableEntry.EXECUTE;
        if ((leaf & TableEntry.CLEAN) != 0) {
            plain &= ~(long) TableEntry.WRITE;
        }
        if ((plain & USERS) == 0) {
            return VtdUnit.NOTHING;
        }
        int shift = Iotlb.pageShift(leaf);
        return TableEntry.leaf(TableEntry.address(leaf), shift, plain) | leaf & TableEntry.GLOBAL;
    }
}
