package iommulab.engine.os;

import iommulab.engine.iommu.smmuv3.SmmuCommand;
import iommulab.engine.iommu.smmuv3.SmmuRegisters;
import iommulab.engine.iommu.smmuv3.SmmuUnit;
import iommulab.engine.memory.PhysicalMemory;

/// The part of an SMMUv3's driver that commands the unit, through the command queue. Source: kernel
/// `arm_smmu_cmdq_issue_cmdlist`.
final class SmmuCommands {
    /// The queue has two to this power entries.
    static final int BITS = 8;

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
        if (unit.openInvalidations() > 0) {
            // The driver waits, and so long that the unit gives the device up. As
            // `arm_smmu_gerror_handler`: acknowledged, the queue goes on behind the SYNC.
            unit.timeOutInvalidations();
            var registers = unit.registers();
            registers.write32(SmmuRegisters.GERRORN, registers.read32(SmmuRegisters.GERROR));
        }
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
