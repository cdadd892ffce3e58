package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableWalker;

import java.util.Optional;
import java.util.Set;

/// Why VT-d stops a request. A qualified fault is not recorded if the context entry has FPD set; the
/// request is stopped all the same.
/// Spec: VT-d, "Non-Recoverable Address Translation Faults".
public enum VtdFault implements FaultReason {
    ROOT_NOT_PRESENT(
            0x1,
            false,
            "Present bit in root entry is clear",
            "No device of this bus has a context table: P of the bus's root entry is 0."),
    CONTEXT_NOT_PRESENT(
            0x2,
            true,
            "Present bit in context entry is clear",
            "Nobody gave this requester a translation: P of its context entry is 0."),
    CONTEXT_INVALID(
            0x3,
            true,
            "Invalid context entry",
            "The context entry asks for an address width or a translation type that this unit does"
                    + " not have, or its second-stage table is not in memory."),
    BEYOND_WIDTH(
            0x4,
            true,
            "Access beyond MGAW",
            "The address has more bits than the unit, or the tree of this domain, translates."),
    NO_WRITE_RIGHT(
            0x5,
            true,
            "PTE Write access is not set",
            "The request writes, and an entry on its way has W = 0."),
    NO_READ_RIGHT(
            0x6,
            true,
            "PTE Read access is not set",
            "The request reads, and an entry on its way has R = 0."),
    TABLE_UNREADABLE(
            0x7,
            true,
            "Next page table ptr is invalid",
            "An entry points to a table where no memory answers."),
    ROOT_UNREADABLE(
            0x8,
            false,
            "Root table address invalid",
            "No memory answers where the root table should be."),
    CONTEXT_UNREADABLE(
            0x9,
            false,
            "Context table ptr is invalid",
            "The root entry points to a context table where no memory answers."),
    ROOT_RESERVED(
            0xa,
            false,
            "non-zero reserved fields in RTP",
            "A reserved bit of the root entry is set."),
    CONTEXT_RESERVED(
            0xb,
            true,
            "non-zero reserved fields in CTP",
            "A reserved bit of the context entry is set."),
    TABLE_RESERVED(
            0xc,
            true,
            "non-zero reserved fields in PTE",
            "A reserved bit of a second-stage entry is set, or bits of its address that this host"
                    + " does not have."),
    TYPE_BLOCKED(
            0xd,
            true,
            "PCE for translation request specifies blocking",
            "The device asks for a translation, or uses one, and TT of its context entry does not"
                    + " allow that."),
    OUTPUT_IS_INTERRUPT(
            0xe,
            true,
            "Unknown",
            "The tables lead to 0xfeexxxxx, where a write would be an interrupt."),
    ROOT_MODE_INVALID(
            0x30,
            false,
            "SM: Invalid Root Table Address",
            "The root table address asks for a table mode that this unit does not have."),
    PASID_IN_LEGACY_MODE(
            0x31,
            false,
            "SM: TTM 0 for request with PASID",
            "The request has a PASID, and the root table address says legacy mode, which knows"
                    + " none."),
    PAGE_REQUEST_IN_LEGACY_MODE(
            0x32,
            false,
            "SM: TTM 0 for page group request",
            "The device asks for a page, and the root table address says legacy mode."),
    SM_ROOT_UNREADABLE(
            0x38,
            false,
            "SM: Error attempting to access Root Entry",
            "No memory answers where the root table should be."),
    SM_ROOT_NOT_PRESENT(
            0x39,
            false,
            "SM: Present bit in Root Entry is clear",
            "Half of this bus's devices have no context table: LP (devices 0 to 15) or UP (16 to"
                    + " 31) of the root entry is 0."),
    SM_ROOT_RESERVED(
            0x3a,
            false,
            "SM: Non-zero reserved field set in Root Entry",
            "A reserved bit is set in the half of the root entry that counts for this device."),
    SM_CONTEXT_UNREADABLE(
            0x40,
            false,
            "SM: Error attempting to access Context Entry",
            "The root entry points to a context table where no memory answers."),
    SM_CONTEXT_NOT_PRESENT(
            0x41,
            true,
            "SM: Present bit in Context Entry is clear",
            "Nobody gave this requester a translation: P of its context entry is 0."),
    SM_CONTEXT_RESERVED(
            0x42,
            true,
            "SM: Non-zero reserved field set in the Context Entry",
            "A reserved bit of the context entry is set."),
    SM_CONTEXT_INVALID(
            0x43,
            true,
            "SM: Invalid Context Entry",
            "RID_PASID of the context entry is larger than its PASID directory (PDTS) reaches."),
    DEVICE_TLB_OFF(
            0x44,
            true,
            "SM: DTE field in Context Entry is clear",
            "The device asks for a translation, or uses one, and DTE of its context entry is 0."),
    PASIDS_OFF(
            0x45,
            true,
            "SM: PASID Enable field in Context Entry is clear",
            "The request has a PASID, and PASIDE of the context entry is 0."),
    PASID_TOO_LARGE(
            0x46,
            true,
            "SM: PASID is larger than the max in Context Entry",
            "The PASID is larger than the PASID directory (PDTS) reaches."),
    PAGE_REQUESTS_OFF(
            0x47,
            true,
            "SM: PRE field in Context-Entry is clear",
            "The device asks for a page, and PRE of its context entry is 0."),
    DIRECTORY_UNREADABLE(
            0x50,
            true,
            "SM: Error attempting to access the PASID Directory Entry",
            "The context entry points to a PASID directory where no memory answers."),
    DIRECTORY_NOT_PRESENT(
            0x51,
            true,
            "SM: Present bit in Directory Entry is clear",
            "These 64 PASIDs have no PASID table: P of the directory entry is 0."),
    DIRECTORY_RESERVED(
            0x52,
            true,
            "SM: Non-zero reserved field set in PASID Directory Entry",
            "A reserved bit of the PASID directory entry is set."),
    PASID_UNREADABLE(
            0x58,
            true,
            "SM: Error attempting to access PASID Table Entry",
            "The directory entry points to a PASID table where no memory answers."),
    PASID_NOT_PRESENT(
            0x59,
            true,
            "SM: Present bit in PASID Table Entry is clear",
            "Nobody gave this PASID an address space: P of its entry is 0."),
    PASID_RESERVED(
            0x5a,
            true,
            "SM: Non-zero reserved field set in PASID Table Entry",
            "A reserved bit of the PASID table entry is set."),
    PASID_INVALID(
            0x5b,
            true,
            "SM: Invalid Scalable-Mode PASID Table Entry",
            "The PASID table entry asks for a translation type (PGTT) or a number of levels (AW,"
                    + " FSPM) that this unit does not have."),
    EXECUTE_OFF(
            0x5c,
            true,
            "SM: ERE field is clear in PASID Table Entry",
            "The request asks for the right to execute, and ERE of the PASID table entry is 0."),
    SUPERVISOR_OFF(
            0x5d,
            true,
            "SM: SRE field is clear in PASID Table Entry",
            "The request is a supervisor's, and SRE of the PASID table entry is 0."),
    FIRST_TABLE_UNREADABLE(
            0x70,
            true,
            "SM: Error attempting to access first-level paging entry",
            "A first-stage entry points to a table where no memory answers."),
    FIRST_NOT_PRESENT(
            0x71,
            true,
            "SM: Present bit in first-level paging entry is clear",
            "The address is not mapped: P of a first-stage entry on its way is 0."),
    FIRST_RESERVED(
            0x72,
            true,
            "SM: Non-zero reserved field set in first-level paging entry",
            "A reserved bit of a first-stage entry is set, or bits of its address that this host"
                    + " does not have."),
    FIRST_TOP_UNREADABLE(
            0x73,
            true,
            "SM: Error attempting to access FL-PML4 entry",
            "FSPTPTR of the PASID table entry leads to where no memory answers."),
    FIRST_BEYOND_SECOND(
            0x74,
            true,
            "SM: First-level entry address beyond MGAW in Nested translation",
            "A first-stage table has a guest-physical address wider than the second stage"
                    + " translates."),
    TOP_NOT_READABLE_BELOW(
            0x75,
            true,
            "SM: Read permission error in FL-PML4 entry in Nested translation",
            "The second stage does not let the unit read the top table of the first stage."),
    TABLE_NOT_READABLE_BELOW(
            0x76,
            true,
            "SM: Read permission error in first-level paging entry in Nested translation",
            "The second stage does not let the unit read a table of the first stage."),
    TABLE_NOT_WRITABLE_BELOW(
            0x77,
            true,
            "SM: Write permission error in first-level paging entry in Nested translation",
            "The walk has to set the accessed or dirty bit of a first-stage entry, and the second"
                    + " stage does not let it write there."),
    SECOND_TABLE_UNREADABLE(
            0x78,
            true,
            "SM: Error attempting to access second-level paging entry",
            "A second-stage entry points to a table where no memory answers."),
    SECOND_NOT_PRESENT(
            0x79,
            true,
            "SM: Read/Write permission error in second-level paging entry",
            "The second-stage entries on the way leave neither the right to read nor that to"
                    + " write."),
    SECOND_RESERVED(
            0x7a,
            true,
            "SM: Non-zero reserved field set in second-level paging entry",
            "A reserved bit of a second-stage entry is set, or bits of its address that this host"
                    + " does not have."),
    SECOND_TOP_UNREADABLE(
            0x7b,
            true,
            "SM: Invalid second-level page table pointer",
            "SSPTPTR of the PASID table entry leads to where no memory answers."),
    SECOND_UNMARKED(
            0x7c,
            true,
            "SM: A/D bit update needed in second-level entry when set up in no snoop",
            "The walk has to set A or D of a second-stage entry, and PWSNP = 0 forbids the snooped"
                    + " access that this takes."),
    SECOND_NOT_UPDATED(
            0x7d, true, "Unknown", "Memory did not take A or D of a second-stage entry."),
    NOT_CANONICAL(
            0x80,
            true,
            "SM: Address in first-level translation is not canonical",
            "The bits of the address above those that the first stage translates are not all equal"
                    + " to the highest that it translates."),
    NOT_FOR_USERS(
            0x81,
            true,
            "SM: U/S set 0 for first-level translation with user privilege",
            "The request is a user's, and U/S of a first-stage entry on its way is 0."),
    NO_EXECUTE_RIGHT(
            0x82,
            true,
            "SM: No execute permission for request with PASID and ER=1",
            "The request asks for the right to execute, and an entry on its way forbids it: XD of"
                + " the first stage, X of the second, or SMEP for a supervisor on a user's page."),
    BEYOND_HOST(
            0x83,
            true,
            "SM: Address beyond the DMA hardware max",
            "The address passes through unchanged, and this host has no such address."),
    SM_BEYOND_WIDTH(
            0x84,
            true,
            "SM: Second-level entry address beyond the max",
            "The address has more bits than the second stage translates."),
    SM_NO_WRITE_RIGHT(
            0x85,
            true,
            "SM: No write permission for Write/AtomicOp request",
            "The request writes, and an entry on its way does not allow that."),
    SM_NO_READ_RIGHT(
            0x86,
            true,
            "SM: No read permission for Read/AtomicOp request",
            "The request reads, and an entry on its way does not allow that."),
    SM_OUTPUT_IS_INTERRUPT(
            0x87,
            true,
            "SM: Invalid address-interrupt address",
            "The tables lead to 0xfeexxxxx, where a write would be an interrupt."),
    FIRST_UNMARKED(
            0x90,
            true,
            "SM: A/D bit update needed in first-level entry when set up in no snoop",
            "The walk has to set A or D of a first-stage entry, and PWSNP = 0 forbids the snooped"
                    + " access that this takes."),
    FIRST_NOT_UPDATED(0x91, true, "Unknown", "Memory did not take A or D of a first-stage entry.");

