package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.Structure;

import java.util.Optional;

/// The commands of the command buffer, bit by bit.
/// Spec: AMD IOMMU, "Commands".
public final class AmdCommandStructures {
    private AmdCommandStructures() {}

    /// The layout of a command; empty if no command has this number.
    ///
    /// @param opcode bits 63:60 of its first word
    public static Optional<Structure> of(int opcode) {
        return switch (opcode) {
            case AmdCommand.COMPLETION_WAIT -> Optional.of(completionWait());
            case AmdCommand.INVALIDATE_DEVTAB_ENTRY ->
                    Optional.of(deviceOnly("INVALIDATE_DEVTAB_ENTRY", opcode));
            case AmdCommand.INVALIDATE_PAGES -> Optional.of(invalidatePages());
            case AmdCommand.INVALIDATE_IOTLB_PAGES -> Optional.of(invalidateIotlbPages());
            case AmdCommand.INVALIDATE_INTERRUPT_TABLE ->
                    Optional.of(deviceOnly("INVALIDATE_INTERRUPT_TABLE", opcode));
            case AmdCommand.PREFETCH_PAGES -> Optional.of(prefetchPages());
            case AmdCommand.COMPLETE_PPR -> Optional.of(completePpr());
            case AmdCommand.INVALIDATE_ALL ->
                    Optional.of(
                            command("INVALIDATE_IOMMU_ALL", opcode)
                                    .reserved(0, 59, 0)
                                    .reserved(1, 63, 0)
                                    .build());
            default -> Optional.empty();
        };
    }

    private static Structure.Builder command(String name, int opcode) {
        return new Structure.Builder(name, 2)
                .value(0, 63, 60, "Opcode", value -> value == opcode ? name : "another command");
    }

    private static Structure deviceOnly(String name, int opcode) {
        return device(command(name, opcode)).reserved(0, 59, 16).reserved(1, 63, 0).build();
    }

    private static Structure.Builder device(Structure.Builder command) {
        return command.value(0, 15, 0, "DeviceID", value -> "device 0x%04x".formatted(value));
    }

    private static Structure completionWait() {
        return command("COMPLETION_WAIT", AmdCommand.COMPLETION_WAIT)
                .reserved(0, 59, 52)
                .address(0, 51, 3, "StoreAddress", "data is stored")
                .bit(0, 2, "F", "queued commands overlap", "all earlier commands end first")
                .bit(0, 1, "I", "no interrupt", "interrupt when done")
                .bit(0, 0, "S", "nothing is stored", "data is stored when done")
                .value(1, 63, 0, "StoreData", value -> "0x%x".formatted(value))
                .build();
    }

    private static Structure invalidatePages() {
        var command =
                command("INVALIDATE_IOMMU_PAGES", AmdCommand.INVALIDATE_PAGES)
                        .reserved(0, 59, 48)
                        .value(0, 47, 32, "DomainID", value -> "domain %d".formatted(value))
                        .reserved(0, 31, 20)
                        .value(0, 19, 0, "PASID", value -> "PASID %d".formatted(value))
                        .address(1, 63, 12, "Address", "pages")
                        .reserved(1, 11, 3);
        return guestNested(command)
                .bit(1, 1, "PDE", "leaves only", "entries that point to tables too")
                .bit(1, 0, "S", "one page", "the lowest zero bit of the address gives the size")
                .build();
    }

    private static Structure.Builder guestNested(Structure.Builder command) {
        return command.bit(
                1, 2, "GN", "host addresses of the domain", "guest addresses of the PASID");
    }

    private static Structure invalidateIotlbPages() {
        var command =
                device(command("INVALIDATE_IOTLB_PAGES", AmdCommand.INVALIDATE_IOTLB_PAGES))
                        .value(0, 59, 56, "PASID[19:16]", AmdCommandStructures::pasidPart)
                        .value(0, 55, 48, "PASID[7:0]", AmdCommandStructures::pasidPart)
                        .value(0, 47, 32, "QueueID", value -> "queue %d".formatted(value))
                        .value(
                                0,
                                31,
                                24,
                                "Maxpend",
                                value -> "at most %d on their way".formatted(value))
                        .value(0, 23, 16, "PASID[15:8]", AmdCommandStructures::pasidPart)
                        .address(1, 63, 12, "Address", "pages")
                        .reserved(1, 11, 6)
                        .value(1, 5, 4, "Type", value -> "%d".formatted(value))
                        .reserved(1, 3, 3);
        return guestNested(command)
                .reserved(1, 1, 1)
                .bit(1, 0, "S", "one page", "the lowest zero bit of the address gives the size")
                .build();
    }

    private static String pasidPart(long value) {
        return "bits of the PASID: 0x%x".formatted(value);
    }

    private static Structure prefetchPages() {
        var command =
                device(command("PREFETCH_IOMMU_PAGES", AmdCommand.PREFETCH_PAGES))
                        .reserved(0, 59, 52)
                        .value(0, 51, 32, "PASID", value -> "PASID %d".formatted(value))
                        .value(0, 31, 24, "PFCount", value -> "%d pages".formatted(value + 1))
                        .reserved(0, 23, 16)
                        .address(1, 63, 12, "Address", "pages")
                        .reserved(1, 11, 5)
                        .bit(1, 4, "Inval", "walks", "forgets first, then walks")
                        .reserved(1, 3, 3);
        return guestNested(command)
                .reserved(1, 1, 1)
                .bit(1, 0, "S", "4 KiB each", "the lowest zero bit of the address gives the size")
                .build();
    }

    private static Structure completePpr() {
        var command =
                device(command("COMPLETE_PPR_REQUEST", AmdCommand.COMPLETE_PPR))
                        .reserved(0, 59, 52)
                        .value(0, 51, 32, "PASID", value -> "PASID %d".formatted(value))
                        .reserved(0, 31, 16)
                        .reserved(1, 63, 48)
                        .value(1, 47, 44, "Response", AmdCommandStructures::response)
                        .reserved(1, 43, 41)
                        .value(1, 40, 32, "PRG", value -> "page request group %d".formatted(value))
                        .reserved(1, 31, 3);
        return guestNested(command).reserved(1, 1, 0).build();
    }

    private static String response(long value) {
        return switch ((int) value) {
            case 0 -> "success";
            case 1 -> "invalid request";
            case 15 -> "response failure";
            default -> "reserved";
        };
    }
}
