package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.TableTour;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.memory.PhysicalMemory;
import iommulab.engine.pci.RequesterId;

import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;

/// Finds the structures in memory that a VT-d unit in legacy mode uses.
final class VtdAtlas {
    private static final int FRAME_BYTES = 4096;
    private static final long ADDRESS = (1L << 52) - FRAME_BYTES;
    private static final int ENTRY_BYTES = 16;

    private final VtdUnit unit;
    private final PhysicalMemory memory;
    private final VtdStructures structures;
    private final Consumer<TableUse> visitor;
    private final TableTour tour;

    VtdAtlas(VtdUnit unit, Consumer<TableUse> visitor) {
        this.unit = unit;
        this.visitor = visitor;
        memory = unit.memory();
        structures = new VtdStructures(unit.capabilities());
        tour =
                new TableTour(
                        memory,
                        unit.format(),
                        structures::secondStageEntry,
                        LongUnaryOperator.identity(),
                        visitor);
    }

    void visit() {
        long root = unit.deviceTable();
        if (root == 0 || !memory.isBacked(root)) {
            return;
        }
        visitor.accept(
                new TableUse(
                        root,
                        FRAME_BYTES,
                        ENTRY_BYTES,
                        "root table",
                        -1,
                        "RTADDR_REG",
                        TableUse.Entries.of(structures.rootEntry(), raw -> pointer(raw[0]))));
        for (int bus = 0; bus < 256; bus++) {
            long at = root + bus * 16L;
            long entry = memory.read64(at);
            if ((entry & 1) != 0 && memory.isBacked(entry & ADDRESS)) {
                contextTable(bus, entry & ADDRESS, at);
            }
        }
    }

    private void contextTable(int bus, long table, long pointer) {
        var name = "context table of bus %02x".formatted(bus);
        visitor.accept(
                new TableUse(
                        table,
                        FRAME_BYTES,
                        ENTRY_BYTES,
                        name,
                        pointer,
                        "root table",
                        TableUse.Entries.of(structures.contextEntry(), raw -> pointer(raw[0]))));
        for (int devfn = 0; devfn < 256; devfn++) {
            long at = table + devfn * 16L;
            long low = memory.read64(at);
            long high = memory.read64(at + 8);
            boolean paged =
                    (low & 1) != 0 && ContextEntry.type(low) != ContextEntry.TYPE_PASS_THROUGH;
            if (paged && unit.capabilities().supportsLevels(ContextEntry.levels(high))) {
                tour.visit(
                        new TableTour.Root(
                                ContextEntry.table(low),
                                ContextEntry.levels(high),
                                512,
                                0,
                                "domain %d".formatted(ContextEntry.domain(high)),
                                at,
                                "%s, %s".formatted(name, new RequesterId(bus << 8 | devfn))));
            }
        }
    }

    private static long pointer(long low) {
        return (low & 1) == 0 || (low & ADDRESS) == 0 ? -1 : low & ADDRESS;
    }
}
