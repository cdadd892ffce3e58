package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.TableEntry;

import java.util.Optional;
import java.util.Set;

/// Why a RISC-V IOMMU stops a request: the CAUSE of its fault record. Some causes are not recorded if the
/// device context has DTF set; the request is stopped all the same.
/// Spec: RISC-V IOMMU, "Fault record CAUSE field encodings", "ATS translation requests".
public enum RiscvFault implements FaultReason {
    EXECUTE_ACCESS(
            1,
            true,
            AtsAnswer.ABORT,
            "Instruction access fault",
            "The request executes, and memory refused a read of a table, or the "
                    + "address is that of a virtual interrupt file."),
    READ_ACCESS(
            5,
            true,
            AtsAnswer.ABORT,
            "Read access fault",
            "The request reads, and memory refused the read or the update of a "
                    + "page-table entry."),
    WRITE_ACCESS(
            7,
            true,
            AtsAnswer.ABORT,
            "Write/AMO access fault",
            "The request writes, and memory refused the read or the update of a "
                    + "page-table entry."),
    EXECUTE_PAGE(
            12,
            true,
            AtsAnswer.NO_ACCESS,
            "Instruction page fault",
            "The request executes, and the first stage does not allow that at this " + "address."),
    READ_PAGE(
            13,
            true,
            AtsAnswer.NO_ACCESS,
            "Read page fault",
            "The request reads, and the first stage does not allow that at this " + "address."),
    WRITE_PAGE(
            15,
            true,
            AtsAnswer.NO_ACCESS,
            "Write/AMO page fault",
            "The request writes, and the first stage does not allow that at this " + "address."),
    EXECUTE_GUEST_PAGE(
            20,
            true,
            AtsAnswer.NO_ACCESS,
            "Instruction guest page fault",
            "The request executes, and the second stage does not map the guest-"
                    + "physical address, or that of a table on the way."),
    READ_GUEST_PAGE(
            21,
            true,
            AtsAnswer.NO_ACCESS,
            "Read guest-page fault",
            "The request reads, and the second stage does not map the guest-"
                    + "physical address, or that of a table on the way."),
    WRITE_GUEST_PAGE(
            23,
            true,
            AtsAnswer.NO_ACCESS,
            "Write/AMO guest-page fault",
            "The request writes, and the second stage does not let it, or does not "
                    + "map a table on the way."),
    ALL_DISALLOWED(
            256,
            false,
            AtsAnswer.UNSUPPORTED,
            "All inbound transactions disallowed",
            "ddtp.iommu_mode is Off."),
    DDT_ACCESS(
            257,
            false,
            AtsAnswer.UNSUPPORTED,
            "DDT entry load access fault",
            "Memory refused the read of an entry of the device directory."),
    DDT_INVALID(
            258,
            false,
            AtsAnswer.UNSUPPORTED,
            "DDT entry not valid",
            "Nobody gave this device a context: V of an entry of the device " + "directory is 0."),
    DDT_MISCONFIGURED(
            259,
            false,
            AtsAnswer.UNSUPPORTED,
            "DDT entry misconfigured",
            "An entry of the device directory has a reserved bit set or asks for "
                    + "something that this IOMMU does not have."),
    TYPE_DISALLOWED(
            260,
            true,
            AtsAnswer.UNSUPPORTED,
            "Transaction type disallowed",
            "The device may not ask this way: a device_id or process_id that is too "
                    + "wide, a process_id without a process directory, ATS that is off, a "
                    + "privilege that is off."),
    MSI_ACCESS(
            261,
            true,
            AtsAnswer.ABORT,
            "MSI PTE load access fault",
            "Memory refused the read of an entry of the MSI page table."),
    MSI_INVALID(
            262,
            true,
            AtsAnswer.NO_ACCESS,
            "MSI PTE not valid",
            "V of the interrupt file's entry in the MSI page table is 0."),
    MSI_MISCONFIGURED(
            263,
            true,
            AtsAnswer.ABORT,
            "MSI PTE misconfigured",
            "The interrupt file's entry in the MSI page table has a mode or a bit "
                    + "that this IOMMU does not have."),
    INTERRUPT_FILE_ACCESS(
            264,
            true,
            AtsAnswer.ABORT,
            "MRIF access fault",
            "The request is an interrupt for a file in memory (MRIF), and memory refused it."),
    PDT_ACCESS(
            265,
            true,
            AtsAnswer.ABORT,
            "PDT entry load access fault",
            "Memory refused the read of an entry of the process directory."),
    PDT_INVALID(
            266,
            true,
            AtsAnswer.NO_ACCESS,
            "PDT entry not valid",
            "The process has no context: V of an entry of the process directory is " + "0."),
    PDT_MISCONFIGURED(
            267,
            true,
            AtsAnswer.ABORT,
            "PDT entry misconfigured",
            "An entry of the process directory has a reserved bit set or a mode "
                    + "that this IOMMU does not have."),
    DDT_CORRUPTED(
            268,
            false,
            AtsAnswer.ABORT,
            "DDT data corruption",
            "An entry of the device directory was read from damaged memory."),
    PDT_CORRUPTED(
            269,
            true,
            AtsAnswer.ABORT,
            "PDT data corruption",
            "An entry of the process directory was read from damaged memory."),
    MSI_CORRUPTED(
            270,
            true,
            AtsAnswer.ABORT,
            "MSI PT data corruption",
            "An entry of the MSI page table was read from damaged memory."),
    INTERRUPT_FILE_CORRUPTED(
            271,
            true,
            AtsAnswer.ABORT,
            "MRIF data corruption",
            "The request is an interrupt for a file in memory (MRIF), and that lies in damaged"
                    + " memory."),
    MESSAGE_WRITE(
            273,
            false,
            AtsAnswer.UNSUPPORTED,
            "Internal data path error: IOMMU MSI write access fault",
            "The IOMMU's own interrupt message could not be written."),
    TABLE_CORRUPTED(
            274,
            true,
            AtsAnswer.ABORT,
            "First/second-stage PT data corruption",
            "A page-table entry was read from damaged memory.");

