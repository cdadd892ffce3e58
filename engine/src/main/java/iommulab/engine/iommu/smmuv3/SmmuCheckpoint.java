package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.DeviceMessages;
import iommulab.engine.iommu.Iommu;

/// An SMMU as it was at one instant: registers, caches, queues, stalled requests. Shares nothing with the
/// unit; memory has checkpoints of its own.
public final class SmmuCheckpoint implements Iommu.State {
    private final SmmuCaches caches;
    private final EventQueue.State events;
    private final CommandQueue.State commands;
    private final StalledRequests.State stalled;
    private final SmmuRegisters.State registers;
    private final PageRequestQueue.State pages;
    private final DeviceMessages.State messages;

    SmmuCheckpoint(SmmuState unit) {
        caches = unit.caches().copy();
        events = unit.events().state();
        commands = unit.commands().state();
        stalled = unit.stalled().state();
        registers = unit.registers().state();
        pages = unit.pageRequests().state();
        messages = unit.messages().state();
    }

    /// A copy that the unit may go on changing.
    SmmuCaches caches() {
        return caches.copy();
    }

    EventQueue.State events() {
        return events;
    }

    CommandQueue.State commands() {
        return commands;
    }

    StalledRequests.State stalled() {
        return stalled;
    }

    SmmuRegisters.State registers() {
        return registers;
    }

    PageRequestQueue.State pages() {
        return pages;
    }

    DeviceMessages.State messages() {
        return messages;
    }
}
