package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.TableEntry;

/// The addresses at which a write is an interrupt: 0xfee00000 to 0xfeefffff.
/// Spec: VT-d, "Handling Requests to Interrupt Address Range".
final class InterruptWindow {
    private static final int BITS = 20;
    private static final long PREFIX = 0xfee;

    private InterruptWindow() {}

    static boolean contains(long address) {
        return address >>> BITS == PREFIX;
    }

    /// What the IOTLB may hold of a leaf. A large page around the window is cached in pieces of 4 KiB, so
    /// that a hit need not ask whether it leads there.
    ///
    /// @param hpa the translated address, outside the window
    static long cachable(long leaf, long hpa) {
        if (Iotlb.pageShift(leaf) == 12) {
            return leaf;
        }
        int bits = Math.max(Iotlb.pageShift(leaf), BITS);
        boolean apart = (TableEntry.address(leaf) ^ PREFIX << BITS) >>> bits != 0;
        long flags = leaf & (TableEntry.CLEAN | TableEntry.GLOBAL);
        return apart ? leaf : TableEntry.leaf(hpa & -4096L, 12, TableEntry.rights(leaf)) | flags;
    }
}
