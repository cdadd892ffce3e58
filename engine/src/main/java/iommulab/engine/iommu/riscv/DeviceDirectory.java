package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// Finds the device context of a device_id in a directory of one, two or three levels.
///
/// Not thread-safe: one engine thread owns it.
/// Spec: RISC-V IOMMU, "Device-directory-table (DDT)", "Process to locate the Device-context".
final class DeviceDirectory {
    /*
     *             DDI[2]  DDI[1]  DDI[0]   context
     *   base      23:16   15:7    6:0      32 bytes
     *   extended  23:15   14:6    5:0      64 bytes
     */
    static final int VALID = 1;
    static final long ENTRY_RESERVED = 0x3ffL << 54 | 0x1ff << 1;

    private static final int DEVICE_ID_BITS = 24;
    private static final int INDEX_BITS = 9;
    private static final long PPN = (1L << 44) - 1;

    private final PhysicalMemory memory;
    private final DeviceContextRules rules;
    private final int contextShift;
    private final int words;
    private int reads;
    private DeviceContext context = new DeviceContext(0, 0, 0, 0, 0, 0, 0);

    DeviceDirectory(PhysicalMemory memory, RiscvCapabilities capabilities) {
        this.memory = memory;
        rules = new DeviceContextRules(capabilities);
        words = capabilities.deviceContextBytes() / Long.BYTES;
        contextShift = capabilities.msiFlat() ? 6 : 5;
    }

    /// Bits of a device_id that a directory of some levels can look up.
    int deviceIdBits(int levels) {
        return Math.min(DEVICE_ID_BITS, 12 - contextShift + INDEX_BITS * (levels - 1));
    }

    /// Lowest bit of a device_id that chooses the entry of a level.
    ///
    /// @param level 0 for the table of contexts
    int indexAt(int level) {
        return level == 0 ? 0 : 12 - contextShift + INDEX_BITS * (level - 1);
    }

    /// Highest such bit.
    int indexHigh(int level) {
        return Math.min(DEVICE_ID_BITS, indexAt(level + 1)) - 1;
    }

    /// Reads the context of a device.
    ///
    /// @param root hpa of the top table
    /// @param levels 1 to 3
    /// @param deviceId of no more than [#deviceIdBits]
    /// @param control the `fctl` register
    /// @return null if there is a well-formed context
    @Nullable RiscvFault read(
            long root, int levels, int deviceId, int control, WalkObserver observer) {
        boolean big = (control & RiscvRegisters.BE) != 0;
        reads = 0;
        long table = root;
        for (int level = levels - 1; level > 0; level--) {
            int index = deviceId >>> indexAt(level) & (1 << INDEX_BITS) - 1;
            long at = table + index * 8L;
            long entry = word(at, big);
            observer.deviceTableRead(reads++, table, index, at, entry, 0);
            if (!memory.isBacked(at)) {
                return unreadable(at, 1);
            }
            if ((entry & VALID) == 0) {
                return RiscvFault.DDT_INVALID;
            }
            if ((entry & ENTRY_RESERVED) != 0) {
                return RiscvFault.DDT_MISCONFIGURED;
            }
            table = (entry >>> 10 & PPN) << 12;
        }
        return readContext(table, deviceId & (1 << 12 - contextShift) - 1, control, observer);
    }

    private @Nullable RiscvFault readContext(
            long table, int index, int control, WalkObserver observer) {
        boolean big = (control & RiscvRegisters.BE) != 0;
        long at = table + ((long) index << contextShift);
        context = contextAt(at, big);
        observer.deviceTableRead(reads++, table, index, at, context.tc(), context.iohgatp());
        var failure = unreadable(at, words);
        if (failure != null) {
            return failure;
        }
        if ((context.tc() & DeviceContext.VALID) == 0) {
            return RiscvFault.DDT_INVALID;
        }
        boolean last = words == 4 || word(at + 56, big) == 0;
        return last && rules.accepts(context, control) ? null : RiscvFault.DDT_MISCONFIGURED;
    }

    private DeviceContext contextAt(long at, boolean big) {
        boolean extended = words == 8;
        return new DeviceContext(
                word(at, big),
                word(at + 8, big),
                word(at + 16, big),
                word(at + 24, big),
                extended ? word(at + 32, big) : 0,
                extended ? word(at + 40, big) : 0,
                extended ? word(at + 48, big) : 0);
    }

    private @Nullable RiscvFault unreadable(long at, int count) {
        for (int i = 0; i < count; i++) {
            if (!memory.isBacked(at + i * 8L)) {
                return memory.failureAt(at + i * 8L) == PhysicalMemory.Failure.POISON
                        ? RiscvFault.DDT_CORRUPTED
                        : RiscvFault.DDT_ACCESS;
            }
        }
        return null;
    }

    private long word(long hpa, boolean big) {
        long word = memory.read64(hpa);
        return big ? Long.reverseBytes(word) : word;
    }

    /// The context that was read last.
    DeviceContext context() {
        return context;
    }

    /// Memory reads made for it.
    int reads() {
        return reads;
    }
}
