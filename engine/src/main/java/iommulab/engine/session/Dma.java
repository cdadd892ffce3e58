package iommulab.engine.session;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/// One DMA on its way through the machine: what was asked, and how it ended. The engine has a single
/// one and fills it again for each request.
final class Dma {
    private final PciAddress nowhere = new PciAddress(0, 0, 0, 0);

    long tick;
    PciAddress device = nowhere;
    int requester;
    long iova;
    int bytes;
    Access access = Access.READ;
    PasidPrefix prefix = PasidPrefix.NONE;
    /* What a write of 4 bytes carries, as a little-endian number. */
    int data;
    /* Of the request that came last to the IOMMU. */
    AddressType type = AddressType.UNTRANSLATED;

    DmaOutcome outcome = DmaOutcome.BYPASS;
    long target;
    @Nullable PciAddress peer;
    String unit = "";
    int domain = -1;
    int reads;
    long cycles;
    @Nullable FaultReason fault;
    boolean recorded;
    /* Whether the IOMMU served the access itself. */
    boolean served;
    String note = "";

    /// Forgets how the last one ended.
    void begin() {
        type = AddressType.UNTRANSLATED;
        outcome = DmaOutcome.BYPASS;
        target = 0;
        peer = null;
        unit = "";
        domain = -1;
        reads = 0;
        cycles = 0;
        fault = null;
        recorded = false;
        served = false;
        note = "";
    }

    DmaEvent toEvent() {
        return new DmaEvent(
                tick,
                device,
                new RequesterId(requester),
                iova,
                bytes,
                access,
                prefix,
                type,
                outcome,
                target,
                Optional.ofNullable(peer),
                unit,
                domain,
                reads,
                cycles,
                Optional.ofNullable(fault),
                note);
    }
}
