package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableWalker;

import java.util.Optional;

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
            "The root table address asks for a table mode that this unit does not execute.");

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
    public String kernelText() {
        return kernelText;
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
