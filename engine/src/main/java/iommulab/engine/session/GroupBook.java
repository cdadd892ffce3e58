package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.group.DomainType;
import iommulab.engine.group.Group;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.Domain;
import iommulab.engine.pci.RequesterId;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Which group uses which domain: the kernel's book of them. Every group has a default domain and is in it
/// unless somebody attached it elsewhere. Source: kernel `iommu_attach_group`,
/// `iommu_setup_default_domain`. One engine thread owns it.
final class GroupBook {
    private final Domains domains;
    private final List<Unit> units;
    private final TreeMap<Integer, Integer> defaultOf = new TreeMap<>();
    private final TreeMap<Integer, Integer> currentOf = new TreeMap<>();
    private @Nullable Map<Integer, Integer> placing;
    private final TreeMap<Integer, List<RequesterId>> attached = new TreeMap<>();

    GroupBook(Domains domains, List<Unit> units) {
        this.domains = domains;
        this.units = units;
    }

    // ---- finding

    /// The domain that a group uses now.
    Optional<Domain> domainOf(int group) {
        return Optional.ofNullable(currentOf.get(group)).flatMap(domains::find);
    }

    boolean isInDefault(int group) {
        return defaultOf.containsKey(group) && defaultOf.get(group).equals(currentOf.get(group));
    }

    List<Integer> in(int domain) {
        return currentOf.entrySet().stream()
                .filter(entry -> entry.getValue() == domain)
                .map(Map.Entry::getKey)
                .toList();
    }

    /// The domain that each group uses now; another map whenever one of them has changed.
    Map<Integer, Integer> placing() {
        if (placing == null) {
            placing = Map.copyOf(currentOf);
        }
        return placing;
    }

    // ---- groups come and go

    /// A group appears: its default domain is made, and the group put into it.
    ///
    /// @param requesters names under which the IOMMU sees its members
    void add(Group group, int unit, List<RequesterId> requesters) throws MappingRefused {
        var domain = domains.create("default of group " + group.id(), group.type(), false, unit, 0);
        defaultOf.put(group.id(), domain.id());
        if (domain.tables().isPresent()) {
            mapFirmwareRegions(domain, group);
        }
        attach(group.id(), domain, requesters);
    }

    /// A group disappears, and its default domain with it.
    void remove(int group) throws MappingRefused {
        detach(group);
        currentOf.remove(group);
        placing = null;
        domains.delete(defaultDomain(group));
        defaultOf.remove(group);
    }

    /// What firmware uses by DMA (RMRR) is mapped one to one. Source: kernel
    /// `iommu_create_device_direct_mappings`.
    private void mapFirmwareRegions(Domain domain, Group group) throws MappingRefused {
        for (var region : group.reserved()) {
            if (region.kind().startsWith("direct")) {
                long start = region.start() & -4096L;
                long bytes = (region.last() | 4095) + 1 - start;
                domain.map(start, start, bytes, Permissions.READ_WRITE);
            }
        }
    }

    // ---- groups move

    /// Puts a group from its default domain into another.
    void move(int group, Domain to) throws MappingRefused {
        var requesters = requestersOf(group);
        detach(group);
        attach(group, to, requesters);
    }

    void backToDefault(int group) throws MappingRefused {
        move(group, defaultDomain(group));
    }

    /// Number of the IOMMU that serves a group.
    int unitOf(int group) {
        return defaultDomain(group).identity().unit();
    }

    private Domain defaultDomain(int group) {
        return Optional.ofNullable(defaultOf.get(group))
                .flatMap(domains::find)
                .orElseThrow(
                        () -> new IllegalStateException("group %d is not known".formatted(group)));
    }

    /// Names under which the IOMMU sees the members of a group; empty if the group is not known.
    List<RequesterId> requestersOf(int group) {
        return attached.getOrDefault(group, List.of());
    }

    /// Stops all requests of a group that have no PASID.
    void block(int group) throws MappingRefused {
        int unit = unitOf(group);
        for (var domain : domains.all()) {
            if (domain.identity().type() == DomainType.BLOCKED
                    && domain.identity().unit() == unit) {
                move(group, domain);
                return;
            }
        }
        move(group, domains.create("blocked", DomainType.BLOCKED, false, unit, 0));
    }

    /// Gives a group a default domain of another type.
    void setDefaultType(Group group, DomainType type) throws MappingRefused {
        var old = defaultDomain(group.id());
        boolean inUse = isInDefault(group.id());
        var next = domains.create(old.identity().name(), type, false, old.identity().unit(), 0);
        if (next.tables().isPresent() && type != DomainType.IDENTITY) {
            mapFirmwareRegions(next, group);
        }
        defaultOf.put(group.id(), next.id());
        if (inUse) {
            move(group.id(), next);
        }
        domains.delete(old);
    }

    private void attach(int group, Domain domain, List<RequesterId> requesters)
            throws MappingRefused {
        currentOf.put(group, domain.id());
        placing = null;
        attached.put(group, requesters);
        if (domain.identity().type() == DomainType.BLOCKED) {
            return;
        }
        var driver = units.get(unitOf(group)).driver();
        var entry = domains.attachment(domain);
        for (var requester : requesters) {
            driver.attach(requester, entry);
        }
    }

    private void detach(int group) throws MappingRefused {
        var driver = units.get(unitOf(group)).driver();
        for (var requester : requestersOf(group)) {
            if (driver.isAttached(requester)) {
                driver.detach(requester);
            }
        }
        attached.remove(group);
    }

    // ---- going back

    record Checkpoint(
            Map<Integer, Integer> defaultOf,
            Map<Integer, Integer> currentOf,
            Map<Integer, List<RequesterId>> attached) {}

    Checkpoint checkpoint() {
        return new Checkpoint(Map.copyOf(defaultOf), Map.copyOf(currentOf), Map.copyOf(attached));
    }

    void restore(Checkpoint then) {
        defaultOf.clear();
        defaultOf.putAll(then.defaultOf());
        currentOf.clear();
        currentOf.putAll(then.currentOf());
        placing = null;
        attached.clear();
        attached.putAll(then.attached());
    }

    void addTo(Fingerprint hash) {
        currentOf.forEach((group, domain) -> hash.add(group).add(domain));
        defaultOf.forEach((group, domain) -> hash.add(group).add(domain));
    }
}
