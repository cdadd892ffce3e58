package iommulab.app.shell;

import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.PasidUse;

import java.util.Optional;

/// What one name of a function means: which domain translates its requests with a PASID, or those without.
///
/// @param pasid 20 bits, or [Iommu#NO_PASID]
public record AddressSpace(PciAddress function, int pasid) {
    /// Whether it is that of requests without a PASID.
    public boolean isOwn() {
        return pasid == Iommu.NO_PASID;
    }

    public PasidPrefix prefix() {
        return isOwn() ? PasidPrefix.NONE : PasidPrefix.of(pasid);
    }

    /// The domain that it is; empty if requests with this name are stopped.
    public Optional<Domain> domain(MachineSnapshot machine) {
        return machine.domains().stream()
                .filter(d ->
                        isOwn()
                                ? d.attached().contains(function)
                                : d.pasids().contains(new PasidUse(function, pasid)))
                .findFirst();
    }
}
