package iommulab.engine.iommu.selftest;

import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.Rung;
import iommulab.engine.iommu.Rung.Bits;
import iommulab.engine.iommu.Rung.Place;
import iommulab.engine.iommu.Rung.Source;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.Walk.IndexSource;
import iommulab.engine.iommu.Walk.Kind;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// Makes the single steps of a walk of the self-test's IOMMU as the screen shows them: place, bits, fields,
/// finding.
final class SelftestRungs {

    private final SelftestUnit unit;
    private final DmaRequest request;

    SelftestRungs(SelftestUnit unit, DmaRequest request) {
        this.unit = unit;
        this.request = request;
    }

    // ---- entries of devices and PASIDs

    /// @param step of [EntryReader]
    Step entry(
            int step,
            long table,
            int index,
            long[] raw,
            Source source,
            @Nullable SelftestFault fault) {
        boolean ofDevice = step == EntryReader.DEVICE;
        var place =
                switch (step) {
                    case EntryReader.DEVICE ->
                            new Place(table, index, IndexSource.REQUESTER, 15, 0, 32);
                    case EntryReader.DIRECTORY ->
                            new Place(table, index, IndexSource.PASID, 19, 7, 8);
                    default -> new Place(table, index, IndexSource.PASID, 6, 0, 32);
                };
        boolean readable =
                fault != SelftestFault.DEVICE_TABLE_UNREADABLE
                        && (fault != SelftestFault.PASID_TABLE_UNREADABLE
                                || step == EntryReader.DIRECTORY);
        var structure = structure(step);
        return step(
                ofDevice
                        ? Kind.DEVICE_ENTRY
                        : step == EntryReader.PASID ? Kind.PASID_ENTRY : Kind.PASID_DIRECTORY_ENTRY,
                structure.name(),
                ofDevice
                        ? "requester " + request.requester()
                        : "PASID 0x%x".formatted(request.pasid()),
                place,
                readable ? raw : new long[0],
                readable
                        ? structure.decode(raw, offending(structure, step, raw, fault))
                        : List.of(),
                source,
                fault == null ? words(step, raw) : fault.meaning());
    }

    /// A cache gave the entry.
    Step cachedEntry(int step, long[] raw, Source source, @Nullable SelftestFault fault) {
        int index =
                step == EntryReader.DEVICE
                        ? request.requester().raw()
                        : request.pasid() & (1 << EntryReader.LEAF_BITS) - 1;
        return entry(step, 0, index, raw, source, fault);
    }

    private static Structure structure(int step) {
        return switch (step) {
            case EntryReader.DEVICE -> SelftestStructures.deviceEntry();
            case EntryReader.DIRECTORY -> SelftestStructures.directoryEntry();
            default -> SelftestStructures.pasidEntry();
        };
    }

    private static long[] offending(
            Structure structure, int step, long[] raw, @Nullable SelftestFault fault) {
        var offending = new long[raw.length];
        switch (fault) {
            case DEVICE_BLOCKED -> offending[0] = 3;
            case PASID_NOT_ATTACHED -> offending[0] = step == EntryReader.PASID ? 3 : 1;
            case PASIDS_OFF -> offending[3] = 1;
            case ENTRY_MALFORMED, PASID_TABLE_UNREADABLE -> {
                for (int word = 0; word < raw.length; word++) {
                    offending[word] = raw[word] & structure.reservedBits(word);
                }
            }
            case null, default -> {
                // It did not fail here.
            }
        }
        return offending;
    }

    private static String words(int step, long[] raw) {
        if (step == EntryReader.DIRECTORY) {
            return "PASID table at 0x%x".formatted(TranslationEntry.table(raw[0]));
        }
        var entry = new TranslationEntry(raw[0], raw[1], raw[2], raw[3]);
        return switch (entry.type()) {
            case TranslationEntry.PASS_THROUGH -> "addresses stay as they are";
            case TranslationEntry.TABLES ->
                    "domain %d, table at 0x%x"
                            .formatted(
                                    entry.tag(),
                                    TranslationEntry.table(
                                            entry.hasFirst()
                                                    ? entry.firstTable()
                                                    : entry.secondTable()));
            default -> "blocked, but for PASIDs";
        };
    }

    // ---- caches of pages

    /// @param word of the line that hit, 0 for a miss
    Step iotlb(long word, Source source, @Nullable SelftestFault fault) {
        var asked = "domain %d, 0x%x: ".formatted(unit.lastDomain(), request.iova());
        return step(
                Kind.IOTLB_PROBE,
                "IOTLB probe",
                word == 0 ? "miss" : "hit",
                Place.NONE,
                new long[0],
                List.of(),
                source,
                asked
                        + (word == 0 ? "no tag matches" : pageWords(word))
                        + (fault == null ? "" : ". " + fault.meaning()));
    }

