package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.smmuv3.SmmuCommand;
import iommulab.engine.iommu.smmuv3.SmmuErrors;
import iommulab.engine.iommu.smmuv3.SmmuRegisters;
import iommulab.engine.iommu.smmuv3.SmmuUnit;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;

/// The part of an SMMUv3's driver that commands the unit, through the command queue. Source: kernel
/// `arm_smmu_cmdq_issue_cmdlist`.
final class SmmuCommands {
    /// The queue has two to this power entries.
    static final int BITS = 8;

    /* Of whoever sends. */
    final Patience patience = new Patience();
    private final SmmuUnit unit;
    private final PhysicalMemory memory;
    private final long queue;

    /// @param queue hpa of the ring
    SmmuCommands(SmmuUnit unit, PhysicalMemory memory, long queue) {
        this.unit = unit;
        this.memory = memory;
        this.queue = queue;
    }

    /// Writes commands and a SYNC behind them; all are done when it returns.
    void submit(SmmuCommand... commands) {
        for (var command : commands) {
            put(command);
        }
        put(SmmuCommand.sync());
        // As `arm_smmu_gerror_handler`: acknowledged, the queue goes on behind the SYNC.
        var registers = unit.registers();
        patience.await(
                unit,
                () ->
                        registers.write32(
                                SmmuRegisters.GERRORN, registers.read32(SmmuRegisters.GERROR)));
    }

    /// The same with a command that somebody else wrote. One that the unit stops at is made a SYNC, so
    /// that the queue goes on. Source: kernel `__arm_smmu_cmdq_skip_err`.
    void submitOfGuest(SmmuCommand command) {
        put(command);
        var registers = unit.registers();
        int active =
                registers.read32(SmmuRegisters.GERROR) ^ registers.read32(SmmuRegisters.GERRORN);
        if ((active & SmmuErrors.COMMAND_QUEUE) != 0) {
            int index = registers.read32(SmmuRegisters.CMDQ_CONS) & (1 << BITS) - 1;
            memory.write64(queue + index * 16L, SmmuCommand.sync().low());
            memory.write64(queue + index * 16L + 8, SmmuCommand.sync().high());
            registers.write32(SmmuRegisters.GERRORN, registers.read32(SmmuRegisters.GERROR));
        }
        submit();
    }

    /// Tells the unit to forget.
    ///
    /// @throws MappingRefused (EINVAL) if a number does not fit
    void invalidate(Invalidation what) throws MappingRefused {
        switch (what) {
            case Invalidation.ContextGlobal(), Invalidation.ContextDomain(_) ->
                    submit(SmmuCommand.configAll());
            case Invalidation.ContextDevice(_, int requester, _) ->
                    submit(SmmuCommand.configStream(requester & 0xffff, false));
            case Invalidation.IotlbGlobal() -> submit(SmmuCommand.tlbAll());
            case Invalidation.IotlbDomain(int tag) ->
                    submit(SmmuCommand.tlbVmid(tag & 0xffff), SmmuCommand.tlbAsid(0, tag & 0xffff));
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
                            SmmuCommand.tlbIntermediate(tag & 0xffff, at, false),
                            SmmuCommand.tlbAddress(0, tag & 0xffff, at, false));
                }
            }
            case Invalidation.PasidEntries _ -> submit(SmmuCommand.configAll());
            case Invalidation.DeviceTlb device ->
                    forgetInDevice(
                            device.requester() & 0xffff,
                            device.pasid() <= 0 ? -1 : device.pasid(),
                            DeviceRange.of(device));
            case Invalidation.PasidTranslations(int tag, _) ->
                    submit(SmmuCommand.tlbAsid(0, tag & 0xffff));
        }
    }

    /// Lets a device forget what it keeps.
    ///
    /// @param pasid -1 for none
    void forgetInDevice(int requester, int pasid, AddressRange range) {
        submit(
                SmmuCommand.deviceTlb(
                        requester,
                        pasid,
                        DeviceRange.start(range),
                        Math.min(Invalidation.ALL_PAGES, DeviceRange.shift(range) - 12)));
    }

    private void put(SmmuCommand command) {
        var registers = unit.registers();
        int producer = registers.read32(SmmuRegisters.CMDQ_PROD);
        long entry = queue + (producer & (1 << BITS) - 1) * 16L;
        memory.write64(entry, command.low());
        memory.write64(entry + 8, command.high());
        registers.write32(SmmuRegisters.CMDQ_PROD, producer + 1 & (1 << BITS + 1) - 1);
    }
}
