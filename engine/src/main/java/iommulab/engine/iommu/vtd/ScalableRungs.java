package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Rung;
import iommulab.engine.iommu.Rung.Bits;
import iommulab.engine.iommu.Rung.Place;
import iommulab.engine.iommu.Rung.Source;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.Walk.Cell;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.IndexSource;
import iommulab.engine.iommu.Walk.Kind;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.iommu.WalkRecording.CacheProbed;

import org.jspecify.annotations.Nullable;

/// Makes the single steps of a walk in scalable mode as the screen shows them.
final class ScalableRungs {
    private static final long ADDRESS = (1L << 52) - 4096;
    private static final String NO_MEMORY = "no memory answers there";

    private final VtdUnit unit;
    private final DmaRequest request;
    private final ScalableStructures structures;
    private final VtdStructures secondStage;

    ScalableRungs(VtdUnit unit, DmaRequest request) {
        this.unit = unit;
        this.request = request;
        structures = new ScalableStructures(unit.capabilities());
        secondStage = new VtdStructures(unit.capabilities());
    }

    // ---- device and PASID structures

    Step root(long table, long low, long high, Source source, @Nullable VtdFault fault) {
        int requester = request.requester().raw();
        boolean upper = (requester & 0x80) != 0;
        var structure = structures.rootEntry();
        int word = upper ? 1 : 0;
        long half = upper ? high : low;
        var offending = new long[2];
        switch (fault) {
            case SM_ROOT_NOT_PRESENT -> offending[word] = 1;
            case SM_ROOT_RESERVED -> offending[word] = half & structure.reservedBits(word);
            case null, default -> {}
        }
        return entry(
                Kind.ROOT_ENTRY,
                "Root entry",
                "bus %02x, %s half".formatted(requester >>> 8, upper ? "upper" : "lower"),
                new Place(table, requester >>> 8, IndexSource.REQUESTER, 15, 8, 16),
                structure,
                new long[] {low, high},
                offending,
                source,
                fault,
                fault == VtdFault.SM_ROOT_UNREADABLE
                        ? NO_MEMORY
                        : "context table at 0x%x".formatted(half & -4096L));
    }

    Step context(long table, long[] words, Source source, @Nullable VtdFault fault) {
        int requester = request.requester().raw();
        var structure = structures.contextEntry();
        String field =
                switch (fault) {
                    case SM_CONTEXT_NOT_PRESENT -> "P";
                    case SM_CONTEXT_INVALID -> "RID_PASID";
                    case DEVICE_TLB_OFF -> "DTE";
                    case PASIDS_OFF -> "PASIDE";
                    case PASID_TOO_LARGE -> "PDTS";
                    case PAGE_REQUESTS_OFF -> "PRE";
                    case null, default -> "";
                };
        return entry(
                Kind.DEVICE_ENTRY,
                "Context entry",
                "device %02x, function %d".formatted(requester >>> 3 & 0x1f, requester & 7),
                new Place(
                        table,
                        requester & 0x7f,
                        IndexSource.REQUESTER,
                        6,
                        0,
                        ScalableContext.BYTES),
                structure,
                words,
                offending(structure, words, field, fault == VtdFault.SM_CONTEXT_RESERVED),
                source,
                fault,
                fault == VtdFault.SM_CONTEXT_UNREADABLE
                        ? NO_MEMORY
                        : "PASID directory at 0x%x; requests without PASID use PASID %d"
                                .formatted(
                                        ScalableContext.directory(words[0]),
                                        ScalableContext.ridPasid(words[1])));
    }

    Step directory(
            long table, int index, long raw, int pasid, Source source, @Nullable VtdFault fault) {
        var structure = structures.pasidDirectoryEntry();
        var words = new long[] {raw};
        String field = fault == VtdFault.DIRECTORY_NOT_PRESENT ? "P" : "";
        return entry(
                Kind.PASID_DIRECTORY_ENTRY,
                "PASID directory entry",
                "PASID 0x%x".formatted(pasid),
                new Place(table, index, IndexSource.PASID, 19, 6, 8),
                structure,
                words,
                offending(structure, words, field, fault == VtdFault.DIRECTORY_RESERVED),
                source,
                fault,
                fault == VtdFault.DIRECTORY_UNREADABLE
                        ? NO_MEMORY
                        : "PASID table at 0x%x".formatted(raw & ADDRESS));
    }

