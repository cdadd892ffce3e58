package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.amdvi.AmdCommand;
import iommulab.engine.iommu.amdvi.AmdRegisters;
import iommulab.engine.iommu.amdvi.AmdUnit;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;

/// The part of an AMD IOMMU's driver that commands the unit, through the command buffer. Source: kernel
/// `iommu_queue_command_sync`.
final class AmdCommands {
    private static final int RING_BYTES = 4096;
    private static final long DONE = 1;
    private static final int ALL_ADDRESSES = 51;

    /* Of whoever sends. */
    final Patience patience = new Patience();
    private final AmdUnit unit;
    private final PhysicalMemory memory;
    private final long buffer;
    private final long status;

    /// @param buffer hpa of the command buffer
    /// @param status hpa of the word that completion waits write
    AmdCommands(AmdUnit unit, PhysicalMemory memory, long buffer, long status) {
        this.unit = unit;
        this.memory = memory;
        this.buffer = buffer;
        this.status = status;
    }

    /// Tells the unit to forget.
    ///
    /// @throws MappingRefused (EINVAL) if a number does not fit
    void invalidate(Invalidation what) throws MappingRefused {
        switch (what) {
            case Invalidation.ContextGlobal(), Invalidation.IotlbGlobal() ->
                    submit(AmdCommand.invalidateAll());
            case Invalidation.ContextDomain(int tag) ->
                    submit(AmdCommand.invalidateDomain(checked(tag)));
            case Invalidation.ContextDevice(_, int requester, _) ->
                    submit(AmdCommand.invalidateDeviceEntry(checked(requester)));
            case Invalidation.IotlbDomain(int tag) ->
                    submit(AmdCommand.invalidateDomain(checked(tag)));
            case Invalidation.IotlbPage(int tag, long iova, int mask) -> {
                if (mask < 0 || mask > 51) {
                    throw new MappingRefused(
                            "EINVAL", "address mask %d: take 0 to 51".formatted(mask));
                }
                submit(
                        AmdCommand.invalidateHostPages(
                                checked(tag), AmdCommand.pages(iova, mask), true));
            }
            case Invalidation.PasidEntries(int tag, _) ->
                    submit(AmdCommand.invalidateDomain(checked(tag)));
            case Invalidation.DeviceTlb device ->
                    forgetInDevice(
                            checked(device.requester()),
                            device.pasid() <= 0 ? -1 : device.pasid(),
                            DeviceRange.of(device));
            case Invalidation.PasidTranslations(int tag, int pasid) ->
                    submit(
                            AmdCommand.invalidateGuestPages(
                                    checked(tag), pasid, AmdCommand.pages(0, 51), true));
        }
    }

    /// Lets a device forget what it keeps.
    ///
    /// @param pasid -1 for none
    void forgetInDevice(int requester, int pasid, AddressRange range) {
        int pageBits = Math.min(ALL_ADDRESSES, DeviceRange.shift(range) - 12);
        submit(
                AmdCommand.invalidateDevicePages(
                        requester, 0, pasid, AmdCommand.pages(DeviceRange.start(range), pageBits)));
    }

    private static int checked(int number) throws MappingRefused {
        if (number >>> 16 != 0) {
            throw new MappingRefused("EINVAL", "0x%x has more than 16 bits.".formatted(number));
        }
        return number;
    }

    /// Writes a command and a completion wait behind it, and rings the bell; both are done when it
    /// returns.
    void submit(AmdCommand command) {
        long tail = unit.registers().read64(AmdRegisters.COMMAND_TAIL);
        long next = put(command, tail);
        unit.registers()
                .write64(
                        AmdRegisters.COMMAND_TAIL,
                        put(AmdCommand.waitAndStore(DONE, status), next));
        patience.await(unit, () -> {});
    }

    private long put(AmdCommand command, long offset) {
        memory.write64(buffer + offset, command.low());
        memory.write64(buffer + offset + 8, command.high());
        return (offset + 16) % RING_BYTES;
    }
}
