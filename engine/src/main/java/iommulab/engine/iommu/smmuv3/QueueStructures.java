package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.Structure;

/// Commands and event records, bit by bit.
/// Spec: SMMUv3, "Commands", "Event records".
public final class QueueStructures {
    private static final String HEX = "0x%x";

    private QueueStructures() {}

    /// 128 bits: one command, laid out as its opcode says.
    public static Structure command(SmmuCommand command) {
        var entry = new Structure.Builder(command.toString(), 2);
        switch (command.opcode()) {
            case SmmuCommand.CFGI_STE, SmmuCommand.CFGI_STE_RANGE -> configuration(entry, command);
            case SmmuCommand.CFGI_CD, SmmuCommand.CFGI_CD_ALL -> configuration(entry, command);
            case SmmuCommand.TLBI_NH_ALL,
                    SmmuCommand.TLBI_NH_ASID,
                    SmmuCommand.TLBI_NH_VA,
                    SmmuCommand.TLBI_NH_VAA,
                    SmmuCommand.TLBI_S12_VMALL,
                    SmmuCommand.TLBI_EL2_ALL,
                    SmmuCommand.TLBI_EL2_ASID,
                    SmmuCommand.TLBI_EL2_VA,
                    SmmuCommand.TLBI_EL2_VAA,
                    SmmuCommand.TLBI_S2_IPA ->
                    translations(entry);
            case SmmuCommand.RESUME, SmmuCommand.STALL_TERM -> resume(entry);
            case SmmuCommand.ATC_INV -> deviceInvalidation(entry);
            case SmmuCommand.PRI_RESP -> pageResponse(entry);
            case SmmuCommand.SYNC -> sync(entry);
            default -> entry.ignored(0, 63, 8).ignored(1, 63, 0);
        }
        return entry.value(0, 7, 0, "Opcode", _ -> command.toString()).build();
    }

    private static void configuration(Structure.Builder entry, SmmuCommand command) {
        entry.value(0, 63, 32, "StreamID", value -> "stream 0x%04x".formatted(value))
                .value(0, 31, 12, "SubstreamID", value -> "substream %d".formatted(value))
                .bit(0, 11, "SSV", "no substream", "substream valid")
                .bit(0, 10, "SSec", "non-secure", "secure")
                .ignored(0, 9, 8)
                .ignored(1, 63, 5);
        if (command.opcode() == SmmuCommand.CFGI_STE_RANGE) {
            entry.value(1, 4, 0, "Range", QueueStructures::range);
        } else {
            entry.ignored(1, 4, 1).bit(1, 0, "Leaf", "directories, too", "leaves only");
        }
    }

    private static String range(long value) {
        return value == 31 ? "all streams" : "%d streams".formatted(2L << value);
    }

    private static void translations(Structure.Builder entry) {
        entry.value(0, 63, 48, "ASID", value -> "ASID %d".formatted(value))
                .value(0, 47, 32, "VMID", value -> "VMID %d".formatted(value))
                .ignored(0, 31, 25)
                .value(0, 24, 20, "SCALE", value -> "2^%d granules".formatted(value))
                .ignored(0, 19, 17)
                .value(0, 16, 12, "NUM", value -> "%d times".formatted(value + 1))
                .ignored(0, 11, 8)
                .address(1, 63, 12, "Address", "page")
                .value(1, 11, 10, "TG", value -> value == 0 ? "one address" : "a range")
                .value(1, 9, 8, "TTL", value -> "level hint %d".formatted(value))
                .ignored(1, 7, 1)
                .bit(1, 0, "Leaf", "tables, too", "leaves only");
    }

    private static void deviceHeader(Structure.Builder entry) {
        entry.value(0, 63, 32, "StreamID", value -> "stream 0x%04x".formatted(value))
                .value(0, 31, 12, "SubstreamID", value -> "substream %d".formatted(value))
                .bit(0, 11, "SSV", "no substream", "substream valid")
                .bit(0, 10, "SSec", "non-secure", "secure");
    }

    private static void deviceInvalidation(Structure.Builder entry) {
        deviceHeader(entry);
        entry.bit(0, 9, "Global", "of this substream", "of all substreams")
                .ignored(0, 8, 8)
                .address(1, 63, 12, "Address", "page")
                .ignored(1, 11, 6)
                .value(
                        1,
                        5,
                        0,
                        "Size",
                        value -> value >= 52 ? "everything" : "2^%d pages".formatted(value));
    }

