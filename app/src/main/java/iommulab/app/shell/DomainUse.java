package iommulab.app.shell;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.WalkQuestion;

import java.util.Optional;

/// Whose requests a domain translates: all of a function without a PASID, or those with one.
public record DomainUse(PciAddress function, PasidPrefix prefix) {
    private static final int REQUEST_BYTES = 64;

    /// The first user of a domain, devices before PASIDs; empty if it has none.
    public static Optional<DomainUse> firstOf(Domain domain) {
        return domain.attached().stream()
                .findFirst()
                .map(function -> new DomainUse(function, PasidPrefix.NONE))
                .or(() ->
                        domain.pasids().stream()
                                .findFirst()
                                .map(use ->
                                        new DomainUse(
                                                use.function(), PasidPrefix.of(use.pasid()))));
    }

    /// What would happen if it read there.
    public WalkQuestion read(long iova, boolean withCaches) {
        return new WalkQuestion(function, iova, REQUEST_BYTES, Access.READ, prefix, withCaches);
    }
}
