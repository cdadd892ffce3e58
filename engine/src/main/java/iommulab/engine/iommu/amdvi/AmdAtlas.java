package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.GuestAddresses;
import iommulab.engine.iommu.KnownStructures;
import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableTour;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.TableUse.Entries;
import iommulab.engine.iommu.TableVisits;
import iommulab.engine.iommu.TableVisits.Table;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.pci.RequesterId;

import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;

/// Finds the structures in memory that an AMD IOMMU uses: device table, host tables, GCR3 tables, and guest
/// tables, also where they lie in what a host table maps. Its rings are in [AmdRings].
final class AmdAtlas {
    private static final int TABLE_BYTES = 4096;
    private static final int ENTRIES = 512;
    /* Of the six levels of a 64-bit address the top has seven bits. */
    private static final int ENTRIES_OF_HIGHEST = 128;
    private static final long ADDRESS = (1L << 52) - TABLE_BYTES;

    private final AmdUnit unit;
    private final AmdStructures structures;
    private final DeviceTable deviceTable;
    private final TableVisits visits;
    private final HostTableFormat hostFormat = new HostTableFormat(false, true);
    private final KnownStructures knownOfHost = new KnownStructures();
    private final KnownStructures knownOfGuest = new KnownStructures();
    private final TableTour hosts;
    private final TableTour guests;

    AmdAtlas(AmdUnit unit, Consumer<TableUse> visitor) {
        this.unit = unit;
        visits = new TableVisits(unit.memory(), visitor);
        deviceTable = new DeviceTable(unit.memory(), unit.capabilities());
        structures = new AmdStructures(unit.capabilities());
        hosts = new TableTour(visits, hostFormat, this::hostEntry);
        guests =
                new TableTour(
                        visits,
                        new GuestTableFormat(unit.capabilities().noExecute(), true),
                        this::guestEntry);
    }

    private Structure hostEntry(int level, long raw) {
        int next = HostTableFormat.nextLevel(raw);
        return knownOfHost.of(level << 3 | next, () -> structures.hostEntry(level, next));
    }

    private Structure guestEntry(int level, long raw) {
        boolean leaf = GuestTableFormat.isLeaf(raw, level);
        return knownOfGuest.of(leaf ? level : -level, () -> structures.guestEntry(level, leaf));
    }

    void visit() {
        if (unit.deviceTable() != 0) {
            devices();
        }
        new AmdRings(unit, visits).visit();
    }

