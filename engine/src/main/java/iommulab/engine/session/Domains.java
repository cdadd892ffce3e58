package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.group.DomainType;
import iommulab.engine.group.Group;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.builder.TableBuilder;
import iommulab.engine.iommu.builder.TableLimits;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.iommu.vtd.ContextAttachment;
import iommulab.engine.iommu.vtd.SecondStageEncoder;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.memory.Region.RegionKind;
import iommulab.engine.os.Domain;
import iommulab.engine.os.VtdDriver;
import iommulab.engine.pci.RequesterId;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// All domains of a machine, and which group uses which: the kernel's book of them. Every group has a
/// default domain and is in it unless somebody attached it elsewhere.
/// Source: kernel `drivers/iommu/iommu.c`.
///
/// Compound changes that are refused half-way leave the book half changed: the machine restores itself.
final class Domains {
    private static final SecondStageEncoder ENCODER = new SecondStageEncoder();

    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final List<Unit> units;
    private final TreeMap<Integer, Domain> byId = new TreeMap<>();
    private final TreeMap<Integer, Integer> defaultOf = new TreeMap<>();
    private final TreeMap<Integer, Integer> currentOf = new TreeMap<>();
    private @Nullable Map<Integer, Integer> placing;
    private final TreeMap<Integer, List<RequesterId>> attached = new TreeMap<>();

    Domains(PhysicalMemory memory, FrameAllocator frames, List<Unit> units) {
        this.memory = memory;
        this.frames = frames;
        this.units = units;
    }

    // ---- finding

    Collection<Domain> all() {
        return byId.values();
    }

    Optional<Domain> find(int id) {
        return Optional.ofNullable(byId.get(id));
    }

    Domain require(int id) throws MappingRefused {
        return find(id).orElseThrow(() ->
                new MappingRefused(
                        "ENOENT",
                        "There is no domain %d. The domains are %s.".formatted(id, byId.keySet())));
    }

    /// The domain that a group uses now.
    Optional<Domain> ofGroup(int group) {
        return Optional.ofNullable(currentOf.get(group)).map(byId::get);
    }

    boolean isInDefault(int group) {
        return defaultOf.containsKey(group) && defaultOf.get(group).equals(currentOf.get(group));
    }

