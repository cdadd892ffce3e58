package iommulab.engine.os.iommufd;

import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.pci.PciAddress;

import java.util.Optional;

/// A command that a guest gave to its virtual SMMU, as the host may carry it out: the guest's stream is the
/// physical one, and its VMID that of its second stage. Source: kernel `arm_vsmmu_convert_user_cmd`.
///
/// @param function that the command names, if it names one
/// @param low bits 63:0, stream or VMID 0
/// @param high bits 127:64
record StreamCommand(Optional<PciAddress> function, long low, long high) {
    private static final long VMID = 0xffffL << 32;
    private static final long STREAM = 0xffff_ffffL << 32;
    private static final int TLBI_NH_ALL = 0x10;

    /// @param entry `{cmd=[low, high]}`
    /// @throws CallFailed (EIO) no command for guests, or a stream that the guest does not have
    static StreamCommand of(Arguments entry, VirtualIommu guest) throws CallFailed, BadArgument {
        long low = entry.wordOfPair("cmd", 0);
        long high = entry.wordOfPair("cmd", 1);
        int opcode = (int) low & 0xff;
        return switch (opcode) {
            // All of a guest's translations: nobody else's.
            case 0x30 -> new StreamCommand(Optional.empty(), TLBI_NH_ALL, 0);
            case TLBI_NH_ALL, 0x11, 0x12, 0x13 ->
                    new StreamCommand(Optional.empty(), low & ~VMID, high);
            case 0x05, 0x06, 0x40 ->
                    new StreamCommand(
                            Optional.of(physical(guest, low >>> 32)), low & ~STREAM, high);
            default ->
                    throw new CallFailed(
                            "EIO",
                            "Command 0x%02x is none that a guest may give.".formatted(opcode));
        };
    }

    private static PciAddress physical(VirtualIommu guest, long stream) throws CallFailed {
        return guest.find(stream)
                .orElseThrow(() ->
                        new CallFailed("EIO", "%s has no stream 0x%x.".formatted(guest, stream)))
                .device()
                .device()
                .address();
    }
}
