package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.Structure;

import java.util.Optional;

/// The entries of the event log and of the page request log, bit by bit.
/// Spec: AMD IOMMU, "Event Logging", "Peripheral Page Request Logging".
public final class AmdLogStructures {
    private AmdLogStructures() {}

    /// The layout of an event; empty if this unit logs none with that code.
    ///
    /// @param code bits 63:60 of its first word
    public static Optional<Structure> event(int code) {
        return switch (code) {
            case AmdEvent.ILLEGAL_DEV_TABLE_ENTRY ->
                    Optional.of(faultOfDevice("ILLEGAL_DEV_TABLE_ENTRY"));
            case AmdEvent.IO_PAGE_FAULT -> Optional.of(pageFault());
            case AmdEvent.DEV_TAB_HARDWARE_ERROR ->
                    Optional.of(hardwareError("DEV_TAB_HARDWARE_ERROR", false));
            case AmdEvent.PAGE_TAB_HARDWARE_ERROR ->
                    Optional.of(hardwareError("PAGE_TAB_HARDWARE_ERROR", true));
            case AmdEvent.ILLEGAL_COMMAND_ERROR ->
                    Optional.of(ofCommand("ILLEGAL_COMMAND_ERROR", false));
            case AmdEvent.COMMAND_HARDWARE_ERROR ->
                    Optional.of(ofCommand("COMMAND_HARDWARE_ERROR", true));
            case AmdEvent.IOTLB_INV_TIMEOUT -> Optional.of(timeout());
            case AmdEvent.INVALID_DEVICE_REQUEST -> Optional.of(invalidDeviceRequest());
            case AmdEvent.INVALID_PPR_REQUEST -> Optional.of(invalidPprRequest());
            default -> Optional.empty();
        };
    }

    private static Structure.Builder event(String name) {
        return new Structure.Builder(name, 2).value(0, 63, 60, "EventCode", _ -> name);
    }

    private static Structure.Builder device(Structure.Builder event) {
        return event.value(0, 15, 0, "DeviceID", value -> "device 0x%04x".formatted(value));
    }

    private static Structure.Builder highPasid(Structure.Builder event) {
        return event.value(0, 19, 16, "PASID[19:16]", AmdLogStructures::pasidPart);
    }

    private static String pasidPart(long value) {
        return "bits of the PASID: 0x%x".formatted(value);
    }

    private static Structure.Builder address(Structure.Builder event, int low, String what) {
        event.address(1, 63, low, "Address", what);
        return low == 0 ? event : event.reserved(1, low - 1, 0);
    }

    private static Structure.Builder guest(Structure.Builder event) {
        return event.bit(0, 48, "GN", "host translation", "guest translation, PASID valid");
    }

    private static Structure.Builder write(Structure.Builder event) {
        return event.bit(0, 53, "RW", "read", "write");
    }

    private static Structure.Builder interrupt(Structure.Builder event) {
        return event.bit(0, 51, "I", "memory request", "interrupt request");
    }

    private static Structure.Builder translation(Structure.Builder event) {
        return event.bit(0, 56, "TR", "transaction", "translation request");
    }

    private static Structure faultOfDevice(String name) {
        var event = highPasid(device(event(name)));
        event.reserved(0, 59, 57).bit(0, 55, "RZ", "illegal encoding", "a reserved bit is set");
        translation(event).reserved(0, 54, 54);
        write(event).reserved(0, 52, 52);
        interrupt(event).reserved(0, 50, 49);
        guest(event).value(0, 47, 32, "PASID[15:0]", AmdLogStructures::pasidPart);
        return address(event.reserved(0, 31, 20), 2, "request for").build();
    }

    private static Structure pageFault() {
        var event = highPasid(device(event("IO_PAGE_FAULT")));
        event.reserved(0, 59, 57)
                .bit(0, 55, "RZ", "no reserved bit set", "a reserved bit is set")
                .bit(0, 54, "PE", "rights suffice", "a right is missing")
                .bit(0, 52, "PR", "an entry is not present", "all entries are present")
                .bit(0, 50, "US", "supervisor", "user")
                .bit(0, 49, "NX", "no instruction fetch", "instruction fetch")
                .value(0, 47, 32, "PASID[15:0]/DomainID", value -> "%d".formatted(value))
                .reserved(0, 31, 20);
        return address(translation(write(interrupt(guest(event)))), 0, "request for").build();
    }

