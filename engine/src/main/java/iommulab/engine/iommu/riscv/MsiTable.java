package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// Reads entries of MSI page tables: where a guest's interrupt file really is.
///
/// Not thread-safe: one engine thread owns it. [#read] allocates nothing.
/// Spec: RISC-V IOMMU, "MSI address translation"; The RISC-V Advanced Interrupt Architecture, "MSI Page
/// Tables".
final class MsiTable {
    /*
     * flat  63 C | 62:54 reserved | 53:10 PPN | 9:3 reserved | 2:1 M = 3 | 0 V            second word ignored
     * MRIF  63 C | 62:54 reserved | 53:7 address 55:9 | 6:3 reserved | 2:1 M = 1 | 0 V
     *       63:61 reserved | 60 NID bit 10 | 59:54 reserved | 53:10 notice PPN | 9:0 NID bits 9:0
     */
    /// What an observer is told as step of an entry.
    static final int STEP = 32;

    static final int VALID = 1;
    static final int MODE_AT = 1;
    static final int FLAT = 3;
    static final int MRIF = 1;
    static final long FLAT_RESERVED = 1L << 63 | 0x1ffL << 54 | 0x7f << 3;
    static final long MRIF_RESERVED = 1L << 63 | 0x1ffL << 54 | 0xf << 3;
    static final long NOTICE_RESERVED = 7L << 61 | 0x3fL << 54;

    private static final int ENTRY_SHIFT = 4;
    private static final long PPN = (1L << 44) - 1;

    private final PhysicalMemory memory;
    private final RiscvCapabilities capabilities;
    private long low;
    private long high;

    MsiTable(PhysicalMemory memory, RiscvCapabilities capabilities) {
        this.memory = memory;
        this.capabilities = capabilities;
    }

    /// Reads the entry of a virtual interrupt file.
    ///
    /// @param gpa for which [DeviceContext#isMsi] holds
    /// @param big whether the table is big-endian
    /// @return null if it is well formed
    @Nullable RiscvFault read(DeviceContext context, long gpa, boolean big, WalkObserver observer) {
        long table = DeviceContext.root(context.msiptp());
        long index = Long.compress(gpa >>> 12, context.msiMask());
        long entry = table | index << ENTRY_SHIFT;
        low = word(entry, big);
        high = word(entry + 8, big);
        observer.deviceTableRead(STEP, table, (int) index, entry, low, high);
        if (!memory.isBacked(entry) || !memory.isBacked(entry + 8)) {
            return isPoisoned(entry) || isPoisoned(entry + 8)
                    ? RiscvFault.MSI_CORRUPTED
                    : RiscvFault.MSI_ACCESS;
        }
        if ((low & VALID) == 0) {
            return RiscvFault.MSI_INVALID;
        }
        return isWellFormed() ? null : RiscvFault.MSI_MISCONFIGURED;
    }

    private long word(long hpa, boolean big) {
        long word = memory.read64(hpa);
        return big ? Long.reverseBytes(word) : word;
    }

    private boolean isPoisoned(long hpa) {
        return memory.failureAt(hpa) == PhysicalMemory.Failure.POISON;
    }

    private boolean isWellFormed() {
        return switch ((int) (low >>> MODE_AT) & 3) {
            case FLAT -> (low & FLAT_RESERVED) == 0;
            case MRIF ->
                    capabilities.msiMrif()
                            && (low & MRIF_RESERVED) == 0
                            && (high & NOTICE_RESERVED) == 0;
            default -> false;
        };
    }

    /// Whether the last entry leads to a file in memory instead of one in an interrupt controller.
    boolean isMrif() {
        return isMrif(low);
    }

    /// @param low the first word of an entry
    static boolean isMrif(long low) {
        return (low >>> MODE_AT & 3) == MRIF;
    }

    /// Page that the last entry leads to: the interrupt file, or where the notice goes.
    long page() {
        return ((isMrif() ? high : low) >>> 10 & PPN) << 12;
    }

    /// The file in memory that the last entry leads to.
    Mapping.InterruptFile interruptFile() {
        long hpa = (low >>> 7 & (1L << 47) - 1) << 9;
        int notice = (int) (high & 0x3ff | high >>> 60 - 10 & 1 << 10);
        return new Mapping.InterruptFile(hpa, notice);
    }
}
