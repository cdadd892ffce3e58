package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.DeviceMessages;
import iommulab.engine.iommu.Iommu;

/// A VT-d unit as it was at one instant: registers, caches, fault records, the state of its queue. Shares
/// nothing with the unit; memory has checkpoints of its own.
public final class VtdCheckpoint implements Iommu.State {
    private final VtdCaches caches;
    private final FaultRecording faults;
    private final InvalidationQueue.State queue;
    private final VtdRegisters.State registers;
    private final PageRequestQueue.State pageRequests;
    private final DeviceMessages.State messages;
    private final boolean translating;
    private final long rootTableAddress;

    VtdCheckpoint(VtdState unit) {
        caches = unit.caches().copy();
        faults = unit.faults().copy();
        queue = unit.queue().state();
        registers = unit.registers().state();
        pageRequests = unit.pageRequests().state();
        messages = unit.messages().state();
        translating = unit.isTranslating();
        rootTableAddress = unit.rootTableAddress();
    }

    /// A copy that the unit may go on changing.
    VtdCaches caches() {
        return caches.copy();
    }

    FaultRecording faults() {
        return faults.copy();
    }

    InvalidationQueue.State queue() {
        return queue;
    }

    PageRequestQueue.State pageRequests() {
        return pageRequests;
    }

    DeviceMessages.State messages() {
        return messages;
    }

    VtdRegisters.State registers() {
        return registers;
    }

    boolean isTranslating() {
        return translating;
    }

    long rootTableAddress() {
        return rootTableAddress;
    }
}
