package iommulab.engine.iommu.selftest;

import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.StopCause;

import java.util.Set;

/// Why the self-test's IOMMU stops a request: the reason in its fault record.
public enum SelftestFault implements FaultReason {
    DEVICE_TABLE_UNREADABLE(1, "device table unreadable", "The device table is not in memory."),
    BEYOND_DEVICE_TABLE(2, "no device entry", "The device table has no entry for this requester."),
    DEVICE_BLOCKED(
            3,
            "device blocked",
            "The device's entry says blocked: it is in no domain, or in a blocked one."),
    ENTRY_MALFORMED(
            4,
            "malformed entry",
            "The entry of the device or of the PASID has a reserved bit set, an unknown type, or"
                    + " says that tables translate and names none."),
    PASIDS_OFF(
            5,
            "PASIDs not allowed",
            "The request has a PASID, and the device's entry has no directory of PASIDs."),
    PASID_NOT_ATTACHED(
            6, "PASID not attached", "The entry of this PASID is missing, or says blocked."),
    PASID_TABLE_UNREADABLE(
            7,
            "PASID table unreadable",
            "The directory or a table of the device's PASIDs is not in memory, or its pointer has a"
                    + " reserved bit set."),
    FIRST_STAGE_NOT_MAPPED(
            8, "first stage not mapped", "The first stage maps nothing at this address."),
    FIRST_STAGE_NO_RIGHT(
            9,
            "first stage no right",
            "The first stage maps the address, but does not allow what the request wants."),
    SECOND_STAGE_NOT_MAPPED(
            10,
            "second stage not mapped",
            "The second stage maps nothing at this address, or at that of a first-stage table."),
    SECOND_STAGE_NO_RIGHT(
            11,
            "second stage no right",
            "The second stage maps the address, but does not allow what the request, or the marking"
                    + " of a first-stage entry, wants."),
    TABLE_UNREADABLE(
            12, "page table unreadable", "A page table is not in memory, or cannot be written."),
    TABLE_MALFORMED(13, "malformed page table", "A page-table entry has a reserved bit set.");

    private final int code;
    private final String kernelText;
    private final String meaning;

    SelftestFault(int code, String kernelText, String meaning) {
        this.code = code;
        this.kernelText = kernelText;
        this.meaning = meaning;
    }

    /// 8 bits.
    @Override
    public int code() {
        return code;
    }

    /// Linux has no hardware of this kind, and so no text; this is what our driver prints.
    @Override
    public String kernelText() {
        return kernelText;
    }

    @Override
    public Set<StopCause> causes() {
        return Set.of(cause());
    }

    StopCause cause() {
        return switch (this) {
            case BEYOND_DEVICE_TABLE, DEVICE_BLOCKED -> StopCause.BLOCKED;
            case PASIDS_OFF, PASID_NOT_ATTACHED -> StopCause.PASID;
            case FIRST_STAGE_NOT_MAPPED -> StopCause.FIRST_STAGE_UNMAPPED;
            case FIRST_STAGE_NO_RIGHT -> StopCause.FIRST_STAGE_RIGHTS;
            case SECOND_STAGE_NOT_MAPPED -> StopCause.SECOND_STAGE_UNMAPPED;
            case SECOND_STAGE_NO_RIGHT -> StopCause.SECOND_STAGE_RIGHTS;
            case DEVICE_TABLE_UNREADABLE,
                    ENTRY_MALFORMED,
                    PASID_TABLE_UNREADABLE,
                    TABLE_UNREADABLE,
                    TABLE_MALFORMED ->
                    StopCause.OTHER;
        };
    }

    @Override
    public String meaning() {
        return meaning;
    }
}
