package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.SecondStage;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// Reads the GCR3 table of a device: from a PASID to the root of its guest table, which is a guest-physical
/// address. The table itself lies in host memory, or in the guest's.
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
    private boolean stoppedBelow;

    Gcr3Table(PhysicalMemory memory, AmdCapabilities capabilities) {
        this.memory = memory;
        pasidBits = capabilities.pasidBits();
    }

    /// Finds the entry of a PASID.
    ///
    /// @param table address of the top table: gpa with `below`, hpa without
    /// @param levels 1 to 3
    /// @param below what translates the addresses of all levels, null if they are the host's
    /// @return why there is none, or null
    @Nullable AmdFault read(
            long table, int levels, int pasid, @Nullable SecondStage below, WalkObserver observer) {
        reads = 0;
        stoppedBelow = false;
        entry = 0;
        entryHpa = table;
        if (pasid >>> Math.min(pasidBits, INDEX_BITS * levels) != 0) {
            return AmdFault.BEYOND_TABLE;
        }
        long at = table;
        for (int level = levels; level >= 1; level--) {
            int index = pasid >>> INDEX_BITS * (level - 1) & (1 << INDEX_BITS) - 1;
            long tableHpa = below == null ? at : hpa(below, at);
            if (stoppedBelow) {
                return AmdFault.PAGE_NOT_PRESENT;
            }
            entryHpa = tableHpa + index * 8L;
            entry = memory.read64(entryHpa);
            reads++;
            observer.deviceTableRead(1 + levels - level, tableHpa, index, entryHpa, entry, 0);
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

    private long hpa(SecondStage below, long table) {
        long page = below.place(table, TableEntry.READ, 0);
        stoppedBelow = page < 0;
        return stoppedBelow ? table : Iotlb.hpa(page, table);
    }

    /// Whether the last search ended at a host table: the answer is that of the stage below.
    boolean isStoppedBelow() {
        return stoppedBelow;
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
