package iommulab.engine.session;

import iommulab.engine.Fingerprint;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.builder.TableBuilder;
import iommulab.engine.iommu.builder.TableLimits;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.memory.FrameAllocator;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.memory.Region.RegionKind;
import iommulab.engine.os.Domain;
import iommulab.engine.os.IommuDriver;
import iommulab.engine.os.device.GuestEntry;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/// Makes domains with the tables that their IOMMU's driver wants, in host memory or in that of a guest.
/// One engine thread owns it.
final class DomainMaker {
    private final PhysicalMemory memory;
    private final FrameAllocator frames;
    private final List<Unit> units;
    private final GuestMemory guests;
    final GuestTables guestTables;

    DomainMaker(PhysicalMemory memory, FrameAllocator frames, List<Unit> units) {
        this.memory = memory;
        this.frames = frames;
        this.units = units;
        guests = new GuestMemory(memory);
        guestTables = new GuestTables(memory, TableMemory.forGuestTables(memory.map()));
    }

    /// A domain of a stage that others can be nested on, or that is used for what its stage can do.
    Domain ofStage(int id, String name, int unit, Stage stage) throws MappingRefused {
        var driver = units.get(unit).driver();
        driver.requireTag(id);
        var identity =
                new Domain.Identity(id, name, DomainType.UNMANAGED, true, unit, id, stage, 0);
        return new Domain(identity, tables(host(), driver, stage, 0, id));
    }

    /// A domain of a table that a guest keeps for itself.
    ///
    /// @param table number of the guest's table
    Domain onGuestTable(int id, int unit, Domain parent, int table) throws MappingRefused {
        var driver = units.get(unit).driver();
        driver.requireTag(id);
        guestTables.mapWindow(parent);
        return new Domain(
                firstStageIdentity(id, "guest table " + table, unit, parent.id()),
                guestTables.builder(table, driver));
    }

    /// A domain of the tables to which a guest's own entry of a device leads.
    ///
    /// @param tag that hardware is to know it by
    Domain onGuestEntry(int id, int tag, int unit, Domain parent, GuestEntry entry)
            throws MappingRefused {
        var driver = units.get(unit).driver();
        driver.requireTag(tag);
        driver.requireEntry(entry);
        guestTables.mapWindow(parent);
        var identity =
                new Domain.Identity(
                        id,
                        "guest's entry",
                        DomainType.UNMANAGED,
                        true,
                        unit,
                        tag,
                        Stage.FIRST,
                        parent.id());
        return Domain.ofGuest(identity, entry);
    }

    /// A domain in the stage that the driver takes for a default domain, or, if a user makes it, for one that
    /// others may be nested in.
    ///
    /// @param levels 0 for the usual number
    Domain usual(int id, String name, DomainType type, boolean byUser, int unit, int levels)
            throws MappingRefused {
        var driver = units.get(unit).driver();
        driver.requireTag(id);
        int tag = type == DomainType.BLOCKED ? 0 : id;
        var stage = byUser ? driver.parentStage() : driver.usualStage();
        var identity = new Domain.Identity(id, name, type, byUser, unit, tag, stage, 0);
        boolean passesThrough = type == DomainType.IDENTITY && driver.passesThrough();
        if (type == DomainType.BLOCKED || passesThrough) {
            return new Domain(identity, null);
        }
        var domain = new Domain(identity, tables(host(), driver, stage, levels, id));
        if (type == DomainType.IDENTITY) {
            mapAllMemory(domain);
        }
        return domain;
    }

    /// A domain of first-stage tables in host memory.
    Domain firstStage(int id, int unit, int levels) throws MappingRefused {
        var driver = units.get(unit).driver();
        driver.requireTag(id);
        return new Domain(
                firstStageIdentity(id, "first stage " + id, unit, 0),
                tables(host(), driver, Stage.FIRST, levels, id));
    }

    /// A domain of first-stage tables that a guest keeps in its own memory.
    ///
    /// @param parent maps that memory
    /// @throws MappingRefused also (EINVAL) if it cannot be a parent
    Domain nested(int id, int unit, Domain parent, int levels) throws MappingRefused {
        var driver = units.get(unit).driver();
        driver.requireTag(id);
        if (parent.identity().unit() != unit
                || parent.identity().stage() != Stage.SECOND
                || !parent.identity().byUser()
                || parent.tables().isEmpty()) {
            throw new MappingRefused(
                    "EINVAL",
                    "Domain %d cannot be a parent: take an unmanaged second-stage domain of the same IOMMU."
                            .formatted(parent.id()));
        }
        return new Domain(
                firstStageIdentity(id, "nested in domain " + parent.id(), unit, parent.id()),
                tables(guests.storeBehind(parent), driver, Stage.FIRST, levels, id));
    }

    private static Domain.Identity firstStageIdentity(int id, String name, int unit, int parent) {
        return new Domain.Identity(
                id, name, DomainType.UNMANAGED, true, unit, id, Stage.FIRST, parent);
    }

    private TableStore host() {
        return TableStore.ofHost(memory, frames);
    }

    private static TableBuilder tables(
            TableStore store, IommuDriver driver, Stage stage, int levels, int id)
            throws MappingRefused {
        return TableBuilder.create(store, driver.encoder(stage), driver.limits(stage, levels), id);
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

    // ---- going back

    /// A domain as it was.
    ///
    /// @param restored the domains by number; a parent may come into it after what is nested in it
    Domain resume(Domain.Checkpoint then, Map<Integer, Domain> restored) {
        if (then.top() == 0) {
            return Domain.restore(then, null);
        }
        var identity = then.identity();
        var driver = units.get(identity.unit()).driver();
        int parent = identity.parent();
        var store =
                parent == 0
                        ? host()
                        : GuestTables.isInWindow(then.top())
                                ? guestTables.store()
                                : guests.resumeBehind(
                                        parent, gpa -> toHost(restored.get(parent), gpa));
        return Domain.restore(
                then,
                TableBuilder.resume(
                        store,
                        driver.encoder(identity.stage()),
                        limits(driver, identity.stage(), then.levels()),
                        identity.id(),
                        then.top(),
                        then.tableFrames()));
    }

    private static long toHost(@Nullable Domain parent, long gpa) {
        return parent == null ? -1 : GuestMemory.hpa(parent, gpa);
    }

    private static TableLimits limits(IommuDriver driver, Stage stage, int levels) {
        try {
            return driver.limits(stage, levels);
        } catch (MappingRefused neverBefore) {
            throw new IllegalStateException("limits that were granted before", neverBefore);
        }
    }

    /// A domain is gone, and what its guest kept.
    void forgetGuest(int parent) {
        guests.forget(parent);
    }

    Map<Integer, GuestMemory.Checkpoint> guests() {
        return guests.checkpoint();
    }

    void restoreGuests(Map<Integer, GuestMemory.Checkpoint> then) {
        guests.restore(then);
    }

    void addTo(Fingerprint hash) {
        guests.addTo(hash);
        guestTables.addTo(hash);
    }
}
