package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.StopCause;

import java.util.Set;

/// What VT-d's reasons come to in the terms of all architectures.
final class VtdCauses {
    private static final Set<StopCause> SECOND_STAGE =
            Set.of(StopCause.SECOND_STAGE_UNMAPPED, StopCause.SECOND_STAGE_RIGHTS);
    private static final Set<StopCause> RIGHTS =
            Set.of(StopCause.FIRST_STAGE_RIGHTS, StopCause.SECOND_STAGE_RIGHTS);

    private VtdCauses() {}

    static Set<StopCause> of(VtdFault fault) {
        return switch (fault) {
            case ROOT_NOT_PRESENT,
                    CONTEXT_NOT_PRESENT,
                    SM_ROOT_NOT_PRESENT,
                    SM_CONTEXT_NOT_PRESENT ->
                    Set.of(StopCause.BLOCKED);
            case PASID_IN_LEGACY_MODE, PASIDS_OFF, PASID_TOO_LARGE -> Set.of(StopCause.PASID);
            // A device's own requests go by the entry of a PASID as well.
            case DIRECTORY_NOT_PRESENT, PASID_NOT_PRESENT ->
                    Set.of(StopCause.BLOCKED, StopCause.PASID);
            case NO_WRITE_RIGHT, NO_READ_RIGHT, TOP_NOT_READABLE_BELOW, TABLE_NOT_READABLE_BELOW ->
                    SECOND_STAGE;
            case SM_NO_WRITE_RIGHT, SM_NO_READ_RIGHT, NO_EXECUTE_RIGHT -> RIGHTS;
            case FIRST_NOT_PRESENT, NOT_CANONICAL -> Set.of(StopCause.FIRST_STAGE_UNMAPPED);
            case NOT_FOR_USERS -> Set.of(StopCause.FIRST_STAGE_RIGHTS);
            case BEYOND_WIDTH, SM_BEYOND_WIDTH, FIRST_BEYOND_SECOND, SECOND_NOT_PRESENT ->
                    Set.of(StopCause.SECOND_STAGE_UNMAPPED);
            case TABLE_NOT_WRITABLE_BELOW -> Set.of(StopCause.SECOND_STAGE_RIGHTS);
            case CONTEXT_INVALID,
                    TABLE_UNREADABLE,
                    ROOT_UNREADABLE,
                    CONTEXT_UNREADABLE,
                    ROOT_RESERVED,
                    CONTEXT_RESERVED,
                    TABLE_RESERVED,
                    TYPE_BLOCKED,
                    OUTPUT_IS_INTERRUPT,
                    ROOT_MODE_INVALID,
                    PAGE_REQUEST_IN_LEGACY_MODE,
                    SM_ROOT_UNREADABLE,
                    SM_ROOT_RESERVED,
                    SM_CONTEXT_UNREADABLE,
                    SM_CONTEXT_RESERVED,
                    SM_CONTEXT_INVALID,
                    DEVICE_TLB_OFF,
                    PAGE_REQUESTS_OFF,
                    DIRECTORY_UNREADABLE,
                    DIRECTORY_RESERVED,
                    PASID_UNREADABLE,
                    PASID_RESERVED,
                    PASID_INVALID,
                    EXECUTE_OFF,
                    SUPERVISOR_OFF,
                    FIRST_TABLE_UNREADABLE,
                    FIRST_RESERVED,
                    FIRST_TOP_UNREADABLE,
                    SECOND_TABLE_UNREADABLE,
                    SECOND_RESERVED,
                    SECOND_TOP_UNREADABLE,
                    SECOND_UNMARKED,
                    SECOND_NOT_UPDATED,
                    BEYOND_HOST,
                    SM_OUTPUT_IS_INTERRUPT,
                    FIRST_UNMARKED,
                    FIRST_NOT_UPDATED ->
                    Set.of(StopCause.OTHER);
        };
    }
}
