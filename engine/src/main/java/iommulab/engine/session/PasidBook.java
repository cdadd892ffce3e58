package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.os.Domain;
import iommulab.engine.pci.RequesterId;
import iommulab.engine.session.MachineSnapshot.PasidUse;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Which PASID of which function uses which domain: the kernel's book of them. Source: kernel
/// `iommu_attach_device_pasid`. One engine thread owns it.
final class PasidBook {
    private final Domains domains;
    private final List<Unit> units;
    private final TreeMap<PasidUse, Integer> domainOf = new TreeMap<>(PasidUse.ORDER);

    PasidBook(Domains domains, List<Unit> units) {
        this.domains = domains;
        this.units = units;
    }

    /// PASIDs of functions that use a domain.
    List<PasidUse> in(int domain) {
        return domainOf.entrySet().stream()
                .filter(entry -> entry.getValue() == domain)
                .map(Map.Entry::getKey)
                .toList();
    }

    /// The domain that a PASID of a function uses.
    Optional<Domain> domainOf(PasidUse use) {
        return Optional.ofNullable(domainOf.get(use)).flatMap(domains::find);
    }

    boolean isAttached(PasidUse use) {
        return domainOf.containsKey(use);
    }

    /// Lets the requests of a function with a PASID use a domain.
    ///
    /// @param requesters names under which the IOMMU sees the function
    /// @throws MappingRefused (EBUSY) the PASID is in use, (EINVAL) a blocked domain, or from the driver
    void attach(PasidUse use, Domain to, List<RequesterId> requesters) throws MappingRefused {
        if (domainOf.containsKey(use)) {
            throw new MappingRefused(
                    "EBUSY",
                    "PASID 0x%x of %s uses domain %d already. Detach it first."
                            .formatted(use.pasid(), use.function(), domainOf.get(use)));
        }
        if (to.identity().type() == DomainType.BLOCKED) {
            throw new MappingRefused("EINVAL", "A PASID that is not attached is blocked already.");
        }
        var driver = units.get(to.identity().unit()).driver();
        for (var requester : requesters) {
            driver.attachPasid(requester, use.pasid(), domains.attachment(to));
        }
        domainOf.put(use, to.id());
    }

    /// @throws MappingRefused (ENOENT) if it is not attached
    void detach(PasidUse use, List<RequesterId> requesters) throws MappingRefused {
        var domain = domainOf.get(use);
        if (domain == null) {
            throw new MappingRefused(
                    "ENOENT",
                    "PASID 0x%x of %s is not attached.".formatted(use.pasid(), use.function()));
        }
        var driver = units.get(domains.require(domain).identity().unit()).driver();
        for (var requester : requesters) {
            driver.detachPasid(requester, use.pasid());
        }
        domainOf.remove(use);
    }

    // ---- going back

    Map<PasidUse, Integer> checkpoint() {
        return Map.copyOf(domainOf);
    }

    void restore(Map<PasidUse, Integer> then) {
        domainOf.clear();
        domainOf.putAll(then);
    }

    void addTo(Fingerprint hash) {
        domainOf.forEach(
                (use, domain) -> hash.add(use.function().toString()).add(use.pasid()).add(domain));
    }
}
