package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Stage;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.os.Attachment;
import iommulab.engine.os.Domain;
import iommulab.engine.os.device.GuestEntry;
import iommulab.engine.session.MachineSnapshot.PasidUse;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// All domains of a machine: the kernel's book of them. Which group and which PASID uses which has books of
/// its own. Source: kernel `drivers/iommu/iommu.c`.
///
/// Compound changes that are refused half-way leave the book half changed: the machine restores itself.
final class Domains {
    private final List<Unit> units;
    private final TreeMap<Integer, Domain> byId = new TreeMap<>();
    private final DomainMaker maker;
    final GroupBook groups;
    final PasidBook pasids;

    Domains(PhysicalMemory memory, FrameAllocator frames, List<Unit> units) {
        this.units = units;
        maker = new DomainMaker(memory, frames, units);
        groups = new GroupBook(this, units);
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

    /// The domain with a hardware tag on a unit.
    Optional<Domain> withTag(int unit, int tag) {
        return byId.values().stream()
                .filter(d -> d.identity().unit() == unit && d.identity().tag() == tag)
                .findFirst();
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
        var users = groups.in(domain.id());
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
    ///
    /// @param tag that it shares with another domain of the guest; 0 for one of its own
    Domain createOnGuestEntry(int unit, Domain parent, GuestEntry entry, int tag)
            throws MappingRefused {
        int id = freeId();
        var domain = maker.onGuestEntry(id, tag == 0 ? id : tag, unit, parent, entry);
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

    // ---- the steps

    Domain create(String name, DomainType type, boolean byUser, int unit, int levels)
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
        while (byId.containsKey(id) || isTag(id)) {
            id++;
        }
        return id;
    }

    /// Whether a domain of a guest still has the number of one that is gone.
    private boolean isTag(int number) {
        return byId.values().stream()
                .anyMatch(
                        domain -> domain.guest().isPresent() && domain.identity().tag() == number);
    }

    void delete(Domain domain) throws MappingRefused {
        byId.remove(domain.id());
        units.get(domain.identity().unit()).driver().forgetDomain(domain.identity().tag());
        if (domain.tables().isPresent()) {
            domain.tables().get().destroy();
        }
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
            GroupBook.Checkpoint groups,
            Map<PasidUse, Integer> pasids,
            Map<Integer, GuestMemory.Checkpoint> guests,
            GuestTables.Checkpoint guestTables) {}

    Checkpoint checkpoint() {
        return new Checkpoint(
                byId.values().stream().map(Domain::checkpoint).toList(),
                groups.checkpoint(),
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
        groups.restore(then.groups());
    }

    void addTo(Fingerprint hash) {
        byId.values().forEach(domain -> domain.addTo(hash));
        groups.addTo(hash);
        pasids.addTo(hash);
        maker.addTo(hash);
    }
}
