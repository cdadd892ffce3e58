package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.GuestAddresses;
import iommulab.engine.iommu.TableTour;
import iommulab.engine.iommu.TableUse.Entries;
import iommulab.engine.iommu.TableVisits;
import iommulab.engine.iommu.TableVisits.Table;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.pci.RequesterId;

import java.util.function.LongUnaryOperator;

/// Finds the tables that a VT-d unit uses in scalable mode: root and context tables, PASID directories
/// and tables, and the page tables of every PASID. Tables of a nested first stage lie behind its second.
final class ScalableAtlas {
    private static final int FRAME_BYTES = 4096;
    private static final long ADDRESS = (1L << 52) - FRAME_BYTES;
    private static final int TABLE_PASIDS = 64;

    private final VtdUnit unit;
    private final VtdCapabilities capabilities;
    private final TableVisits visits;
    private final ScalableStructures structures;
    private final ScalableTables tables;
    private final MarkingSecondStageFormat secondFormat;
    private final TableTour first;
    private final TableTour second;

    ScalableAtlas(VtdUnit unit, TableVisits visits) {
        this.unit = unit;
        this.visits = visits;
        capabilities = unit.capabilities();
        structures = new ScalableStructures(capabilities);
        var secondStructures = new VtdStructures(capabilities);
        tables = new ScalableTables(unit.memory(), capabilities);
        // Without a regime it reads entries as the plain format does.
        secondFormat = new MarkingSecondStageFormat(unit.format(), true);
        second = new TableTour(visits, secondFormat, secondStructures::secondStageEntry);
        first =
                new TableTour(
                        visits,
                        new FirstStageFormat(capabilities, true),
                        structures::firstStageEntry);
    }

    /// What the entries below a context entry have in common.
    ///
    /// @param context packed
    /// @param ridPasid whose entry serves requests without PASID
    private record Requester(int id, long context, int ridPasid) {
        @Override
        public String toString() {
            return new RequesterId(id).toString();
        }
    }

