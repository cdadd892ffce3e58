package iommulab.engine.io.machine;

import iommulab.engine.iommu.Access;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

/// What a saved machine promises to do: a sample's claim, checked by the build; a lesson's task, checked
/// when it is handed in.
public sealed interface Expectation {
    /// Two functions share an IOMMU group.
    record Together(PciAddress first, PciAddress second) implements Expectation {}

    /// Two functions have a group each, and not the same.
    record Apart(PciAddress first, PciAddress second) implements Expectation {}

    /// One DMA, issued after those expected before it, ends in a certain way.
    ///
    /// @param outcome how it ends
    /// @param target hpa that it reaches; 0 if it reaches nothing
    record Dma(
            PciAddress device, long iova, int bytes, Access access, DmaOutcome outcome, long target)
            implements Expectation {}
}
