package iommulab.engine.os.iommufd;

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
    private static final int COMPLETION_WAIT = 1;
    private static final int INVALIDATE_DEVICE_ENTRY = 2;
    private static final int INVALIDATE_PAGES = 3;
    private static final int INVALIDATE_DEVICE_PAGES = 4;
    private static final int INVALIDATE_INTERRUPT_TABLE = 5;
    private static final int INVALIDATE_ALL = 8;

    private static final long DEVICE = 0xffff;
    private static final long ALL_PAGES = 0x7fff_ffff_ffff_f003L;

    /* Fields of commands that name a device, a domain; see the specification of each. */
    private static final long PAGES_LOW = 0xf_ffffL;
    private static final long PAGES_HIGH = -1L << 12 | 7;
    private static final long DEVICE_PAGES_LOW = 0x0fff_ffff_ffff_0000L;
    private static final long DEVICE_PAGES_HIGH = -1L << 12 | 0x35;

    /// @throws CallFailed (EIO) a device or a domain that the guest does not have, or no command for guests
    static List<DeviceTableCommand> of(long low, long high, VirtualIommu guest) throws CallFailed {
        int opcode = (int) (low >>> 60);
        return switch (opcode) {
            case COMPLETION_WAIT, INVALIDATE_INTERRUPT_TABLE -> List.of();
            case INVALIDATE_DEVICE_ENTRY -> List.of(ofDevice(opcode, guest, low, 0, 0, 0));
            case INVALIDATE_DEVICE_PAGES ->
                    List.of(
                            ofDevice(
                                    opcode,
                                    guest,
                                    low,
                                    DEVICE_PAGES_LOW & ~(0xffffL << 32),
                                    high,
                                    DEVICE_PAGES_HIGH));
            case INVALIDATE_PAGES ->
                    List.of(
                            new DeviceTableCommand(
                                    Optional.of(domain(guest, (int) (low >>> 32) & 0xffff)),
                                    Optional.empty(),
                                    word(opcode) | low & PAGES_LOW,
                                    high & PAGES_HIGH));
            case INVALIDATE_ALL -> everythingOf(guest);
            default ->
                    throw new CallFailed(
                            "EIO", "Command %d is none that a guest may give.".formatted(opcode));
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
                    ofDevice(INVALIDATE_DEVICE_ENTRY, guest, device.virtualId() & DEVICE, 0, 0, 0));
        }
        for (int domain : guest.numbers().all()) {
            commands.add(
                    new DeviceTableCommand(
                            Optional.of(domain),
                            Optional.empty(),
                            word(INVALIDATE_PAGES),
                            ALL_PAGES));
        }
        return commands;
    }
}
