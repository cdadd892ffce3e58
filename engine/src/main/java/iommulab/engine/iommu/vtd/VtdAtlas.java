package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.TableTour;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.TableUse.Entries;
import iommulab.engine.iommu.TableVisits;
import iommulab.engine.iommu.TableVisits.Table;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.pci.RequesterId;

import java.util.function.Consumer;

/// Finds the structures in memory that a VT-d unit uses: its tables, those of legacy mode here and those
/// of scalable mode in [ScalableAtlas], and its queues.
final class VtdAtlas {
    private static final int FRAME_BYTES = 4096;
    private static final long ADDRESS = (1L << 52) - FRAME_BYTES;
    private static final int ENTRY_BYTES = 16;

    private final VtdUnit unit;
    private final VtdStructures structures;
    private final DeviceTables deviceTables;
    private final TableVisits visits;
    private final TableTour tour;

    VtdAtlas(VtdUnit unit, Consumer<TableUse> visitor) {
        this.unit = unit;
        visits = new TableVisits(unit.memory(), visitor);
        structures = new VtdStructures(unit.capabilities());
        deviceTables = new DeviceTables(unit.memory(), unit.capabilities());
        tour = new TableTour(visits, unit.format(), structures::secondStageEntry);
    }

    void visit() {
        if (unit.deviceTable() != 0) {
            switch (unit.rootTableMode()) {
                case VtdUnit.LEGACY_TABLE -> rootTable();
                case VtdUnit.SCALABLE_TABLE -> new ScalableAtlas(unit, visits).visit();
                default -> {}
            }
        }
        new VtdRings(unit, visits).visit();
    }

    private void rootTable() {
        var table =
                new Table(
                        "root table",
                        unit.deviceTable(),
                        FRAME_BYTES,
                        ENTRY_BYTES,
                        "root table",
                        -1,
                        "RTADDR_REG",
                        Entries.to(structures.rootEntry(), raw -> pointer(raw[0])));
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(),
                    (bus, hpa, raw) -> {
                        if (pointer(raw[0]) >= 0) {
                            contextTable(bus, pointer(raw[0]), hpa);
                        }
                    });
        }
    }

    private void contextTable(int bus, long address, long pointer) {
        var name = "context table of bus %02x".formatted(bus);
        var table =
                new Table(
                        "context table",
                        address,
                        FRAME_BYTES,
                        ENTRY_BYTES,
                        name,
                        pointer,
                        "root table",
                        Entries.to(structures.contextEntry(), raw -> pointer(raw[0])));
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(), (devfn, hpa, _) -> contextEntry(bus << 8 | devfn, hpa, name));
        }
    }

    private void contextEntry(int requester, long hpa, String tableName) {
        if (deviceTables.read(unit.deviceTable(), requester, WalkObserver.NONE) != null
                || ContextEntry.type(deviceTables.low()) == ContextEntry.TYPE_PASS_THROUGH) {
            return;
        }
        tour.visit(
                new TableTour.Root(
                        ContextEntry.table(deviceTables.low()),
                        ContextEntry.levels(deviceTables.high()),
                        512,
                        0,
                        "domain %d".formatted(ContextEntry.domain(deviceTables.high())),
                        hpa,
                        "%s, %s".formatted(tableName, new RequesterId(requester))));
    }

    private static long pointer(long low) {
        return (low & 1) == 0 || (low & ADDRESS) == 0 ? -1 : low & ADDRESS;
    }
}
