package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.Iommu;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.memory.PhysicalMemory;

/// Serves accesses to interrupt files that lie in memory (MRIF): a message makes its interrupt pending in
/// the file, and a notice follows. No such access reaches the memory system.
///
/// A file has 512 bytes: 32 pairs of little-endian words of 64 bits, each of interrupt-pending bits and then
/// of interrupt-enable bits, which nobody asks before the notice is sent. Messages in big-endian byte order
/// count where the IOMMU knows both orders. Not thread-safe: one engine thread owns it.
/// Spec: The RISC-V Advanced Interrupt Architecture, "Format of a memory-resident interrupt file", "MSI PTE,
/// MRIF mode".
final class InterruptFiles {
    private static final int MESSAGE_BYTES = 4;
    private static final int BIG_ENDIAN = 4;
    private static final int REGISTERS = 8;
    private static final int IDENTITIES = 2048;
    private static final int PAIR_SHIFT = 4;
    private static final long NOTHING = -1;

    private final PhysicalMemory memory;
    private final RiscvCapabilities capabilities;
    private String ended = "";
    private int accesses;
    private long lostNotice = NOTHING;

    InterruptFiles(PhysicalMemory memory, RiscvCapabilities capabilities) {
        this.memory = memory;
        this.capabilities = capabilities;
    }

    /// What became of the last access.
    String ended() {
        return ended;
    }

    /// Accesses to memory that the last one took.
    int accesses() {
        return accesses;
    }

    /// Where the last notice should have gone, if nothing answers there; else -1.
    long lostNotice() {
        return lostNotice;
    }

    /// Carries out one access to the page of a file.
    ///
    /// @param entry whose last entry leads to the file
    /// @param offset within the page
    /// @param data of a write of 4 bytes, as a little-endian number
    /// @return hpa of the pending bits, or of the file if nothing is stored; [Iommu#UNSUPPORTED]; or the
    ///     negative code of a fault
    long serve(MsiTable entry, boolean writes, int offset, int bytes, int data) {
        ended = "";
        accesses = 0;
        lostNotice = NOTHING;
        if (bytes != MESSAGE_BYTES || offset % MESSAGE_BYTES != 0) {
            return Iommu.UNSUPPORTED;
        }
        var file = entry.interruptFile();
        boolean big = (offset & BIG_ENDIAN) != 0;
        int identity = big ? Integer.reverseBytes(data) : data;
        if (!writes) {
            ended = "the IOMMU answers for the interrupt file in memory: it reads as 0";
            return file.hpa();
        }
        if (offset >= REGISTERS
                || big && !capabilities.bothByteOrders()
                || Integer.compareUnsigned(identity, IDENTITIES) >= 0) {
            ended = "no message for the interrupt file in memory: the IOMMU discards it";
            return file.hpa();
        }
        return store(file, identity, entry.page());
    }

    private long store(Mapping.InterruptFile file, int identity, long notice) {
        long pending = file.hpa() + ((long) (identity >>> 6) << PAIR_SHIFT);
        if (memory.failureAt(pending) == PhysicalMemory.Failure.POISON) {
            return -RiscvFault.INTERRUPT_FILE_CORRUPTED.code();
        }
        if (!memory.write64(pending, memory.read64(pending) | 1L << identity)) {
            return -RiscvFault.INTERRUPT_FILE_ACCESS.code();
        }
        accesses = capabilities.atomicFiles() ? 1 : 2;
        send(notice, file.noticeId());
        ended =
                "interrupt %d is pending in the file at 0x%x; notice %d sent to 0x%x"
                        .formatted(identity, file.hpa(), file.noticeId(), notice);
        return pending;
    }

    /// Any page may be named; what answers there takes the notice.
    private void send(long hpa, int noticeId) {
        accesses++;
        boolean answers = memory.map().indexOf(hpa) != AddressMap.NOTHING;
        boolean isMemory = memory.map().isMemory(hpa);
        if (!answers || isMemory && !memory.write32(hpa, noticeId)) {
            lostNotice = hpa;
        }
    }
}
