package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.riscv.RiscvCommand;
import iommulab.engine.iommu.riscv.RiscvRegisters;
import iommulab.engine.iommu.riscv.RiscvUnit;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;

/// The part of a RISC-V IOMMU's driver that commands the unit, through the command queue. Source: kernel
/// `riscv_iommu_cmd_send`.
final class RiscvCommands {
    private static final int COMMANDS = 256;
    private static final int QUEUE_ON = 1;
    private static final int TIME_OUT = 1 << 9;

    /* Of whoever sends. */
    final Patience patience = new Patience();
    private final RiscvUnit unit;
    private final PhysicalMemory memory;
    private final long queue;

    /// @param queue hpa of the ring
    RiscvCommands(RiscvUnit unit, PhysicalMemory memory, long queue) {
        this.unit = unit;
        this.memory = memory;
        this.queue = queue;
    }

    /// Tells the unit to forget.
    ///
    /// @throws MappingRefused (EINVAL) if a number does not fit
    void invalidate(Invalidation what) throws MappingRefused {
        switch (what) {
            case Invalidation.ContextGlobal(), Invalidation.ContextDomain(_) ->
                    submit(RiscvCommand.invalidateDevice(-1));
            case Invalidation.ContextDevice(_, int requester, _) ->
                    submit(RiscvCommand.invalidateDevice(requester & 0xffff));
            case Invalidation.IotlbGlobal() ->
                    submit(
                            RiscvCommand.invalidateFirstStage(-1, -1),
                            RiscvCommand.invalidateSecondStage(-1));
            case Invalidation.IotlbDomain(int tag) ->
                    submit(
                            RiscvCommand.invalidateSecondStage(tag & 0xffff),
                            RiscvCommand.invalidateFirstStage(tag & 0xffff, -1),
                            RiscvCommand.invalidateFirstStage(-1, tag & 0xffff));
            case Invalidation.IotlbPage(int tag, long iova, int mask) -> {
                if (mask < 0 || mask > 5) {
                    throw new MappingRefused(
                            "EINVAL",
                            "address mask %d: take 0 to 5, or invalidate the domain."
                                    .formatted(mask));
                }
                for (long page = 0; page < 1L << mask; page++) {
                    long at = (iova & -4096L << mask) + (page << 12);
                    submit(
                            RiscvCommand.invalidateSecondStagePage(tag & 0xffff, at),
                            RiscvCommand.invalidateFirstStagePage(-1, tag & 0xffff, at));
                }
            }
            case Invalidation.PasidEntries _ -> submit(RiscvCommand.invalidateDevice(-1));
            case Invalidation.DeviceTlb device ->
                    forgetInDevice(
                            device.requester() & 0xffff,
                            device.pasid() <= 0 ? -1 : device.pasid(),
                            DeviceRange.of(device));
            case Invalidation.PasidTranslations(int tag, _) ->
                    submit(RiscvCommand.invalidateFirstStage(-1, tag & 0xffff));
        }
    }

    /// Lets a device forget what it keeps.
    ///
    /// @param pasid -1 for none
    void forgetInDevice(int requester, int pasid, AddressRange range) {
        submit(
                RiscvCommand.invalidateDeviceTlb(
                        requester, pasid, DeviceRange.start(range), DeviceRange.shift(range)));
    }

    /// Writes commands and a fence behind them; all are done when it returns.
    void submit(RiscvCommand... commands) {
        for (var command : commands) {
            put(command);
        }
        put(RiscvCommand.fence());
        // Acknowledged, the queue goes on behind the fence.
        patience.await(
                unit, () -> unit.registers().write32(RiscvRegisters.CQCSR, QUEUE_ON | TIME_OUT));
    }

    private void put(RiscvCommand command) {
        var registers = unit.registers();
        int tail = registers.read32(RiscvRegisters.CQT);
        memory.write64(queue + tail * 16L, command.low());
        memory.write64(queue + tail * 16L + 8, command.high());
        registers.write32(RiscvRegisters.CQT, (tail + 1) % COMMANDS);
    }
}
