package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// Reads the GCR3 table of a device: from a PASID to the root of its guest table. The tables themselves
/// lie in host memory; only the root that the last level gives is a guest-physical address.
/// Spec: AMD IOMMU, "Guest CR3 Table".
final class Gcr3Table {
    /// Bits of an entry that must be zero.
    static final long RESERVED = -1L << 52 | 0xffe;

    private static final long ADDRESS = (1L << 52) - 4096;
    private static final int INDEX_BITS = 9;

    private final PhysicalMemory memory;
    private final int pasidBits;
    private long entry;
    private long entryHpa;
    private int reads;

    Gcr3Table(PhysicalMemory memory, AmdCapabilities capabilities) {
        this.memory = memory;
        pasidBits = capabilities.pasidBits();
    }

    /// Finds the entry of a PASID.
    ///
    /// @param table hpa of the top table
    /// @param levels 1 to 3
    /// @return why there is none, or null
    @Nullable AmdFault read(long table, int levels, int pasid, WalkObserver observer) {
        reads = 0;
        entry = 0;
        entryHpa = table;
        if (pasid >>> Math.min(pasidBits, INDEX_BITS * levels) != 0) {
            return AmdFault.BEYOND_TABLE;
        }
        long at = table;
        for (int level = levels; level >= 1; level--) {
            int index = pasid >>> INDEX_BITS * (level - 1) & (1 << INDEX_BITS) - 1;
            entryHpa = at + index * 8L;
            entry = memory.read64(entryHpa);
            reads++;
            observer.deviceTableRead(1 + levels - level, at, index, entryHpa, entry, 0);
            if (entry == -1 && !memory.isBacked(entryHpa)) {
                return AmdFault.TABLE_UNREADABLE;
            }
            if ((entry & 1) == 0) {
                return AmdFault.PASID_NOT_PRESENT;
            }
            if ((entry & RESERVED) != 0) {
                return AmdFault.TABLE_RESERVED;
            }
            at = entry & ADDRESS;
        }
        return null;
    }

    /// Address of the guest table that was found.
    long guestTable() {
        return entry & ADDRESS;
    }

    /// hpa of the entry at which the last search ended.
    long entryHpa() {
        return entryHpa;
    }

    /// Entries read.
    int reads() {
        return reads;
    }
}