    private static void pageResponse(Structure.Builder entry) {
        deviceHeader(entry);
        entry.ignored(0, 9, 8)
                .ignored(1, 63, 14)
                .value(1, 13, 12, "Resp", QueueStructures::pageAnswer)
                .ignored(1, 11, 9)
                .value(1, 8, 0, "PRGIndex", value -> "group %d".formatted(value));
    }

    private static String pageAnswer(long value) {
        return switch ((int) value) {
            case 0 -> "denied: the device gives up";
            case 2 -> "success: the device tries again";
            default -> "failed: the device stops asking";
        };
    }

    /// 128 bits: one entry of the PRI queue.
    public static Structure pageRequest() {
        return new Structure.Builder("Page request", 2)
                .bit(0, 63, "SSV", "no substream", "substream valid")
                .bit(0, 62, "Last", "the group goes on", "the group is complete")
                .bit(0, 61, "W", "no write", "wants to write")
                .bit(0, 60, "R", "no read", "wants to read")
                .bit(0, 59, "X", "no execution", "wants to execute")
                .bit(0, 58, "Priv", "unprivileged", "privileged")
                .ignored(0, 57, 52)
                .value(0, 51, 32, "SubstreamID", value -> "substream %d".formatted(value))
                .value(0, 31, 0, "StreamID", value -> "stream 0x%04x".formatted(value))
                .address(1, 63, 12, "PageAddr", "page")
                .ignored(1, 11, 9)
                .value(1, 8, 0, "PRGIndex", value -> "group %d".formatted(value))
                .build();
    }

    private static void resume(Structure.Builder entry) {
        entry.value(0, 63, 32, "StreamID", value -> "stream 0x%04x".formatted(value))
                .ignored(0, 31, 14)
                .value(0, 13, 12, "Response", QueueStructures::response)
                .ignored(0, 11, 11)
                .bit(0, 10, "SSec", "non-secure", "secure")
                .ignored(0, 9, 8)
                .ignored(1, 63, 16)
                .value(1, 15, 0, "STAG", value -> "request %d".formatted(value));
    }

    private static String response(long value) {
        return switch ((int) value) {
            case 0 -> "terminate";
            case 1 -> "retry";
            default -> "abort";
        };
    }

    private static void sync(Structure.Builder entry) {
        entry.value(0, 63, 32, "MSIData", HEX::formatted)
                .ignored(0, 31, 28)
                .value(0, 27, 24, "MSIAttr", HEX::formatted)
                .value(0, 23, 22, "MSH", value -> "shareability %d".formatted(value))
                .ignored(0, 21, 14)
                .value(0, 13, 12, "CS", QueueStructures::signal)
                .ignored(0, 11, 8)
                .ignored(1, 63, 52)
                .address(1, 51, 2, "MSIAddress", "completion")
                .ignored(1, 1, 0);
    }

    private static String signal(long value) {
        return switch ((int) value) {
            case 0 -> "nobody is told";
            case 1 -> "an interrupt or a write tells";
            case 2 -> "an event tells processors";
            default -> "reserved";
        };
    }

    /// 256 bits: one record of the event queue.
    public static Structure event() {
        return new Structure.Builder("Event record", 4)
                .value(0, 63, 32, "StreamID", value -> "stream 0x%04x".formatted(value))
                .value(0, 31, 12, "SubstreamID", value -> "substream %d".formatted(value))
                .bit(0, 11, "SSV", "no substream", "substream valid")
                .ignored(0, 10, 8)
                .value(0, 7, 0, "Type", QueueStructures::type)
                .ignored(1, 63, 42)
                .value(1, 41, 40, "CLASS", QueueStructures::eventClass)
                .bit(1, 39, "S2", "stage 1", "stage 2")
                .ignored(1, 38, 36)
                .bit(1, 35, "RnW", "write", "read")
                .bit(1, 34, "InD", "data", "instruction")
                .bit(1, 33, "PnU", "unprivileged", "privileged")
                .ignored(1, 32, 32)
                .bit(1, 31, "Stall", "terminated", "stalled")
                .ignored(1, 30, 16)
                .value(1, 15, 0, "STAG", value -> "request %d".formatted(value))
                .value(2, 63, 0, "InputAddr", HEX::formatted)
                .value(3, 63, 0, "IPA or FetchAddr", HEX::formatted)
                .build();
    }

    private static String type(long value) {
        return SmmuFault.ofCode((int) value)
                .map(SmmuFault::kernelText)
                .orElse("not one that DMA causes");
    }

    private static String eventClass(long value) {
        return switch ((int) value) {
            case 0 -> "context descriptor";
            case 1 -> "translation table";
            case 2 -> "the address of the request";
            default -> "reserved";
        };
    }
}
