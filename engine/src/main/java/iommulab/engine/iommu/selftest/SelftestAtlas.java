package iommulab.engine.iommu.selftest;

import iommulab.engine.iommu.GuestAddresses;
import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableTour;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.TableUse.Entries;
import iommulab.engine.iommu.TableVisits;
import iommulab.engine.iommu.TableVisits.Table;
import iommulab.engine.pci.RequesterId;

import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;

/// Finds the structures in memory that the self-test's IOMMU uses: device table, PASID tables, page tables,
/// also where they lie in what a second stage maps, and the fault log.
final class SelftestAtlas {
    private static final int DIRECTORY_BYTES = 8 << 20 - EntryReader.LEAF_BITS;
    private static final int TABLE_BYTES = 4096;
    private static final int TOP_ENTRIES = 4;
    private static final Structure LEAF = SelftestStructures.pageTableEntry(1);
    private static final Structure MIDDLE = SelftestStructures.pageTableEntry(2);
    private static final Structure TOP = SelftestStructures.pageTableEntry(3);

    private final SelftestUnit unit;
    private final TableVisits visits;
    private final SelftestFormat format = new SelftestFormat(true);
    private final TableTour pages;

    SelftestAtlas(SelftestUnit unit, Consumer<TableUse> visitor) {
        this.unit = unit;
        visits = new TableVisits(unit.memory(), visitor);
        pages = new TableTour(visits, format, (level, _) -> structure(level));
    }

    static Structure structure(int level) {
        return switch (level) {
            case 1 -> LEAF;
            case 2 -> MIDDLE;
            default -> TOP;
        };
    }

    void visit() {
        if (unit.deviceTable() != 0) {
            devices();
        }
        if (unit.log().isOn()) {
            visits.tell(
                    new Table(
                            "fault log",
                            unit.log().address(),
                            FaultLog.BYTES,
                            FaultLog.RECORD_BYTES,
                            "fault log",
                            -1,
                            "LOG",
                            Entries.of(SelftestStructures.faultRecord())));
        }
    }

    private void devices() {
        var table =
                new Table(
                        "device table",
                        unit.deviceTable(),
                        unit.deviceTableBytes(),
                        TranslationEntry.BYTES,
                        "device table",
                        -1,
                        "DEVICE_TABLE",
                        Entries.of(SelftestStructures.deviceEntry(), this::targets));
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(), (requester, hpa, raw) -> device(requester, hpa, raw));
        }
    }

    private static TranslationEntry entry(long[] raw) {
        return new TranslationEntry(raw[0], raw[1], raw[2], raw[3]);
    }

    private long[] targets(long[] raw) {
        var entry = entry(raw);
        if (!entry.isWellFormed()) {
            return new long[0];
        }
        boolean translates = entry.type() == TranslationEntry.TABLES;
        return new long[] {
            translates && entry.hasFirst() ? toHost(entry).applyAsLong(table(raw[1])) : -1,
            translates && entry.hasSecond() ? table(raw[2]) : -1,
            entry.hasPasids() ? table(raw[3]) : -1
        };
    }

    private static long table(long pointer) {
        return TranslationEntry.table(pointer);
    }

    private LongUnaryOperator toHost(TranslationEntry entry) {
        return entry.isNested()
                ? new GuestAddresses(
                        unit.memory(),
                        format,
                        table(entry.secondTable()),
                        SelftestFormat.LEVELS,
                        SelftestFormat.ADDRESS_BITS,
                        0)
                : LongUnaryOperator.identity();
    }

    private void device(int requester, long hpa, long[] raw) {
        var entry = entry(raw);
        if (!entry.isWellFormed()) {
            return;
        }
        var name = new RequesterId(requester).toString();
        pageTables(entry, hpa, "device table, " + name);
        if (entry.hasPasids()) {
            pasids(name, table(entry.pasidTable()), hpa + 24);
        }
    }

    /// @param hpa of the entry
    private void pageTables(TranslationEntry entry, long hpa, String pointedBy) {
        if (entry.type() != TranslationEntry.TABLES) {
            return;
        }
        if (entry.hasSecond()) {
            int domain = entry.hasFirst() ? entry.parentTag() : entry.tag();
            pages.visit(root(entry.secondTable(), domain, hpa + 16, pointedBy));
        }
        if (entry.hasFirst()) {
            pages.visit(root(entry.firstTable(), entry.tag(), hpa + 8, pointedBy), toHost(entry));
        }
    }

    private static TableTour.Root root(
            long pointer, int domain, long pointerHpa, String pointedBy) {
        return new TableTour.Root(
                table(pointer),
                SelftestFormat.LEVELS,
                TOP_ENTRIES,
                0,
                "domain " + domain,
                pointerHpa,
                pointedBy);
    }

    // ---- PASIDs

    private void pasids(String requester, long directory, long pointer) {
        var name = "PASID directory of " + requester;
        var table =
                new Table(
                        "PASID directory",
                        directory,
                        DIRECTORY_BYTES,
                        8,
                        name,
                        pointer,
                        "device table, " + requester,
                        Entries.to(
                                SelftestStructures.directoryEntry(),
                                raw -> isPointer(raw[0]) ? table(raw[0]) : -1));
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(),
                    (index, hpa, raw) -> {
                        if (isPointer(raw[0])) {
                            pasidTable(
                                    requester,
                                    index << EntryReader.LEAF_BITS,
                                    table(raw[0]),
                                    hpa,
                                    name);
                        }
                    });
        }
    }

    private static boolean isPointer(long raw) {
        return (raw & TranslationEntry.VALID) != 0
                && (raw & ~(TranslationEntry.ADDRESS | TranslationEntry.VALID)) == 0;
    }

    private void pasidTable(
            String requester, int firstPasid, long address, long pointer, String pointedBy) {
        var name = "PASID table of %s from 0x%x on".formatted(requester, firstPasid);
        var table =
                new Table(
                        "PASID table",
                        address,
                        TABLE_BYTES,
                        TranslationEntry.BYTES,
                        name,
                        pointer,
                        pointedBy,
                        Entries.of(SelftestStructures.pasidEntry(), this::targets));
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(),
                    (index, hpa, raw) -> {
                        var entry = entry(raw);
                        if (entry.isWellFormed() && !entry.hasPasids()) {
                            pageTables(
                                    entry,
                                    hpa,
                                    "PASID 0x%x of %s".formatted(firstPasid + index, requester));
                        }
                    });
        }
    }
}