    private void devices() {
        var table =
                new Table(
                        "device table",
                        unit.deviceTable(),
                        DeviceTable.bytes(unit.deviceTableBase()),
                        DeviceTableEntry.BYTES,
                        "device table",
                        -1,
                        "device table base register",
                        Entries.of(structures.deviceTableEntry(), this::tablesOf));
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(visits.memory(), (device, hpa, _) -> device(device, hpa));
        }
    }

    /// Host table and GCR3 table of a device table entry.
    private long[] tablesOf(long[] raw) {
        boolean valid =
                DeviceTableEntry.isValid(raw[0]) && DeviceTableEntry.isTranslationValid(raw[0]);
        boolean hosts = valid && DeviceTableEntry.mode(raw[0]) != 0;
        boolean guests = valid && unit.guestTranslation && DeviceTableEntry.isGuest(raw[0]);
        return new long[] {
            hosts ? DeviceTableEntry.hostTable(raw[0]) : -1, guests ? gcr3Root(raw[0], raw[1]) : -1
        };
    }

    /// hpa of a GCR3 table, -1 if the host table does not map it.
    private long gcr3Root(long first, long second) {
        long table = DeviceTableEntry.gcr3Table(first, second);
        return gcr3Tables(toHost(first)).applyAsLong(table);
    }

    private LongUnaryOperator toHost(long first) {
        int mode = DeviceTableEntry.mode(first);
        return mode == 0
                ? LongUnaryOperator.identity()
                : new GuestAddresses(
                        unit.memory(),
                        hostFormat,
                        DeviceTableEntry.hostTable(first),
                        mode,
                        Math.min(64, 12 + 9 * mode),
                        0);
    }

    // ---- one device

    /// What the entries below a device table entry have in common.
    ///
    /// @param toHost hpa of the addresses of its guest tables
    /// @param toGcr3 hpa of the addresses of its GCR3 tables
    private record Device(
            int id,
            int domain,
            int guestLevels,
            LongUnaryOperator toHost,
            LongUnaryOperator toGcr3) {}

    /// GCR3 tables are the host's, unless the unit has been told otherwise.
    private LongUnaryOperator gcr3Tables(LongUnaryOperator toHost) {
        return unit.guestPointers ? toHost : LongUnaryOperator.identity();
    }

    private void device(int id, long hpa) {
        boolean readable =
                deviceTable.read(
                                unit.deviceTableBase(),
                                id,
                                unit.guestTranslation,
                                WalkObserver.NONE)
                        == null;
        long first = deviceTable.first();
        long second = deviceTable.second();
        if (!readable
                || !DeviceTableEntry.isValid(first)
                || !DeviceTableEntry.isTranslationValid(first)) {
            return;
        }
        var pointedBy = "device table, " + new RequesterId(id);
        int domain = DeviceTableEntry.domain(second);
        int mode = DeviceTableEntry.mode(first);
        if (mode != 0) {
            long table = DeviceTableEntry.hostTable(first);
            hosts.visit(hostRoot(table, mode, domain, hpa, pointedBy));
        }
        var toHost = toHost(first);
        if (unit.guestTranslation && DeviceTableEntry.isGuest(first)) {
            var device =
                    new Device(
                            id,
                            domain,
                            DeviceTableEntry.guestLevels(deviceTable.third()),
                            toHost,
                            gcr3Tables(toHost));
            long table = DeviceTableEntry.gcr3Table(first, second);
            gcr3Table(device, table, DeviceTableEntry.gcr3Levels(first), 0, hpa, pointedBy);
        }
    }

    private static TableTour.Root hostRoot(
            long table, int mode, int domain, long pointer, String pointedBy) {
        return new TableTour.Root(
                table,
                mode,
                mode == DeviceTableEntry.HIGHEST_MODE ? ENTRIES_OF_HIGHEST : ENTRIES,
                0,
                "domain " + domain,
                pointer,
                pointedBy);
    }

    // ---- PASIDs

    /// @param firstPasid the PASID of its first entry
    private void gcr3Table(
            Device device,
            long address,
            int level,
            int firstPasid,
            long pointer,
            String pointedBy) {
        var name = "level %d GCR3 table of %s".formatted(level, new RequesterId(device.id()));
        var table =
                new Table(
                        "level %d GCR3 table".formatted(level),
                        address,
                        TABLE_BYTES,
                        8,
                        name,
                        pointer,
                        pointedBy,
                        Entries.to(
                                structures.gcr3Entry(level),
                                raw -> gcr3Target(device, level, raw[0])));
        for (var piece : visits.tell(table, device.toGcr3())) {
            piece.forEachEntry(
                    visits.memory(),
                    (index, hpa, raw) -> {
                        int pasid = firstPasid + (index << 9 * (level - 1));
                        gcr3Entry(device, level, pasid, raw[0], hpa, name);
                    });
        }
    }

    private static long gcr3Target(Device device, int level, long raw) {
        if ((raw & 1) == 0) {
            return -1;
        }
        return (level > 1 ? device.toGcr3() : device.toHost()).applyAsLong(raw & ADDRESS);
    }

    private void gcr3Entry(
            Device device, int level, int pasid, long raw, long hpa, String tableName) {
        if ((raw & 1) == 0 || (raw & Gcr3Table.RESERVED) != 0) {
            return;
        }
        if (level > 1) {
            gcr3Table(device, raw & ADDRESS, level - 1, pasid, hpa, tableName);
            return;
        }
        guests.visit(
                new TableTour.Root(
                        raw & ADDRESS,
                        device.guestLevels(),
                        ENTRIES,
                        0,
                        "domain %d, PASID %d".formatted(device.domain(), pasid),
                        hpa,
                        tableName),
                device.toHost());
    }
}