    /// The cache of the second stage's pages gave that of a guest-physical address.
    Step nested(long gpa, long word, Source source) {
        return step(
                Kind.TABLE_ENTRY,
                "Nested cache",
                "second stage",
                Place.NONE,
                new long[0],
                List.of(),
                source,
                "gpa 0x%x: %s".formatted(gpa, pageWords(word)));
    }

    private static String pageWords(long word) {
        return "page of 2 KiB at 0x%x, %s"
                .formatted(TableEntry.page(word), SelftestView.permissions(word));
    }

    // ---- page tables

    /// @param address whose bits choose the entry: iova, or gpa below a first stage
    Step tableEntry(
            TableEntryRead read,
            long address,
            boolean byGpa,
            Source source,
            @Nullable SelftestFault fault) {
        boolean leaf = read.level() == 1;
        boolean readable = fault != SelftestFault.TABLE_UNREADABLE;
        var structure = SelftestAtlas.structure(read.level());
        int low = SelftestFormat.SHAPE.shiftAt(read.level());
        int high = Math.min(SelftestFormat.ADDRESS_BITS, low + 9) - 1;
        var raw = new long[] {read.raw()};
        return step(
                leaf ? Kind.LEAF_ENTRY : Kind.TABLE_ENTRY,
                "%s level %d"
                        .formatted(
                                read.stage() == Stage.FIRST ? "First stage" : "Second stage",
                                read.level()),
                leaf ? "leaf" : "table",
                new Place(
                        read.table(),
                        SelftestFormat.SHAPE.indexAt(read.level(), address),
                        byGpa ? IndexSource.GPA : IndexSource.IOVA,
                        high,
                        low,
                        8),
                readable ? raw : new long[0],
                readable
                        ? structure.decode(
                                raw, new long[] {offendingInTable(read, structure, fault)})
                        : List.of(),
                source,
                fault == null ? tableWords(read) : fault.meaning());
    }

    private long offendingInTable(
            TableEntryRead read, Structure structure, @Nullable SelftestFault fault) {
        return switch (fault) {
            case FIRST_STAGE_NOT_MAPPED, SECOND_STAGE_NOT_MAPPED -> SelftestFormat.PRESENT;
            case FIRST_STAGE_NO_RIGHT, SECOND_STAGE_NO_RIGHT ->
                    SelftestFormat.READ & ~read.raw() | SelftestFormat.WRITE & ~read.raw();
            case TABLE_MALFORMED -> read.raw() & structure.reservedBits(0);
            case null, default -> 0;
        };
    }

    private static String tableWords(TableEntryRead read) {
        if (read.level() > 1) {
            return "level %d table at 0x%x"
                    .formatted(read.level() - 1, read.raw() & SelftestFormat.TABLE);
        }
        return "page of 2 KiB at 0x%x, %s%s"
                .formatted(
                        read.raw() & SelftestFormat.PAGE,
                        (read.raw() & SelftestFormat.READ) != 0 ? "r" : "-",
                        (read.raw() & SelftestFormat.WRITE) != 0 ? "w" : "-");
    }

    // ---- the end

    Step access(String verb, long hpa) {
        var map = unit.memory().map();
        int region = map.indexOf(hpa);
        String target = region < 0 ? "nothing answers there" : map.regions().get(region).name();
        long within = Math.max(0, unit.lastPageBytes() - 1);
        return step(
                Kind.ACCESS,
                verb + " " + target,
                "%d bytes".formatted(request.bytes()),
                new Place(
                        hpa & ~within,
                        (int) (hpa & within),
                        within == 0 ? IndexSource.NONE : IndexSource.IOVA,
                        within == 0 ? -1 : SelftestFormat.SHAPE.pageShift() - 1,
                        within == 0 ? -1 : 0,
                        1),
                new long[0],
                List.of(),
                Source.NOBODY,
                "0x%x".formatted(hpa));
    }

    Step stopped(SelftestFault fault) {
        return step(
                Kind.FAULT,
                "Reason %d".formatted(fault.code()),
                fault.kernelText(),
                Place.NONE,
                new long[0],
                List.of(),
                Source.NOBODY,
                fault.meaning());
    }

    private static Step step(
            Kind kind,
            String name,
            String detail,
            Place place,
            long[] raw,
            List<Field> fields,
            Source source,
            String finding) {
        var bits = new Bits(Bits.words(raw), fields);
        return Rung.step(kind, name, detail, place, bits, source, finding);
    }
}
