package iommulab.app.software;

/// Where a thing stands between processes at the left and hardware at the right. Within an IOMMUFD, what is
/// kept alive stands left of what keeps it.
enum Rank {
    PROCESS,
    FILE,
    BOND,
    MADE,
    IOMMUFD,
    ADDRESS_SPACE,
    TABLE,
    VIRTUAL,
    GUEST_TABLE,
    DEVICE,
    GROUP;

    /// @param type in the kernel's words
    /// @param inside whether it is a part of a file
    static Rank of(String type, boolean inside) {
        if (!inside) {
            return switch (type) {
                case "process" -> PROCESS;
                case "IOMMUFD" -> IOMMUFD;
                case "SVA bond" -> BOND;
                case "mediated device" -> MADE;
                default -> FILE;
            };
        }
        return switch (type) {
            case "IOAS" -> ADDRESS_SPACE;
            case "HWPT_PAGING" -> TABLE;
            case "VIOMMU", "FAULT" -> VIRTUAL;
            case "HWPT_NESTED", "VEVENTQ", "HW_QUEUE" -> GUEST_TABLE;
            default -> DEVICE;
        };
    }

    boolean isInside() {
        return ordinal() >= ADDRESS_SPACE.ordinal() && ordinal() <= DEVICE.ordinal();
    }
}