    Step pasid(long table, long[] words, int pasid, Source source, @Nullable VtdFault fault) {
        var structure = structures.pasidEntry();
        return entry(
                Kind.PASID_ENTRY,
                "PASID table entry",
                "PASID 0x%x".formatted(pasid),
                new Place(table, pasid & 63, IndexSource.PASID, 5, 0, PasidEntry.BYTES),
                structure,
                words,
                offending(
                        structure,
                        words,
                        pasidField(words, fault),
                        fault == VtdFault.PASID_RESERVED),
                source,
                fault,
                fault == VtdFault.PASID_UNREADABLE ? NO_MEMORY : pasidWords(words));
    }

    private String pasidField(long[] words, @Nullable VtdFault fault) {
        return switch (fault) {
            case PASID_NOT_PRESENT -> "P";
            case PASID_INVALID -> {
                int type = PasidEntry.type(words[0]);
                int levels = PasidEntry.secondStageLevels(words[0]);
                boolean width =
                        PasidEntry.hasSecondStage(type)
                                && !unit.capabilities().supportsLevels(levels);
                boolean mode =
                        PasidEntry.hasFirstStage(type) && PasidEntry.firstStageMode(words[2]) != 0;
                yield width ? "AW" : mode ? "FSPM" : "PGTT";
            }
            case EXECUTE_OFF -> "ERE";
            case SUPERVISOR_OFF -> "SRE";
            case NOT_CANONICAL -> "FSPM";
            case SM_BEYOND_WIDTH -> "AW";
            case BEYOND_HOST -> "PGTT";
            case null, default -> "";
        };
    }

    private static String pasidWords(long[] words) {
        int domain = PasidEntry.domain(words[1]);
        return switch (PasidEntry.type(words[0])) {
            case PasidEntry.FIRST_STAGE ->
                    "domain %d, first stage at 0x%x".formatted(domain, words[2] & -4096L);
            case PasidEntry.SECOND_STAGE ->
                    "domain %d, second stage at 0x%x".formatted(domain, words[0] & -4096L);
            case PasidEntry.NESTED ->
                    "domain %d, first stage at gpa 0x%x behind a second at 0x%x"
                            .formatted(domain, words[2] & -4096L, words[0] & -4096L);
            default -> "domain %d, pass-through".formatted(domain);
        };
    }

    private static long[] offending(
            Structure structure, long[] words, String field, boolean reserved) {
        var offending = new long[words.length];
        if (!field.isEmpty()) {
            var bits = structure.field(field);
            offending[bits.word()] = bits.mask();
        }
        for (int word = 0; reserved && word < words.length; word++) {
            offending[word] = words[word] & structure.reservedBits(word);
        }
        return offending;
    }

    // ---- IOTLB

    /// @param word of the line that hit, 0 for a miss
    Step iotlb(CacheProbed probe, long word, long cycles) {
        String found =
                word == 0
                        ? "no tag matches"
                        : "page of %s at 0x%x, %s"
                                .formatted(
                                        VtdRungs.size(Iotlb.pageShift(word)),
                                        TableEntry.address(word),
                                        VtdView.rightsWords(Iotlb.rights(word)));
        String whose =
                request.prefix().isPresent()
                        ? "domain %d, PASID 0x%x".formatted(unit.lastDomain(), request.pasid())
                        : "domain %d".formatted(unit.lastDomain());
        return Rung.step(
                Kind.IOTLB_PROBE,
                "IOTLB probe",
                probe.isHit() ? "hit" : "miss",
                Place.NONE,
                Bits.NONE,
                new Source(GivenBy.IOTLB, probe.place(), cycles),
                "%s, page 0x%x: %s".formatted(whose, request.iova() >>> 12, found));
    }

    /// A guest-physical page that the nested cache gave.
    Step nestedPage(long gpa, long word, Source source, Cell cell) {
        return Rung.step(
                        Kind.LEAF_ENTRY,
                        "Nested cache",
                        "guest-physical 0x%x".formatted(gpa),
                        new Place(0, 0, IndexSource.GPA, -1, -1, 0),
                        Bits.NONE,
                        source,
                        "page of %s at 0x%x, %s"
                                .formatted(
                                        VtdRungs.size(Iotlb.pageShift(word)),
                                        TableEntry.address(word),
                                        VtdView.rightsWords(Iotlb.rights(word))))
                .at(cell);
    }

