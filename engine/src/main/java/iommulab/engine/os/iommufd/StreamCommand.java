package iommulab.engine.os.iommufd;

import iommulab.engine.iommu.smmuv3.SmmuCommand;
import iommulab.engine.os.call.Arguments;
import iommulab.engine.os.call.BadArgument;
import iommulab.engine.os.call.CallFailed;
import iommulab.engine.pci.PciAddress;

import java.util.Optional;
import java.util.Set;

/// A command that a guest gave to its virtual SMMU, as the host may carry it out: the guest's stream is the
/// physical one, and its VMID that of its second stage. Source: kernel `arm_vsmmu_convert_user_cmd`.
///
/// @param function that the command names, if it names one
/// @param low bits 63:0, stream or VMID 0
/// @param high bits 127:64
record StreamCommand(Optional<PciAddress> function, long low, long high) {
    private static final long VMID = 0xffffL << 32;
    private static final long STREAM = 0xffff_ffffL << 32;
    private static final Set<Integer> OF_TRANSLATIONS =
            Set.of(
                    SmmuCommand.TLBI_NH_ALL,
                    SmmuCommand.TLBI_NH_ASID,
                    SmmuCommand.TLBI_NH_VA,
                    SmmuCommand.TLBI_NH_VAA);
    private static final Set<Integer> OF_STREAMS =
            Set.of(SmmuCommand.CFGI_CD, SmmuCommand.CFGI_CD_ALL, SmmuCommand.ATC_INV);

    /// The command as the guest means it, if guests may give it.
    ///
    /// @throws CallFailed (EIO) no command for guests
    static SmmuCommand forGuests(long low, long high) throws CallFailed {
        var command = new SmmuCommand(low, high);
        int opcode = command.opcode();
        if (opcode != SmmuCommand.TLBI_NSNH_ALL
                && !OF_TRANSLATIONS.contains(opcode)
                && !OF_STREAMS.contains(opcode)) {
            throw new CallFailed(
                    "EIO", "Command 0x%02x is none that a guest may give.".formatted(opcode));
        }
        return command;
    }

    /// @param entry `{cmd=[low, high]}`
    /// @throws CallFailed (EIO) no command for guests, or a stream that the guest does not have
    static StreamCommand of(Arguments entry, VirtualIommu guest) throws CallFailed, BadArgument {
        long low = entry.wordOfPair("cmd", 0);
        long high = entry.wordOfPair("cmd", 1);
        int opcode = forGuests(low, high).opcode();
        if (OF_STREAMS.contains(opcode)) {
            return new StreamCommand(Optional.of(physical(guest, low >>> 32)), low & ~STREAM, high);
        }
        // All of a guest's translations: nobody else's.
        return opcode == SmmuCommand.TLBI_NSNH_ALL
                ? new StreamCommand(Optional.empty(), SmmuCommand.TLBI_NH_ALL, 0)
                : new StreamCommand(Optional.empty(), low & ~VMID, high);
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
