package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableTour;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.pci.RequesterId;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;

/// Finds the structures in memory that an AMD IOMMU uses: rings, device table, host tables, GCR3 tables,
/// and guest tables, also where they lie in what a host table maps.
final class AmdAtlas {
    private static final int TABLE_BYTES = 4096;
    private static final int ENTRIES = 512;
    private static final long ADDRESS = (1L << 52) - TABLE_BYTES;
    private static final long NOWHERE = -1;

    private final AmdUnit unit;
    private final AmdUnit uncached;
    private final PhysicalMemory memory;
    private final AmdStructures structures;
    private final Consumer<TableUse> visitor;
    private final TableTour hosts;
    private final Map<Integer, TableTour> guests = new HashMap<>();
    private final Set<Long> gcr3Tables = new HashSet<>();

    AmdAtlas(AmdUnit unit, Consumer<TableUse> visitor) {
        this.unit = unit;
        this.visitor = visitor;
        memory = unit.memory();
        uncached = new AmdUnit(unit.capabilities(), memory, CacheShapes.NONE, 0, true);
        uncached.adoptRegisters(unit);
        structures = new AmdStructures(unit.capabilities());
        hosts =
                new TableTour(
                        memory,
                        new HostTableFormat(false, true),
                        (level, leaf) -> structures.hostEntry(level, leaf ? 0 : level - 1),
                        LongUnaryOperator.identity(),
                        visitor);
    }

    void visit() {
        rings();
        long table = unit.deviceTable();
        if (table == 0 || !memory.isBacked(table)) {
            return;
        }
        int bytes = (int) DeviceTable.bytes(unit.deviceTableBase());
        visitor.accept(
                new TableUse(
                        table,
                        bytes,
                        DeviceTableEntry.BYTES,
                        "device table",
                        NOWHERE,
                        "device table base register",
                        TableUse.Entries.of(
                                structures.deviceTableEntry(),
                                raw ->
                                        DeviceTableEntry.mode(raw[0]) == 0
                                                ? NOWHERE
                                                : DeviceTableEntry.hostTable(raw[0]))));
        for (int device = 0; device < bytes / DeviceTableEntry.BYTES; device++) {
            device(device, table + (long) device * DeviceTableEntry.BYTES);
        }
    }

    // ---- rings

    private void rings() {
        if (unit.commands().isRunning()) {
            ring(
                    unit.commands().address(),
                    unit.commands().bytes(),
                    "command buffer",
                    raw -> AmdCommandStructures.of((int) (raw >>> 60)).orElse(unknown("command")));
        }
        if (unit.events().isRunning()) {
            ring(
                    unit.events().address(),
                    unit.events().bytes(),
                    "event log",
                    raw -> AmdLogStructures.event((int) (raw >>> 60)).orElse(unknown("event")));
        }
        var requests = unit.pageRequests().log();
        if (requests.isRunning()) {
            var structure = AmdLogStructures.pageRequest();
            ring(requests.address(), requests.bytes(), "page request log", _ -> structure);
        }
    }

    /// The layout of an entry, by its first word.
    private interface Layouts {
        Structure of(long first);
    }

    private void ring(long address, int bytes, String what, Layouts layouts) {
        visitor.accept(
                new TableUse(
                        address,
                        bytes,
                        16,
                        what,
                        NOWHERE,
                        what + " base register",
                        raw -> layouts.of(raw[0])));
    }

    private static Structure unknown(String what) {
        return new Structure.Builder("Unknown " + what, 2)
                .ignored(0, 63, 0)
                .ignored(1, 63, 0)
                .build();
    }

    // ---- devices

    private void device(int device, long at) {
        long entry = uncached.freshEntry(device);
        long detail = uncached.detail;
        if (entry == 0
                || (entry & DeviceTableEntry.KIND) == DeviceTableEntry.UNTRANSLATED
                || !DeviceTableEntry.isValid(memory.read64(at))) {
            return;
        }
        int domain = uncached.caches().spaces().owner(DeviceTableEntry.space(entry));
        var pointedBy = "device table, %s".formatted(new RequesterId(device));
        int mode = DeviceTableEntry.packedMode(entry);
        if (mode != 0) {
            hosts.visit(
                    new TableTour.Root(
                            DeviceTableEntry.packedHostTable(entry),
                            mode,
                            mode == DeviceTableEntry.HIGHEST_MODE ? 128 : ENTRIES,
                            0,
                            "domain %d".formatted(domain),
                            at,
                            pointedBy));
        }
        if ((detail & DeviceTableEntry.GV) != 0) {
            var root =
                    new Gcr3Root(
                            device, domain, mode != 0, DeviceTableEntry.packedGuestLevels(detail));
            gcr3Table(
                    root,
                    DeviceTableEntry.packedGcr3Table(detail),
                    DeviceTableEntry.packedGcr3Levels(detail),
                    0,
                    at,
                    pointedBy);
        }
    }

    // ---- PASIDs

    private record Gcr3Root(int device, int domain, boolean nested, int guestLevels) {}

    /// @param firstPasid the PASID of its first entry
    private void gcr3Table(
            Gcr3Root root, long table, int level, int firstPasid, long pointer, String pointedBy) {
        if (!memory.isBacked(table) || !gcr3Tables.add(table << 2 | level)) {
            return;
        }
        var name = "level %d GCR3 table of %s".formatted(level, new RequesterId(root.device()));
        visitor.accept(
                new TableUse(
                        table,
                        TABLE_BYTES,
                        8,
                        name,
                        pointer,
                        pointedBy,
                        TableUse.Entries.of(
                                structures.gcr3Entry(level),
                                raw ->
                                        (raw[0] & 1) == 0
                                                ? NOWHERE
                                                : level > 1
                                                        ? raw[0] & ADDRESS
                                                        : toHost(root, raw[0] & ADDRESS))));
        for (int index = 0; index < ENTRIES; index++) {
            long at = table + index * 8L;
            long raw = memory.read64(at);
            int pasid = firstPasid + (index << 9 * (level - 1));
            if ((raw & 1) == 0) {
                continue;
            }
            if (level > 1) {
                gcr3Table(root, raw & ADDRESS, level - 1, pasid, at, name);
            } else {
                guestTour(root)
                        .visit(
                                new TableTour.Root(
                                        raw & ADDRESS,
                                        root.guestLevels(),
                                        ENTRIES,
                                        0,
                                        "domain %d, PASID %d".formatted(root.domain(), pasid),
                                        at,
                                        name));
            }
        }
    }

    private TableTour guestTour(Gcr3Root root) {
        return guests.computeIfAbsent(
                root.domain(),
                _ ->
                        new TableTour(
                                memory,
                                new GuestTableFormat(unit.capabilities().noExecute(), true),
                                structures::guestEntry,
                                address -> toHost(root, address),
                                visitor));
    }

    private long toHost(Gcr3Root root, long address) {
        if (!root.nested()) {
            return address;
        }
        long leaf = uncached.freshLeaf(root.device(), Spaces.NONE, address);
        return leaf < 0 ? NOWHERE : Iotlb.hpa(leaf, address);
    }
}