    List<Integer> groupsIn(int domain) {
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

    /// The domain with a hardware tag on a unit.
    Optional<Domain> withTag(int unit, int tag) {
        return byId.values().stream()
                .filter(d -> d.identity().unit() == unit && d.identity().tag() == tag)
                .findFirst();
    }

    // ---- groups come and go

    /// A group appears: its default domain is made, and the group put into it.
    ///
    /// @param requesters names under which the IOMMU sees its members
    void addGroup(Group group, int unit, List<RequesterId> requesters) throws MappingRefused {
        var domain = create("default of group " + group.id(), group.type(), false, unit, 0);
        defaultOf.put(group.id(), domain.id());
        if (domain.tables().isPresent()) {
            mapFirmwareRegions(domain, group);
        }
        attach(group.id(), domain, requesters);
    }

    /// A group disappears, and its default domain with it.
    void removeGroup(int group) throws MappingRefused {
        detach(group);
        currentOf.remove(group);
        placing = null;
        delete(defaultDomain(group));
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

    // ---- by users

    /// Makes a domain that no group uses yet.
    ///
    /// @param levels 0 for the depth that the driver would take
    Domain createForUser(DomainType type, int unit, int levels) throws MappingRefused {
        return create(type.sysfs() + " " + freeId(), type, true, unit, levels);
    }

    void deleteForUser(Domain domain) throws MappingRefused {
        if (!domain.identity().byUser()) {
            throw new MappingRefused(
                    "EPERM",
                    "Domain %d is the %s; the kernel needs it."
                            .formatted(domain.id(), domain.identity().name()));
        }
        var users = groupsIn(domain.id());
        if (!users.isEmpty()) {
            throw new MappingRefused(
                    "EBUSY",
                    "Domain %d is used by group %s. Detach it first."
                            .formatted(domain.id(), users.getFirst()));
        }
        delete(domain);
    }

    /// Puts a group from its default domain into another.
    void move(int group, Domain to) throws MappingRefused {
        var requesters = requestersOf(group);
        detach(group);
        attach(group, to, requesters);
    }

    void backToDefault(int group) throws MappingRefused {
        move(group, defaultDomain(group));
    }

    private Domain defaultDomain(int group) {
        return Optional.ofNullable(defaultOf.get(group))
                .map(byId::get)
                .orElseThrow(
                        () -> new IllegalStateException("group %d is not known".formatted(group)));
    }

    /// Names under which the IOMMU sees the members of a group; empty if the group is not known.
    List<RequesterId> requestersOf(int group) {
        return attached.getOrDefault(group, List.of());
    }

    // ---- the steps

    private Domain create(String name, DomainType type, boolean byUser, int unit, int levels)
            throws MappingRefused {
        var driver = units.get(unit).driver();
        var capabilities = driver.unit().capabilities();
        int id = freeId();
        driver.requireTag(id);
        int tag = type == DomainType.BLOCKED ? 0 : id;
        var identity = new Domain.Identity(id, name, type, byUser, unit, tag);
        boolean passesThrough = type == DomainType.IDENTITY && capabilities.passThrough();
        Domain domain;
        if (type == DomainType.BLOCKED || passesThrough) {
            domain = new Domain(identity, null);
        } else {
            int depth = levels == 0 ? usualLevels(driver) : levels;
            requireDepth(driver, depth);
            domain =
                    new Domain(
                            identity,
                            TableBuilder.create(
                                    TableStore.ofHost(memory, frames),
                                    ENCODER,
                                    limits(driver, depth),
                                    id));
        }
        byId.put(id, domain);
        if (type == DomainType.IDENTITY && !passesThrough) {
            mapAllMemory(domain);
        }
        return domain;
    }

    /// The lowest number that no domain has. It is the domain ID in the hardware's entries as well; 0 is
    /// left out, since hardware in caching mode tags with it what is not present.
    private int freeId() {
        int id = 1;
        while (byId.containsKey(id)) {
            id++;
        }
        return id;
    }

    /// The driver takes four levels where it can, as Linux does for 48 bits of iova.
    private static int usualLevels(VtdDriver driver) {
        var capabilities = driver.unit().capabilities();
        return capabilities.supportsLevels(4) ? 4 : capabilities.deepestLevels();
    }

    private static void requireDepth(VtdDriver driver, int levels) throws MappingRefused {
        if (!driver.unit().capabilities().supportsLevels(levels)) {
            throw new MappingRefused(
                    "EINVAL",
                    "The IOMMU does not walk %d levels. Its deepest tables have %d."
                            .formatted(levels, driver.unit().capabilities().deepestLevels()));
        }
    }

    private static TableLimits limits(VtdDriver driver, int levels) {
        var capabilities = driver.unit().capabilities();
        return SecondStageEncoder.limits(
                capabilities.cap(), levels, capabilities.hostAddressBits());
    }

    /// Identity without pass-through is a page table that maps memory onto itself.
    private void mapAllMemory(Domain domain) throws MappingRefused {
        for (var region : memory.map().regions()) {
            if (region.kind() == RegionKind.RAM || region.kind() == RegionKind.TABLES) {
                long start = region.range().start() + 4095 & -4096L;
                long end = region.range().last() + 1 & -4096L;
                if (end > start) {
                    domain.map(start, start, end - start, Permissions.READ_WRITE);
                }
            }
        }
    }

    private void delete(Domain domain) throws MappingRefused {
        byId.remove(domain.id());
        if (domain.tables().isPresent()) {
            domain.tables().get().destroy();
        }
    }

    private void attach(int group, Domain domain, List<RequesterId> requesters)
            throws MappingRefused {
        currentOf.put(group, domain.id());
        placing = null;
        attached.put(group, requesters);
        if (domain.identity().type() == DomainType.BLOCKED) {
            return;
        }
        var driver = units.get(domain.identity().unit()).driver();
        int tag = domain.identity().tag();
        var entry =
                domain.tables()
                        .map(tables -> ContextAttachment.to(tag, tables))
                        .orElseGet(() ->
                                ContextAttachment.passThrough(
                                        tag, driver.unit().capabilities().deepestLevels()));
        for (var requester : requesters) {
            driver.attach(requester, entry);
        }
    }

    private void detach(int group) throws MappingRefused {
        var domain = ofGroup(group).orElseThrow();
        var driver = units.get(domain.identity().unit()).driver();
        for (var requester : requestersOf(group)) {
            if (driver.isAttached(requester)) {
                driver.detach(requester);
            }
        }
        attached.remove(group);
    }

    // ---- invalidations that somebody sends

    /// The IOMMU of a domain was told to forget a range of it.
    void invalidated(int unit, int tag, AddressRange range) {
        withTag(unit, tag).ifPresent(domain -> domain.invalidated(range));
    }

    /// The IOMMU was told to forget everything.
    void allInvalidated(int unit) {
        byId.values().stream()
                .filter(domain -> domain.identity().unit() == unit)
                .forEach(domain -> domain.invalidated(new AddressRange(0, -1)));
    }

    // ---- going back

    record Checkpoint(
            List<Domain.Checkpoint> domains,
            Map<Integer, Integer> defaultOf,
            Map<Integer, Integer> currentOf,
            Map<Integer, List<RequesterId>> attached) {}

    Checkpoint checkpoint() {
        return new Checkpoint(
                byId.values().stream().map(Domain::checkpoint).toList(),
                Map.copyOf(defaultOf),
                Map.copyOf(currentOf),
                Map.copyOf(attached));
    }

    void restore(Checkpoint then) {
        byId.clear();
        for (var domain : then.domains()) {
            byId.put(domain.identity().id(), resume(domain));
        }
        defaultOf.clear();
        defaultOf.putAll(then.defaultOf());
        currentOf.clear();
        currentOf.putAll(then.currentOf());
        placing = null;
        attached.clear();
        attached.putAll(then.attached());
    }

    private Domain resume(Domain.Checkpoint then) {
        if (then.top() == 0) {
            return Domain.restore(then, null);
        }
        var driver = units.get(then.identity().unit()).driver();
        return Domain.restore(
                then,
                TableBuilder.resume(
                        TableStore.ofHost(memory, frames),
                        ENCODER,
                        limits(driver, then.levels()),
                        then.identity().id(),
                        then.top(),
                        then.tableFrames()));
    }

    void addTo(Fingerprint hash) {
        byId.values().forEach(domain -> domain.addTo(hash));
        currentOf.forEach((group, domain) -> hash.add(group).add(domain));
        defaultOf.forEach((group, domain) -> hash.add(group).add(domain));
    }
}