    void visit() {
        var table =
                new Table(
                        "scalable root table",
                        unit.deviceTable(),
                        FRAME_BYTES,
                        16,
                        "root table",
                        -1,
                        "RTADDR_REG",
                        Entries.of(
                                structures.rootEntry(),
                                raw -> new long[] {pointer(raw[0]), pointer(raw[1])}));
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(),
                    (bus, hpa, raw) -> {
                        contextTable(bus, 0, raw[0], hpa);
                        contextTable(bus, 0x80, raw[1], hpa + 8);
                    });
        }
    }

    /// @param half 0 for devices 00 to 0f of the bus, 0x80 for the others
    private void contextTable(int bus, int half, long root, long pointer) {
        if (pointer(root) < 0) {
            return;
        }
        var name =
                "context table of bus %02x, devices %02x to %02x"
                        .formatted(bus, half >>> 3, half + 0x7f >>> 3);
        var table =
                new Table(
                        "scalable context table",
                        pointer(root),
                        FRAME_BYTES,
                        ScalableContext.BYTES,
                        name,
                        pointer,
                        "root table",
                        Entries.to(structures.contextEntry(), raw -> pointer(raw[0])));
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(),
                    (index, hpa, raw) -> directory(bus << 8 | half | index, raw, hpa, name));
        }
    }

    private void directory(int id, long[] raw, long pointer, String tableName) {
        if (tables.readContext(unit.deviceTable(), id, WalkObserver.NONE) != null) {
            return;
        }
        long context = ScalableContext.pack(raw[0], raw[1], capabilities);
        var requester = new Requester(id, context, ScalableContext.ridPasid(raw[1]));
        var name = "PASID directory of " + requester;
        var table =
                new Table(
                        "PASID directory",
                        ScalableContext.directory(raw[0]),
                        8L << 7 + ScalableContext.directoryField(raw[0]),
                        8,
                        name,
                        pointer,
                        "%s, %s".formatted(tableName, requester),
                        Entries.to(structures.pasidDirectoryEntry(), entry -> pointer(entry[0])));
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(),
                    (index, hpa, entry) -> pasidTable(requester, index, entry[0], hpa, name));
        }
    }

    private void pasidTable(
            Requester requester, int index, long entry, long pointer, String directoryName) {
        long reserved = ScalableTables.reservedInDirectory(capabilities);
        if ((entry & 1) == 0 || (entry & reserved) != 0) {
            return;
        }
        int firstPasid = index * TABLE_PASIDS;
        var name =
                "table of PASIDs %d to %d of %s"
                        .formatted(firstPasid, firstPasid + TABLE_PASIDS - 1, requester);
        var table =
                new Table(
                        "PASID table",
                        entry & ADDRESS,
                        FRAME_BYTES,
                        PasidEntry.BYTES,
                        name,
                        pointer,
                        directoryName,
                        Entries.of(structures.pasidEntry(), this::pageTables));
        for (var piece : visits.tell(table)) {
            piece.forEachEntry(
                    visits.memory(),
                    (place, hpa, raw) -> trees(requester, firstPasid + place, raw, hpa, name));
        }
    }

    /// Where the page tables of a PASID begin, second stage first.
    private long[] pageTables(long[] raw) {
        int type = PasidEntry.isPresent(raw[0]) ? PasidEntry.type(raw[0]) : 0;
        return switch (type) {
            case PasidEntry.FIRST_STAGE -> new long[] {raw[2] & ADDRESS};
            case PasidEntry.SECOND_STAGE -> new long[] {raw[0] & ADDRESS};
            case PasidEntry.NESTED -> new long[] {raw[0] & ADDRESS, hostOf(raw, raw[2] & ADDRESS)};
            default -> new long[0];
        };
    }

    private long hostOf(long[] raw, long gpa) {
        if (!capabilities.supportsLevels(PasidEntry.secondStageLevels(raw[0]))) {
            return -1;
        }
        long packed = PasidEntry.pack(raw[0], raw[2], 0, false, false);
        long rest = PasidEntry.packRest(raw[0], raw[1], raw[2], capabilities);
        return guest(packed, rest).applyAsLong(gpa);
    }

    private void trees(Requester requester, int pasid, long[] raw, long hpa, String tableName) {
        long directory = ScalableContext.directoryOf(requester.context());
        boolean used =
                pasid == requester.ridPasid() || ScalableContext.takesPasids(requester.context());
        if (!used || tables.readPasidEntry(directory, pasid, false, WalkObserver.NONE) != null) {
            return;
        }
        int type = PasidEntry.type(raw[0]);
        long packed = PasidEntry.pack(raw[0], raw[2], 0, false, false);
        long rest = PasidEntry.packRest(raw[0], raw[1], raw[2], capabilities);
        var pointedBy = "%s, PASID %d".formatted(tableName, pasid);
        LongUnaryOperator toHost = LongUnaryOperator.identity();
        if (PasidEntry.hasSecondStage(type)) {
            second.visit(secondRoot(packed, rest, PasidEntry.domain(raw[1]), hpa, pointedBy));
            toHost = guest(packed, rest);
        }
        if (PasidEntry.hasFirstStage(type)) {
            first.visit(
                    new TableTour.Root(
                            PasidEntry.tableOf(rest),
                            PasidEntry.levelsOf(packed),
                            512,
                            PasidEntry.firstStageRegime(rest),
                            "domain %d, PASID %d".formatted(PasidEntry.domain(raw[1]), pasid),
                            hpa,
                            pointedBy),
                    toHost);
        }
    }

    private static TableTour.Root secondRoot(
            long packed, long rest, int domain, long hpa, String pointedBy) {
        return new TableTour.Root(
                PasidEntry.tableOf(packed),
                PasidEntry.secondStageLevelsOf(rest),
                512,
                PasidEntry.secondStageRegime(rest),
                "domain " + domain,
                hpa,
                pointedBy);
    }

    private GuestAddresses guest(long packed, long rest) {
        int levels = PasidEntry.secondStageLevelsOf(rest);
        return new GuestAddresses(
                unit.memory(),
                secondFormat,
                PasidEntry.tableOf(packed),
                levels,
                Math.min(capabilities.iovaBits(), 12 + 9 * levels),
                PasidEntry.secondStageRegime(rest));
    }

    private static long pointer(long low) {
        return (low & 1) == 0 || (low & ADDRESS) == 0 ? -1 : low & ADDRESS;
    }
}
