package iommulab.engine.os.iommufd;

import iommulab.engine.iommu.amdvi.AmdCommand;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.pci.PciAddress;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A command that a guest put into the command buffer of its AMD IOMMU, as the hardware carries it out: the
/// guest's numbers of devices and domains are replaced by the host's. Spec: AMD IOMMU, "Commands", "vIOMMU".
///
/// @param domain whose number it is about, if it is about one
/// @param function that it is about, if it is about one
/// @param low bits 63:0, number of domain or device 0
/// @param high bits 127:64
record DeviceTableCommand(
        Optional<Integer> domain, Optional<PciAddress> function, long low, long high) {
    private static final long DEVICE = 0xffff;
    private static final long ALL_PAGES = 0x7fff_ffff_ffff_f003L;

    /* Fields of commands that name a device, a domain; see the specification of each. */
    private static final long PAGES_LOW = 0xf_ffffL;
    private static final long PAGES_HIGH = -1L << 12 | 7;
    private static final long DEVICE_PAGES_LOW = 0x0fff_ffff_ffff_0000L;
    private static final long DEVICE_PAGES_HIGH = -1L << 12 | 0x35;

    /// The command as the guest means it, if guests may give it.
    ///
    /// @throws CallFailed (EIO) no command for guests
    static AmdCommand forGuests(long low, long high) throws CallFailed {
        var command = new AmdCommand(low, high);
        return switch (command.opcode()) {
            case AmdCommand.COMPLETION_WAIT,
                    AmdCommand.INVALIDATE_INTERRUPT_TABLE,
                    AmdCommand.INVALIDATE_DEVTAB_ENTRY,
                    AmdCommand.INVALIDATE_IOTLB_PAGES,
                    AmdCommand.INVALIDATE_PAGES,
                    AmdCommand.INVALIDATE_ALL ->
                    command;
            default ->
                    throw new CallFailed(
                            "EIO",
                            "Command %d is none that a guest may give."
                                    .formatted(command.opcode()));
        };
    }

    /// @throws CallFailed (EIO) a device or a domain that the guest does not have, or no command for guests
    static List<DeviceTableCommand> of(long low, long high, VirtualIommu guest) throws CallFailed {
        int opcode = forGuests(low, high).opcode();
        return switch (opcode) {
            case AmdCommand.COMPLETION_WAIT, AmdCommand.INVALIDATE_INTERRUPT_TABLE -> List.of();
            case AmdCommand.INVALIDATE_DEVTAB_ENTRY ->
                    List.of(ofDevice(opcode, guest, low, 0, 0, 0));
            case AmdCommand.INVALIDATE_IOTLB_PAGES ->
                    List.of(
                            ofDevice(
                                    opcode,
                                    guest,
                                    low,
                                    DEVICE_PAGES_LOW & ~(0xffffL << 32),
                                    high,
                                    DEVICE_PAGES_HIGH));
            case AmdCommand.INVALIDATE_PAGES ->
                    List.of(
                            new DeviceTableCommand(
                                    Optional.of(domain(guest, (int) (low >>> 32) & 0xffff)),
                                    Optional.empty(),
                                    word(opcode) | low & PAGES_LOW,
                                    high & PAGES_HIGH));
            default -> everythingOf(guest);
        };
    }

    private static long word(int opcode) {
        return (long) opcode << 60;
    }

    private static DeviceTableCommand ofDevice(
            int opcode, VirtualIommu guest, long low, long lowFields, long high, long highFields)
            throws CallFailed {
        long number = low & DEVICE;
        var device =
                guest.find(number)
                        .orElseThrow(() ->
                                new CallFailed(
                                        "EIO", "%s has no device 0x%x.".formatted(guest, number)));
        return new DeviceTableCommand(
                Optional.empty(),
                Optional.of(device.device().device().address()),
                word(opcode) | low & lowFields,
                high & highFields);
    }

    private static int domain(VirtualIommu guest, int number) throws CallFailed {
        return guest.numbers()
                .find(number)
                .orElseThrow(() ->
                        new CallFailed("EIO", "%s has no domain 0x%x.".formatted(guest, number)));
    }

    /// All that belongs to the guest, and nothing of others.
    private static List<DeviceTableCommand> everythingOf(VirtualIommu guest) throws CallFailed {
        var commands = new ArrayList<DeviceTableCommand>();
        for (var device : guest.devices()) {
            commands.add(
                    ofDevice(
                            AmdCommand.INVALIDATE_DEVTAB_ENTRY,
                            guest,
                            device.virtualId() & DEVICE,
                            0,
                            0,
                            0));
        }
        for (int domain : guest.numbers().all()) {
            commands.add(
                    new DeviceTableCommand(
                            Optional.of(domain),
                            Optional.empty(),
                            word(AmdCommand.INVALIDATE_PAGES),
                            ALL_PAGES));
        }
        return commands;
    }
}