    // ---- page tables

    /// An entry of a page table, and for which address it was read.
    ///
    /// @param table its address: hpa, or gpa of a nested first stage
    /// @param address iova of a first stage, gpa or iova of a second
    /// @param source of the index
    record Level(Stage stage, int level, long table, long address, IndexSource source, long raw) {}

    Step level(Level level, String marks, Source source, Cell cell, @Nullable VtdFault fault) {
        boolean first = level.stage() == Stage.FIRST;
        boolean leaf =
                first
                        ? FirstStageFormat.isLeaf(level.raw(), level.level())
                        : SecondStageFormat.isLeaf(level.raw(), level.level());
        var structure =
                first
                        ? structures.firstStageEntry(level.level(), leaf && level.level() <= 3)
                        : secondStage.secondStageEntry(level.level(), leaf);
        var shape = TableShape.FOUR_KIB;
        int low = shape.shiftAt(level.level());
        boolean unreadable =
                fault == VtdFault.FIRST_TOP_UNREADABLE
                        || fault == VtdFault.FIRST_TABLE_UNREADABLE
                        || fault == VtdFault.SECOND_TOP_UNREADABLE
                        || fault == VtdFault.SECOND_TABLE_UNREADABLE;
        return Rung.step(
                        leaf ? Kind.LEAF_ENTRY : Kind.TABLE_ENTRY,
                        "Level " + level.level(),
                        level.stage().words() + (leaf ? ", leaf" : ""),
                        new Place(
                                level.table(),
                                shape.indexAt(level.level(), level.address()),
                                level.source(),
                                low + shape.indexBits() - 1,
                                low,
                                8),
                        unreadable
                                ? Bits.NONE
                                : Bits.of(
                                        structure,
                                        new long[] {level.raw()},
                                        new long[] {
                                            offendingInLevel(structure, level.raw(), first, fault)
                                        }),
                        source,
                        unreadable
                                ? NO_MEMORY
                                : VtdRungs.finding(source, fault, levelWords(level, leaf)) + marks)
                .at(cell);
    }

    private static String levelWords(Level level, boolean leaf) {
        long address = level.raw() & ADDRESS;
        return leaf
                ? "page of %s at 0x%x"
                        .formatted(
                                VtdRungs.size(TableShape.FOUR_KIB.shiftAt(level.level())), address)
                : "level %d table at 0x%x".formatted(level.level() - 1, address);
    }

    private static long offendingInLevel(
            Structure structure, long raw, boolean first, @Nullable VtdFault fault) {
        return switch (fault) {
            case FIRST_NOT_PRESENT -> first ? 1 : 0;
            case FIRST_RESERVED -> first ? raw & (structure.reservedBits(0) | 1L << 63) : 0;
            case NOT_FOR_USERS -> first ? 1 << 2 : 0;
            case SM_NO_WRITE_RIGHT -> 1 << 1;
            case SM_NO_READ_RIGHT -> first ? 0 : 1;
            case NO_EXECUTE_RIGHT -> first ? 1L << 63 : 1 << 2;
            case FIRST_UNMARKED, FIRST_NOT_UPDATED -> first ? 1 << 5 | 1 << 6 : 0;
            case SECOND_NOT_PRESENT,
                    TOP_NOT_READABLE_BELOW,
                    TABLE_NOT_READABLE_BELOW,
                    TABLE_NOT_WRITABLE_BELOW ->
                    first ? 0 : 3;
            case SECOND_RESERVED -> first ? 0 : raw & structure.reservedBits(0);
            case SECOND_UNMARKED, SECOND_NOT_UPDATED -> first ? 0 : 3 << 8;
            case SM_OUTPUT_IS_INTERRUPT, FIRST_BEYOND_SECOND -> ADDRESS;
            case null, default -> 0;
        };
    }

    private static Step entry(
            Kind kind,
            String name,
            String detail,
            Place place,
            Structure structure,
            long[] words,
            long[] offending,
            Source source,
            @Nullable VtdFault fault,
            String finding) {
        boolean unreadable = finding.equals(NO_MEMORY);
        return Rung.step(
                kind,
                name,
                detail,
                place,
                unreadable ? Bits.NONE : Bits.of(structure, words, offending),
                source,
                unreadable ? finding : VtdRungs.finding(source, fault, finding));
    }
}
