package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.SecondStage;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableWalker;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// Finds the process context of a process_id in a directory of one, two or three levels. With a second
/// stage, every table of the directory lies in guest-physical memory.
///
/// Not thread-safe: one engine thread owns it.
/// Spec: RISC-V IOMMU, "Process-directory-table (PDT)", "Process to locate the Process-context".
final class ProcessDirectory {
    /*
     *   process_id  PDI[2] 19:17 | PDI[1] 16:8 | PDI[0] 7:0      PD8: PDI[0]; PD17: two; PD20: all
     */
    static final int VALID = 1;
    static final long ENTRY_RESERVED = DeviceDirectory.ENTRY_RESERVED;

    /// What an observer is told as step of the first entry of a process directory.
    static final int PROCESS_STEPS = 16;

    private static final int CONTEXT_SHIFT = 4;
    private static final int[] BITS = {0, 8, 17, 20};
    private static final long PPN = (1L << 44) - 1;

    private final PhysicalMemory memory;
    private final DeviceContextRules rules;
    private int reads;
    private ProcessContext context = new ProcessContext(0, 0);

    ProcessDirectory(PhysicalMemory memory, RiscvCapabilities capabilities) {
        this.memory = memory;
        rules = new DeviceContextRules(capabilities);
    }

    /// Bits of a process_id that a directory of a mode (1 PD8, 2 PD17, 3 PD20) can look up.
    static int processIdBits(int mode) {
        return BITS[mode];
    }

    /// Lowest bit of a process_id that chooses the entry of a level.
    ///
    /// @param level 0 for the table of contexts
    static int indexAt(int level) {
        return BITS[level];
    }

    /// Reads the context of a process.
    ///
    /// @param device whose `fsc` holds the directory's root, mode not Bare
    /// @param processId of no more than [#processIdBits]
    /// @param secondStage through which the directory is read, entered already; null if there is none
    /// @param access what the request is judged by, see [RiscvFault]
    /// @return null if there is a well-formed context
    @Nullable RiscvFault read(
            DeviceContext device,
            int processId,
            @Nullable SecondStage secondStage,
            long access,
            WalkObserver observer) {
        boolean big = device.has(DeviceContext.SBE);
        reads = 0;
        long table = DeviceContext.root(device.fsc());
        for (int level = device.firstMode() - 1; level >= 0; level--) {
            int index = processId >>> BITS[level] & (1 << BITS[level + 1] - BITS[level]) - 1;
            int shift = level == 0 ? CONTEXT_SHIFT : 3;
            long at = table + ((long) index << shift);
            long hpa = secondStage == null ? at : secondStage.place(at, TableEntry.READ, 0);
            if (hpa < 0) {
                return ofSecondStage(secondStage, hpa, access);
            }
            hpa = secondStage == null ? at : Iotlb.hpa(hpa, at);
            long low = word(hpa, big);
            long high = level == 0 ? word(hpa + 8, big) : 0;
            observer.deviceTableRead(PROCESS_STEPS + reads++, table, index, hpa, low, high);
            if (!memory.isBacked(hpa) || level == 0 && !memory.isBacked(hpa + 8)) {
                return unreadable(hpa, level);
            }
            if ((low & VALID) == 0) {
                return RiscvFault.PDT_INVALID;
            }
            if (level == 0) {
                context = new ProcessContext(low, high);
            } else if ((low & ENTRY_RESERVED) != 0) {
                return RiscvFault.PDT_MISCONFIGURED;
            }
            table = (low >>> 10 & PPN) << 12;
        }
        return rules.accepts(context, device) ? null : RiscvFault.PDT_MISCONFIGURED;
    }

    /// A table of the directory that the second stage does not map is a guest page fault of the request; one
    /// of the second stage that memory does not give counts as the directory's.
    private RiscvFault ofSecondStage(@Nullable SecondStage stage, long answer, long access) {
        if (answer == TableWalker.NO_TABLE
                || answer == TableWalker.NO_FIRST_TABLE
                || answer == TableWalker.NO_UPDATE) {
            boolean poisoned =
                    stage != null
                            && memory.failureAt(stage.lastEntry()) == PhysicalMemory.Failure.POISON;
            return poisoned ? RiscvFault.PDT_CORRUPTED : RiscvFault.PDT_ACCESS;
        }
        return RiscvFault.guestPage(access);
    }

    private RiscvFault unreadable(long hpa, int level) {
        boolean poisoned =
                memory.failureAt(hpa) == PhysicalMemory.Failure.POISON
                        || level == 0 && memory.failureAt(hpa + 8) == PhysicalMemory.Failure.POISON;
        return poisoned ? RiscvFault.PDT_CORRUPTED : RiscvFault.PDT_ACCESS;
    }

    private long word(long hpa, boolean big) {
        long word = memory.read64(hpa);
        return big ? Long.reverseBytes(word) : word;
    }

    /// The context that was read last.
    ProcessContext context() {
        return context;
    }

    /// Memory reads made for it, those of the second stage not counted.
    int reads() {
        return reads;
    }
}
