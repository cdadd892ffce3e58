package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// Reads the device table from memory: from a device ID to its entry, and checks that.
/// Spec: AMD IOMMU, "Device Table".
final class DeviceTable {
    private final PhysicalMemory memory;
    private final AmdCapabilities capabilities;
    private long first;
    private long second;
    private long third;
    private int reads;

    DeviceTable(PhysicalMemory memory, AmdCapabilities capabilities) {
        this.memory = memory;
        this.capabilities = capabilities;
    }

    /// hpa of the table, from its base address register.
    static long table(long base) {
        return base & (1L << 52) - 4096;
    }

    /// Bytes of the table, from its base address register.
    static long bytes(long base) {
        return ((base & 0x1ff) + 1) * 4096;
    }

    /// Finds the entry of a device and checks it.
    ///
    /// @param base the device table base address register
    /// @param guest whether guest translation is switched on
    /// @return why there is none that can be used, or null
    @Nullable AmdFault read(long base, int device, boolean guest, WalkObserver observer) {
        first = 0;
        second = 0;
        third = 0;
        reads = 0;
        long offset = (long) device * DeviceTableEntry.BYTES;
        if (offset >= bytes(base)) {
            return AmdFault.BEYOND_DEVICE_TABLE;
        }
        long hpa = table(base) + offset;
        reads = 1;
        first = memory.read64(hpa);
        second = memory.read64(hpa + 8);
        third = memory.read64(hpa + 16);
        observer.deviceTableRead(0, table(base), device, hpa, first, second);
        if (first == -1 && !memory.isBacked(hpa)) {
            first = 0;
            return AmdFault.DEVICE_TABLE_UNREADABLE;
        }
        return DeviceTableEntry.isValid(first) ? check(guest) : null;
    }

    /// The checks of a valid entry; what belongs to translation counts only with TV.
    private @Nullable AmdFault check(boolean guest) {
        if ((first & DeviceTableEntry.RESERVED) != 0) {
            return AmdFault.DEVICE_ENTRY_RESERVED;
        }
        if (!DeviceTableEntry.isTranslationValid(first)) {
            return null;
        }
        boolean legal =
                DeviceTableEntry.mode(first) <= capabilities.hostLevels()
                        && (!guest || !DeviceTableEntry.isGuest(first) || isGuestPartLegal());
        return legal ? null : AmdFault.DEVICE_ENTRY_ILLEGAL;
    }

    private boolean isGuestPartLegal() {
        return DeviceTableEntry.gcr3Levels(first) <= capabilities.gcr3Levels()
                && DeviceTableEntry.guestLevels(third) <= capabilities.guestLevels();
    }

    /// First word of the entry that was read; 0 if there is none.
    long first() {
        return first;
    }

    long second() {
        return second;
    }

    long third() {
        return third;
    }

    /// Entries read.
    int reads() {
        return reads;
    }
}