    /// What a device gets whose request for a translation was stopped.
    public enum AtsAnswer {
        /// Unsupported Request.
        UNSUPPORTED,
        /// Completer Abort.
        ABORT,
        /// Success without read and write permission; nothing is recorded.
        NO_ACCESS
    }

    private final int code;
    private final boolean qualified;
    private final AtsAnswer atsAnswer;
    private final String kernelText;
    private final String meaning;

    RiscvFault(
            int code, boolean qualified, AtsAnswer atsAnswer, String kernelText, String meaning) {
        this.code = code;
        this.qualified = qualified;
        this.atsAnswer = atsAnswer;
        this.kernelText = kernelText;
        this.meaning = meaning;
    }

    @Override
    public int code() {
        return code;
    }

    /// Whether DTF silences it.
    public boolean qualified() {
        return qualified;
    }

    /// What the device gets if it had asked for a translation.
    public AtsAnswer atsAnswer() {
        return atsAnswer;
    }

    @Override
    public Set<StopCause> causes() {
        return switch (this) {
            case ALL_DISALLOWED, DDT_INVALID -> Set.of(StopCause.BLOCKED);
            case TYPE_DISALLOWED -> Set.of(StopCause.BLOCKED, StopCause.PASID, StopCause.OTHER);
            case PDT_INVALID -> Set.of(StopCause.BLOCKED, StopCause.PASID);
            case EXECUTE_PAGE, READ_PAGE, WRITE_PAGE ->
                    Set.of(
                            StopCause.FIRST_STAGE_UNMAPPED,
                            StopCause.FIRST_STAGE_RIGHTS,
                            StopCause.OTHER);
            case EXECUTE_GUEST_PAGE, READ_GUEST_PAGE, WRITE_GUEST_PAGE ->
                    Set.of(
                            StopCause.SECOND_STAGE_UNMAPPED,
                            StopCause.SECOND_STAGE_RIGHTS,
                            StopCause.OTHER);
            case EXECUTE_ACCESS,
                    READ_ACCESS,
                    WRITE_ACCESS,
                    DDT_ACCESS,
                    DDT_MISCONFIGURED,
                    MSI_ACCESS,
                    MSI_INVALID,
                    MSI_MISCONFIGURED,
                    PDT_ACCESS,
                    PDT_MISCONFIGURED,
                    DDT_CORRUPTED,
                    PDT_CORRUPTED,
                    MSI_CORRUPTED,
                    INTERRUPT_FILE_ACCESS,
                    INTERRUPT_FILE_CORRUPTED,
                    MESSAGE_WRITE,
                    TABLE_CORRUPTED ->
                    Set.of(StopCause.OTHER);
        };
    }

    /// The specification's words; the kernel's driver prints the number only.
    @Override
    public String kernelText() {
        return kernelText;
    }

    @Override
    public String meaning() {
        return meaning;
    }

    /// Of three causes that differ in what the request wanted, the one for an access.
    private static RiscvFault byAccess(
            long access, RiscvFault execute, RiscvFault read, RiscvFault write) {
        if ((access & TableEntry.EXECUTE) != 0) {
            return execute;
        }
        return (access & TableEntry.READ) != 0 ? read : write;
    }

    /// @param access what the request is judged by: EXECUTE before READ before WRITE
    static RiscvFault access(long access) {
        return byAccess(access, EXECUTE_ACCESS, READ_ACCESS, WRITE_ACCESS);
    }

    /// @param access as in [#access]
    static RiscvFault page(long access) {
        return byAccess(access, EXECUTE_PAGE, READ_PAGE, WRITE_PAGE);
    }

    /// @param access as in [#access]
    static RiscvFault guestPage(long access) {
        return byAccess(access, EXECUTE_GUEST_PAGE, READ_GUEST_PAGE, WRITE_GUEST_PAGE);
    }

    /// Whether the second stage stopped the request; `iotval2` tells where.
    boolean isGuestPage() {
        return this == EXECUTE_GUEST_PAGE || this == READ_GUEST_PAGE || this == WRITE_GUEST_PAGE;
    }

    /// The cause that hardware numbers so.
    public static Optional<RiscvFault> ofCode(int code) {
        for (var fault : values()) {
            if (fault.code == code) {
                return Optional.of(fault);
            }
        }
        return Optional.empty();
    }
}
