package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.StopCause;

import java.util.Set;

/// Why an AMD IOMMU stops a request. Several reasons share the code of one event; the event's flags tell
/// them apart.
/// Spec: AMD IOMMU, "Event Logging".
public enum AmdFault implements FaultReason {
    DEVICE_ENTRY_RESERVED(
            AmdEvent.ILLEGAL_DEV_TABLE_ENTRY,
            AmdEvent.RESERVED_BIT,
            "A reserved bit of the device table entry is set."),
    DEVICE_ENTRY_ILLEGAL(
            AmdEvent.ILLEGAL_DEV_TABLE_ENTRY,
            0,
            "A field of the device table entry has a value that this IOMMU does not execute: the"
                    + " levels of the host table, of the GCR3 table or of the guest table."),
    BEYOND_DEVICE_TABLE(
            AmdEvent.ILLEGAL_DEV_TABLE_ENTRY,
            0,
            "The device table is too short to have an entry for this device."),
    PAGE_NOT_PRESENT(
            AmdEvent.IO_PAGE_FAULT,
            0,
            "An entry on the way of the address is not present: nobody mapped it."),
    BEYOND_TABLE(
            AmdEvent.IO_PAGE_FAULT,
            0,
            "The address, or the PASID, has more bits than the tables translate."),
    LEVEL_SKIPPED(
            AmdEvent.IO_PAGE_FAULT,
            0,
            "An entry skips levels whose bits of the address are not zero."),
    PASID_NOT_PRESENT(
            AmdEvent.IO_PAGE_FAULT,
            0,
            "Nobody gave this PASID a table: V of an entry of the GCR3 table is 0."),
    RIGHT_MISSING(
            AmdEvent.IO_PAGE_FAULT,
            AmdEvent.PRESENT | AmdEvent.PERMISSION,
            "The page is mapped, but the device table entry or an entry of the tables does not"
                    + " allow this access."),
    TABLE_RESERVED(
            AmdEvent.IO_PAGE_FAULT,
            AmdEvent.PRESENT | AmdEvent.RESERVED_BIT,
            "A reserved bit of a table's entry is set."),
    LEVEL_ILLEGAL(
            AmdEvent.IO_PAGE_FAULT,
            AmdEvent.PRESENT,
            "An entry names a next level that is not below its own, or a page size that does not"
                    + " fit."),
    DEVICE_TABLE_UNREADABLE(
            AmdEvent.DEV_TAB_HARDWARE_ERROR,
            AmdEvent.MASTER_ABORT,
            "No memory answers where the device table entry should be."),
    TABLE_UNREADABLE(
            AmdEvent.PAGE_TAB_HARDWARE_ERROR,
            AmdEvent.MASTER_ABORT,
            "An entry points to a table where no memory answers."),
    TRANSLATION_REFUSED(
            AmdEvent.INVALID_DEVICE_REQUEST,
            AmdEvent.TYPE_TRANSLATED << AmdEvent.REQUEST_TYPE_AT,
            "The device asks for a translation, uses one, or sends a PASID, and its device table"
                    + " entry does not allow that (I, GV)."),
    PORT_REFUSED(
            AmdEvent.INVALID_DEVICE_REQUEST,
            AmdEvent.TYPE_PORT << AmdEvent.REQUEST_TYPE_AT,
            "The address is in the port I/O range, and IoCtl of the device table entry stops"
                    + " that."),
    MANAGEMENT_REFUSED(
            AmdEvent.INVALID_DEVICE_REQUEST,
            AmdEvent.TYPE_MANAGEMENT << AmdEvent.REQUEST_TYPE_AT,
            "The address is in the system management range, and SysMgt of the device table entry"
                    + " stops that."),
    PAGE_REQUEST_REFUSED(
            AmdEvent.INVALID_PPR_REQUEST,
            0,
            "The device asks for a page, and its device table entry does not allow that (PPR).");

    private final int code;
    private final int flags;
    private final String meaning;

    AmdFault(int code, int flags, String meaning) {
        this.code = code;
        this.flags = flags;
        this.meaning = meaning;
    }

    /// Code of the event that is logged.
    @Override
    public int code() {
        return code;
    }

    /// Bits 59:48 of the event that this reason decides.
    int flags() {
        return flags;
    }

    /// Whether a translation request that meets it is answered with no rights, and nothing is logged.
    boolean isUnlogged() {
        return switch (this) {
            case PAGE_NOT_PRESENT, BEYOND_TABLE, LEVEL_SKIPPED, PASID_NOT_PRESENT, RIGHT_MISSING ->
                    true;
            case BEYOND_DEVICE_TABLE,
                    DEVICE_ENTRY_RESERVED,
                    DEVICE_ENTRY_ILLEGAL,
                    TABLE_RESERVED,
                    LEVEL_ILLEGAL,
                    DEVICE_TABLE_UNREADABLE,
                    TABLE_UNREADABLE,
                    TRANSLATION_REFUSED,
                    PORT_REFUSED,
                    MANAGEMENT_REFUSED,
                    PAGE_REQUEST_REFUSED ->
                    false;
        };
    }

    @Override
    public Set<StopCause> causes() {
        return switch (this) {
            case BEYOND_DEVICE_TABLE -> Set.of(StopCause.BLOCKED);
            case PAGE_NOT_PRESENT ->
                    Set.of(StopCause.FIRST_STAGE_UNMAPPED, StopCause.SECOND_STAGE_UNMAPPED);
            case BEYOND_TABLE ->
                    Set.of(
                            StopCause.PASID,
                            StopCause.FIRST_STAGE_UNMAPPED,
                            StopCause.SECOND_STAGE_UNMAPPED);
            case LEVEL_SKIPPED -> Set.of(StopCause.SECOND_STAGE_UNMAPPED);
            case PASID_NOT_PRESENT -> Set.of(StopCause.PASID);
            case RIGHT_MISSING ->
                    Set.of(
                            StopCause.BLOCKED,
                            StopCause.FIRST_STAGE_RIGHTS,
                            StopCause.SECOND_STAGE_RIGHTS);
            case TRANSLATION_REFUSED -> Set.of(StopCause.PASID, StopCause.OTHER);
            case DEVICE_ENTRY_RESERVED,
                    DEVICE_ENTRY_ILLEGAL,
                    TABLE_RESERVED,
                    LEVEL_ILLEGAL,
                    DEVICE_TABLE_UNREADABLE,
                    TABLE_UNREADABLE,
                    PORT_REFUSED,
                    MANAGEMENT_REFUSED,
                    PAGE_REQUEST_REFUSED ->
                    Set.of(StopCause.OTHER);
        };
    }

    @Override
    public boolean isOfPageRequest() {
        return this == PAGE_REQUEST_REFUSED;
    }

    @Override
    public String kernelText() {
        return AmdEvent.name(code);
    }

    @Override
    public String meaning() {
        return meaning;
    }
}