    private final int code;
    private final boolean qualified;
    private final String kernelText;
    private final String meaning;

    VtdFault(int code, boolean qualified, String kernelText, String meaning) {
        this.code = code;
        this.qualified = qualified;
        this.kernelText = kernelText;
        this.meaning = meaning;
    }

    @Override
    public int code() {
        return code;
    }

    /// Whether FPD silences it.
    public boolean qualified() {
        return qualified;
    }

    @Override
    public boolean isOfPageRequest() {
        return this == PAGE_REQUEST_IN_LEGACY_MODE || this == PAGE_REQUESTS_OFF;
    }

    @Override
    public String kernelText() {
        return kernelText;
    }

    @Override
    public Set<StopCause> causes() {
        return VtdCauses.of(this);
    }

    @Override
    public String meaning() {
        return meaning;
    }

    /// The right that a request asked for and did not have.
    static VtdFault missingRight(int access) {
        return (access & TableEntry.WRITE) != 0 ? NO_WRITE_RIGHT : NO_READ_RIGHT;
    }

    /// The reason for a failure that [TableWalker#walk] gave.
    static VtdFault ofWalk(long failure, int access) {
        if (failure == TableWalker.NO_RIGHT || failure == TableWalker.NOT_PRESENT) {
            return missingRight(access);
        }
        if (TableWalker.brokenRule(failure) >= 0) {
            return TABLE_RESERVED;
        }
        return failure == TableWalker.NO_TABLE ? TABLE_UNREADABLE : CONTEXT_INVALID;
    }

    /// The reason that hardware numbers so.
    public static Optional<VtdFault> ofCode(int code) {
        for (var fault : values()) {
            if (fault.code == code) {
                return Optional.of(fault);
            }
        }
        return Optional.empty();
    }
}
