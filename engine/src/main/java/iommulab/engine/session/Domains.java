package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.group.DomainType;
import iommulab.engine.group.Group;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.Attachment;
import iommulab.engine.os.Domain;
import iommulab.engine.os.device.GuestEntry;
import iommulab.engine.pci.RequesterId;
import iommulab.engine.session.MachineSnapshot.PasidUse;

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
    private final List<Unit> units;
    private final TreeMap<Integer, Domain> byId = new TreeMap<>();
    private final TreeMap<Integer, Integer> defaultOf = new TreeMap<>();
    private final TreeMap<Integer, Integer> currentOf = new TreeMap<>();
    private final DomainMaker maker;
    final PasidBook pasids;
    private @Nullable Map<Integer, Integer> placing;
    private final TreeMap<Integer, List<RequesterId>> attached = new TreeMap<>();

    Domains(PhysicalMemory memory, FrameAllocator frames, List<Unit> units) {
        this.units = units;
        maker = new DomainMaker(memory, frames, units);
        pasids = new PasidBook(this, units);
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
        var pasid = pasids.in(domain.id());
        if (!pasid.isEmpty()) {
            throw new MappingRefused(
                    "EBUSY",
                    "Domain %d is used by PASID 0x%x of %s. Detach it first."
                            .formatted(
                                    domain.id(),
                                    pasid.getFirst().pasid(),
                                    pasid.getFirst().function()));
        }
        for (var child : byId.values()) {
            if (child.identity().parent() == domain.id()) {
                throw new MappingRefused(
                        "EBUSY",
                        "Domain %d is nested in domain %d. Delete that first."
                                .formatted(child.id(), domain.id()));
            }
        }
        delete(domain);
        maker.forgetGuest(domain.id());
    }

    /// Makes a domain of first-stage tables that no device uses yet.
    ///
    /// @param parent 0 for none
    /// @param levels 0 for the usual number
    Domain createFirstStage(int unit, int parent, int levels) throws MappingRefused {
        int id = freeId();
        var domain =
                parent == 0
                        ? maker.firstStage(id, unit, levels)
                        : maker.nested(id, unit, require(parent), levels);
        byId.put(id, domain);
        return domain;
    }

    private Domain parentOf(Domain domain) {
        return find(domain.identity().parent())
                .orElseThrow(() ->
                        new IllegalStateException(
                                "domain %d lost its parent".formatted(domain.id())));
    }

    /// What a driver writes for a domain.
    Attachment attachment(Domain domain) {
        int tag = domain.identity().tag();
        int parent = domain.identity().parent();
        var tables = domain.tables().orElse(null);
        var guest = domain.guest();
        if (guest.isPresent()) {
            var second = parentOf(domain).tables().orElse(null);
            return new Attachment(tag, null, parent, second, guest.get());
        }
        if (tables == null) {
            return Attachment.passThrough(tag);
        }
        if (domain.identity().stage() == Stage.SECOND) {
            return new Attachment(tag, null, tag, tables);
        }
        return parent == 0
                ? new Attachment(tag, tables, tag, null)
                : new Attachment(tag, tables, parent, parentOf(domain).tables().orElse(null));
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

    /// Number of the IOMMU that serves a group.
    int unitOf(int group) {
        return defaultDomain(group).identity().unit();
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

    // ---- by the kernel's interface for users

    /// @param stage of its tables; whether it can be a parent follows from it
    Domain createOfStage(int unit, Stage stage) throws MappingRefused {
        int id = freeId();
        var domain = maker.ofStage(id, "user table " + id, unit, stage);
        byId.put(id, domain);
        return domain;
    }

    /// A domain of a table that a guest keeps.
    ///
    /// @param table its number in [#guestTables]
    Domain createOnGuestTable(int unit, Domain parent, int table) throws MappingRefused {
        var domain = maker.onGuestTable(freeId(), unit, parent, table);
        byId.put(domain.id(), domain);
        return domain;
    }

    /// A domain of everything that a guest's own entry of a device leads to.
    Domain createOnGuestEntry(int unit, Domain parent, GuestEntry entry) throws MappingRefused {
        var domain = maker.onGuestEntry(freeId(), unit, parent, entry);
        byId.put(domain.id(), domain);
        return domain;
    }

    GuestTables guestTables() {
        return maker.guestTables;
    }

    /// A domain that nobody uses is gone; a guest's table stays the guest's.
    void drop(int id) throws MappingRefused {
        var domain = require(id);
        byId.remove(id);
        if (domain.tables().isPresent() && !GuestTables.isInWindow(domain.tables().get().top())) {
            domain.tables().get().destroy();
        }
    }

    /// Stops all requests of a group that have no PASID.
    void block(int group) throws MappingRefused {
        int unit = unitOf(group);
        for (var domain : byId.values()) {
            if (domain.identity().type() == DomainType.BLOCKED
                    && domain.identity().unit() == unit) {
                move(group, domain);
                return;
            }
        }
        move(group, create("blocked", DomainType.BLOCKED, false, unit, 0));
    }

    /// Gives a group a default domain of another type.
    void setDefaultType(Group group, DomainType type) throws MappingRefused {
        var old = defaultDomain(group.id());
        boolean inUse = isInDefault(group.id());
        var next = create(old.identity().name(), type, false, old.identity().unit(), 0);
        if (next.tables().isPresent() && type != DomainType.IDENTITY) {
            mapFirmwareRegions(next, group);
        }
        defaultOf.put(group.id(), next.id());
        if (inUse) {
            move(group.id(), next);
        }
        delete(old);
    }

    // ---- the steps

    private Domain create(String name, DomainType type, boolean byUser, int unit, int levels)
            throws MappingRefused {
        int id = freeId();
        var domain = maker.usual(id, name, type, byUser, unit, levels);
        byId.put(id, domain);
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

    private void delete(Domain domain) throws MappingRefused {
        byId.remove(domain.id());
        units.get(domain.identity().unit()).driver().forgetDomain(domain.identity().tag());
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
        var driver = units.get(unitOf(group)).driver();
        var entry = attachment(domain);
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
            Map<Integer, List<RequesterId>> attached,
            Map<PasidUse, Integer> pasids,
            Map<Integer, GuestMemory.Checkpoint> guests,
            GuestTables.Checkpoint guestTables) {}

    Checkpoint checkpoint() {
        return new Checkpoint(
                byId.values().stream().map(Domain::checkpoint).toList(),
                Map.copyOf(defaultOf),
                Map.copyOf(currentOf),
                Map.copyOf(attached),
                pasids.checkpoint(),
                maker.guests(),
                maker.guestTables.checkpoint());
    }

    void restore(Checkpoint then) {
        byId.clear();
        maker.restoreGuests(then.guests());
        maker.guestTables.restore(then.guestTables());
        pasids.restore(then.pasids());
        for (var domain : then.domains()) {
            byId.put(domain.identity().id(), maker.resume(domain, byId));
        }
        defaultOf.clear();
        defaultOf.putAll(then.defaultOf());
        currentOf.clear();
        currentOf.putAll(then.currentOf());
        placing = null;
        attached.clear();
        attached.putAll(then.attached());
    }

    void addTo(Fingerprint hash) {
        byId.values().forEach(domain -> domain.addTo(hash));
        currentOf.forEach((group, domain) -> hash.add(group).add(domain));
        defaultOf.forEach((group, domain) -> hash.add(group).add(domain));
        pasids.addTo(hash);
        maker.addTo(hash);
    }
}
