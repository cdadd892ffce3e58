package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;

/// Addresses, requests and leaves as the stages of a walk reckon with them.
final class StageArithmetic {
    private static final int NARROW_GUEST_BITS = 34;

    private StageArithmetic() {}

    /// Bits of a guest-physical address.
    ///
    /// @param control the `fctl` register
    static int guestBits(DeviceContext device, int control) {
        boolean narrow = (control & RiscvRegisters.GXL) != 0;
        return narrow || device.has(DeviceContext.SXL)
                ? NARROW_GUEST_BITS
                : 14 + 9 * (device.secondMode() - 5);
    }

    /// Whether the bits above those that a first stage translates repeat the highest of them, or are zero.
    static boolean isCanonical(long iova, int bits, boolean narrow) {
        long half = narrow ? 0 : 1L << bits - 1;
        return iova + half >>> bits == 0;
    }

    /// What a device that asks for a translation adds to the regime of its walk.
    static long asking(int access) {
        if ((access & Iommu.ASKS) == 0) {
            return 0;
        }
        long execute = (access & TableEntry.EXECUTE) != 0 ? PageTableFormat.ASKS_TO_EXECUTE : 0;
        return (access & Iommu.PRIVILEGED) != 0
                ? PageTableFormat.ASKS_AS_SUPERVISOR | execute
                : PageTableFormat.ASKS_AS_USER | execute;
    }

    /// A page that cannot be written does not wait for its dirty bit.
    static long settled(long leaf) {
        return (leaf & TableEntry.ANY_WRITE) != 0 ? leaf : leaf & ~TableEntry.CLEAN;
    }

    /// A piece of a larger page around an address: the rest of the page leads elsewhere.
    static long piece(long leaf, long hpa, int shift) {
        long flags = leaf & (TableEntry.CLEAN | TableEntry.GLOBAL);
        long first = hpa & Iotlb.ADDRESS & -1L << shift;
        return TableEntry.leaf(first, shift, TableEntry.rights(leaf)) | flags;
    }
}
