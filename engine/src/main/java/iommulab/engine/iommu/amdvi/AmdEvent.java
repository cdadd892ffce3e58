package iommulab.engine.iommu.amdvi;

import iommulab.engine.pci.RequesterId;

/// One entry of the event log: 128 bits.
/// Spec: AMD IOMMU, "Event Logging".
///
/// @param low bits 63:0
/// @param high bits 127:64
public record AmdEvent(long low, long high) {
    static final int ILLEGAL_DEV_TABLE_ENTRY = 1;
    static final int IO_PAGE_FAULT = 2;
    static final int DEV_TAB_HARDWARE_ERROR = 3;
    static final int PAGE_TAB_HARDWARE_ERROR = 4;
    static final int ILLEGAL_COMMAND_ERROR = 5;
    static final int COMMAND_HARDWARE_ERROR = 6;
    static final int IOTLB_INV_TIMEOUT = 7;
    static final int INVALID_DEVICE_REQUEST = 8;
    static final int INVALID_PPR_REQUEST = 9;

    /* Flags: bits 59:48, shifted down. */
    static final int GUEST = 1;
    static final int EXECUTE = 1 << 1;
    static final int USER = 1 << 2;
    static final int PRESENT = 1 << 4;
    static final int WRITE = 1 << 5;
    static final int PERMISSION = 1 << 6;
    static final int RESERVED_BIT = 1 << 7;
    static final int TRANSLATION = 1 << 8;

    /// Type of a hardware error: nobody answered.
    static final int MASTER_ABORT = 1 << 9;

    /// Where an invalid device request has its type.
    static final int REQUEST_TYPE_AT = 9;

    static final int TYPE_INTERRUPT_READ = 0;
    static final int TYPE_TRANSLATED = 1;
    static final int TYPE_PORT = 2;
    static final int TYPE_MANAGEMENT = 3;

    private static final int FLAGS_AT = 48;

    /// @param number PASID if the flags have GUEST, else domain ID; 0 if neither is known
    /// @param flags bits 59:48
    static AmdEvent ofRequest(int code, int device, int number, int flags, long address) {
        boolean guest = (flags & GUEST) != 0;
        return new AmdEvent(
                (long) code << 60
                        | (long) flags << FLAGS_AT
                        | (number & 0xffffL) << 32
                        | (guest ? (number >>> 16 & 0xfL) << 16 : 0)
                        | device,
                address);
    }

    /// @param address of the command
    static AmdEvent ofCommand(int code, int flags, long address) {
        return new AmdEvent((long) code << 60 | (long) flags << FLAGS_AT, address);
    }

    /// @param device that did not answer
    /// @param address of the command
    static AmdEvent ofTimeout(int device, long address) {
        return new AmdEvent((long) IOTLB_INV_TIMEOUT << 60 | device, address);
    }

    /// Number of the event.
    public int code() {
        return (int) (low >>> 60);
    }

    public int device() {
        return (int) low & 0xffff;
    }

    /// Bits 59:48, shifted down.
    public int flags() {
        return (int) (low >>> FLAGS_AT) & 0xfff;
    }

    /// Domain ID, or PASID if GN is set.
    public int number() {
        int number = (int) (low >>> 32) & 0xffff;
        return (flags() & GUEST) == 0 ? number : number | ((int) (low >>> 16) & 0xf) << 16;
    }

    /// The name that specification and kernel have for a code.
    public static String name(int code) {
        return switch (code) {
            case ILLEGAL_DEV_TABLE_ENTRY -> "ILLEGAL_DEV_TABLE_ENTRY";
            case IO_PAGE_FAULT -> "IO_PAGE_FAULT";
            case DEV_TAB_HARDWARE_ERROR -> "DEV_TAB_HARDWARE_ERROR";
            case PAGE_TAB_HARDWARE_ERROR -> "PAGE_TAB_HARDWARE_ERROR";
            case ILLEGAL_COMMAND_ERROR -> "ILLEGAL_COMMAND_ERROR";
            case COMMAND_HARDWARE_ERROR -> "COMMAND_HARDWARE_ERROR";
            case IOTLB_INV_TIMEOUT -> "IOTLB_INV_TIMEOUT";
            case INVALID_DEVICE_REQUEST -> "INVALID_DEVICE_REQUEST";
            case INVALID_PPR_REQUEST -> "INVALID_PPR_REQUEST";
            default -> "UNKNOWN event";
        };
    }

    /// What the kernel prints of an event that a request caused; before it stands the name of the device's
    /// driver (page faults) or that of the IOMMU, behind it the entry of the device if that is illegal.
    /// Source: kernel `iommu_print_event`, `amd_iommu_report_page_fault`.
    public String kernelLine() {
        var device = "0000:" + new RequesterId(device());
        return switch (code()) {
            case IO_PAGE_FAULT ->
                    "%s: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x%04x address=0x%x flags=0x%04x]"
                            .formatted(device, number(), high, flags());
            case DEV_TAB_HARDWARE_ERROR ->
                    "AMD-Vi: Event logged [DEV_TAB_HARDWARE_ERROR device=%s address=0x%x flags=0x%04x]"
                            .formatted(device, high, flags());
            case PAGE_TAB_HARDWARE_ERROR ->
                    "AMD-Vi: Event logged [PAGE_TAB_HARDWARE_ERROR device=%s pasid=0x%04x address=0x%x flags=0x%04x]"
                            .formatted(device, number(), high, flags());
            default ->
                    "AMD-Vi: Event logged [%s device=%s pasid=0x%05x address=0x%x flags=0x%04x]"
                            .formatted(name(code()), device, number(), high, flags());
        };
    }

    @Override
    public String toString() {
        return "%s device=0x%04x %s=0x%x address=0x%x flags=0x%03x"
                .formatted(
                        name(code()),
                        device(),
                        (flags() & GUEST) == 0 ? "domain" : "pasid",
                        number(),
                        high,
                        flags());
    }
}