    private static Structure hardwareError(String name, boolean pageTable) {
        var event = highPasid(device(event(name)));
        event.reserved(0, 59, 59).value(0, 58, 57, "Type", AmdLogStructures::errorType);
        translation(event).reserved(0, 55, 54);
        write(event).reserved(0, 52, 52);
        interrupt(event).reserved(0, 50, 49);
        guest(event)
                .value(
                        0,
                        47,
                        32,
                        pageTable ? "PASID[15:0]/DomainID" : "PASID[15:0]",
                        value -> "%d".formatted(value))
                .reserved(0, 31, 20);
        return address(event, 2, "the entry was looked for").build();
    }

    private static String errorType(long value) {
        return switch ((int) value) {
            case 1 -> "nobody answered (master abort)";
            case 2 -> "refused (target abort)";
            case 3 -> "damaged data";
            default -> "reserved";
        };
    }

    private static Structure ofCommand(String name, boolean typed) {
        var event = event(name);
        if (typed) {
            event.reserved(0, 59, 59)
                    .value(0, 58, 57, "Type", AmdLogStructures::errorType)
                    .reserved(0, 56, 0);
        } else {
            event.reserved(0, 59, 0);
        }
        return address(event, 4, "the command is").build();
    }

    private static Structure timeout() {
        return address(device(event("IOTLB_INV_TIMEOUT")).reserved(0, 59, 16), 4, "the command is")
                .build();
    }

    private static Structure invalidDeviceRequest() {
        var event = highPasid(device(event("INVALID_DEVICE_REQUEST")));
        event.value(0, 59, 57, "Type", AmdLogStructures::requestType);
        translation(event).reserved(0, 55, 54);
        write(event).reserved(0, 52, 49);
        guest(event)
                .value(0, 47, 32, "PASID[15:0]", AmdLogStructures::pasidPart)
                .reserved(0, 31, 20);
        return address(event, 2, "request for").build();
    }

    private static String requestType(long value) {
        return switch ((int) value) {
            case AmdEvent.TYPE_INTERRUPT_READ -> "a read in the interrupt range";
            case AmdEvent.TYPE_TRANSLATED ->
                    "a translated or translation request, or a PASID, that the device may not use";
            case AmdEvent.TYPE_PORT -> "port I/O that IoCtl stops";
            case AmdEvent.TYPE_MANAGEMENT -> "system management that SysMgt stops";
            default -> "another request that the device may not make";
        };
    }

    private static Structure invalidPprRequest() {
        var event = highPasid(device(event("INVALID_PPR_REQUEST")));
        event.reserved(0, 59, 54);
        write(event).reserved(0, 52, 52);
        interrupt(event).reserved(0, 50, 49);
        guest(event)
                .value(0, 47, 32, "PASID[15:0]", AmdLogStructures::pasidPart)
                .reserved(0, 31, 20);
        return address(event, 12, "page").build();
    }

    /// 128 bits: a device asks for a page.
    public static Structure pageRequest() {
        var entry =
                device(new Structure.Builder("Page service request", 2))
                        .value(
                                0,
                                63,
                                60,
                                "PPRCode",
                                value -> value == 1 ? "page request" : "none yet")
                        .reserved(0, 59, 57)
                        .bit(0, 56, "GN", "no PASID", "PASID valid")
                        .bit(0, 55, "RZ", "reserved bits are zero", "a reserved bit is set")
                        .bit(0, 54, "US", "supervisor", "user")
                        .bit(0, 53, "W", "not written", "write wanted")
                        .reserved(0, 52, 51)
                        .bit(0, 50, "R", "not read", "read wanted")
                        .bit(0, 49, "X", "not executed", "execution wanted")
                        .reserved(0, 48, 46)
                        .value(0, 45, 42, "PASID[19:16]", AmdLogStructures::pasidPart)
                        .bit(0, 41, "Last", "more of the group follow", "last of its group")
                        .value(0, 40, 32, "PRG", value -> "page request group %d".formatted(value))
                        .value(0, 31, 16, "PASID[15:0]", AmdLogStructures::pasidPart)
                        .address(1, 63, 12, "Address", "page")
                        .reserved(1, 11, 0);
        return entry.build();
    }
}
