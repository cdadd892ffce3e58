package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Rung;
import iommulab.engine.iommu.Rung.Bits;
import iommulab.engine.iommu.Rung.Place;
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
import iommulab.engine.iommu.WalkRecording.DeviceTableRead;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/// Makes the single steps of an SMMU's walk as the screen shows them: place, bits, fields, finding.
final class SmmuRungs {
    /// Levels of the deepest tree.
    static final int DEEPEST = 5;

    private static final int TOP_LEVEL = 4;

    private final SmmuUnit unit;
    private final DmaRequest request;
    private final @Nullable StreamContext context;
    private final SmmuStructures structures;
    private final DescriptorStructures descriptors;

    /// @param context of the request, null if it never came to one
    SmmuRungs(SmmuUnit unit, DmaRequest request, @Nullable StreamContext context) {
        this.unit = unit;
        this.request = request;
        this.context = context;
        structures = new SmmuStructures(unit.capabilities());
        descriptors = new DescriptorStructures(unit.capabilities());
    }

    /// Who gave an entry, where in a cache, at what cost; and whether hardware changed the entry.
    record Source(GivenBy by, String place, long cycles, boolean marked) {
        static final Source SAVED = new Source(GivenBy.SAVED, "", 0, false);
    }

    /// Levels of the tree of stage 1 that the request goes through, 0 if there is none.
    int firstLevels() {
        boolean first =
                context != null
                        && (context.kind() == StreamContext.Kind.FIRST || context.isNested());
        return context != null && first ? context.half(request.iova()).levels() : 0;
    }

    /// Bits of the address that tables translate, 0 if none do.
    int addressBits() {
        if (context == null) {
            return 0;
        }
        return switch (context.kind()) {
            case FIRST, NESTED -> context.half(request.iova()).inputBits();
            case SECOND -> context.second().inputBits();
            case ABORT, BYPASS, DISABLED, UNREAD -> 0;
        };
    }

    // ---- stream entry and context descriptors

    /// @param cached the context that a cache gave, null if memory gave the structure
    Step structure(
            DeviceTableRead read,
            Cell cell,
            Source source,
            @Nullable StreamContext cached,
            @Nullable SmmuFault fault) {
        var structure = structureOf(read.step());
        var raw = new long[structure.words()];
        Arrays.setAll(raw, i -> unit.memory().read64(read.entryHpa() + i * 8L));
        if (cached != null) {
            adopt(raw, read.step(), cached);
        }
        boolean readable = unit.memory().isBacked(read.entryHpa());
        return step(
                        kindOf(read.step()),
                        structure.name(),
                        detailOf(read.step()),
                        placeOf(read, structure),
                        readable ? Bits.of(structure, raw, new long[raw.length]) : Bits.NONE,
                        source,
                        readable
                                ? finding(source, fault, words(read.step(), raw))
                                : "no memory answers there")
                .at(cell);
    }

    private static void adopt(long[] raw, int step, StreamContext cached) {
        if (step == StreamTables.STREAM_ENTRY) {
            raw[0] = cached.stream().word0();
            raw[1] = cached.stream().word1();
            raw[2] = cached.stream().word2();
            raw[3] = cached.stream().word3();
        }
        var descriptor = cached.descriptor();
        if (step == StreamTables.DESCRIPTOR && descriptor != null) {
            raw[0] = descriptor.word0();
            raw[1] = descriptor.word1();
            raw[2] = descriptor.word2();
        }
    }

    private Structure structureOf(int step) {
        return switch (step) {
            case StreamTables.STREAM_DIRECTORY -> structures.streamDirectoryEntry();
            case StreamTables.STREAM_ENTRY -> structures.streamEntry();
            case StreamTables.DESCRIPTOR_DIRECTORY -> structures.descriptorDirectoryEntry();
            default -> structures.contextDescriptor();
        };
    }

    private static Kind kindOf(int step) {
        return switch (step) {
            case StreamTables.STREAM_DIRECTORY -> Kind.ROOT_ENTRY;
            case StreamTables.STREAM_ENTRY -> Kind.DEVICE_ENTRY;
            case StreamTables.DESCRIPTOR_DIRECTORY -> Kind.PASID_DIRECTORY_ENTRY;
            default -> Kind.PASID_ENTRY;
        };
    }

    private String detailOf(int step) {
        if (step <= StreamTables.STREAM_ENTRY) {
            return "stream 0x%04x".formatted(request.requester().raw());
        }
        return request.pasid() < 0 ? "no substream" : "substream %d".formatted(request.pasid());
    }

    private Place placeOf(DeviceTableRead read, Structure structure) {
        boolean stream = read.step() <= StreamTables.STREAM_ENTRY;
        boolean directory =
                read.step() == StreamTables.STREAM_DIRECTORY
                        || read.step() == StreamTables.DESCRIPTOR_DIRECTORY;
        int split = stream ? streamSplit() : substreamSplit();
        int top = stream ? 15 : 19;
        return new Place(
                read.tableHpa(),
                read.index(),
                stream ? IndexSource.REQUESTER : IndexSource.PASID,
                directory || split == 0 ? top : split - 1,
                directory ? split : 0,
                structure.words() * 8,
                read.entryHpa());
    }

    /// Bits of a stream's number that a table of the second level is indexed with; 0 if there is one level.
    private int streamSplit() {
        return unit.capabilities().twoLevelStreams()
                ? StreamTables.splitOf(unit.registers().streamTableConfig())
                : 0;
    }

    private int substreamSplit() {
        return context == null ? 0 : context.stream().descriptorSplit();
    }

    private String words(int step, long[] raw) {
        return switch (step) {
            case StreamTables.STREAM_DIRECTORY ->
                    "stream table entries at 0x%x".formatted(raw[0] & (1L << 52) - 64);
            case StreamTables.STREAM_ENTRY ->
                    structures.streamEntry().field("Config").meaning().of(raw[0] >>> 1 & 7);
            case StreamTables.DESCRIPTOR_DIRECTORY ->
                    "context descriptors at 0x%x".formatted(raw[0] & (1L << 52) - 4096);
            default ->
                    "ASID %d, tables at 0x%x and 0x%x"
                            .formatted(
                                    raw[0] >>> 48,
                                    raw[1] & (1L << 52) - 16,
                                    raw[2] & (1L << 52) - 16);
        };
    }

    // ---- IOTLB

    /// @param word of the line that hit, 0 for a miss
    Step iotlb(CacheProbed probe, long word, long cycles, @Nullable SmmuFault fault) {
        String found =
                word == 0
                        ? "no tag matches"
                        : "page of %s at 0x%x, %s"
                                .formatted(
                                        size(Iotlb.pageShift(word)),
                                        TableEntry.address(word),
                                        SmmuView.rightsWords(word));
        return step(
                Kind.IOTLB_PROBE,
                "IOTLB probe",
                probe.isHit() ? "hit" : "miss",
                Place.NONE,
                Bits.NONE,
                new Source(GivenBy.IOTLB, probe.place(), cycles, false),
                "domain %d, page 0x%x: %s%s"
                        .formatted(
                                unit.lastDomain(),
                                request.iova() >>> 12,
                                found,
                                fault == null ? "" : ". " + fault.meaning()));
    }

    // ---- translation tables

    /// @param input the address that the entry's index is cut from
    Step table(
            TableEntryRead read, Cell cell, long input, Source source, @Nullable SmmuFault fault) {
        boolean first = read.stage() == Stage.FIRST;
        var granule = granule(first);
        int level = read.level();
        boolean leaf = level == 1 || (read.raw() & StageOneFormat.NOT_BLOCK) == 0;
        boolean hasShape = !leaf || level == 1 || granule.hasBlocksAt(level, true);
        var structure =
                leaf && hasShape
                        ? descriptors.leaf(granule, level, first)
                        : descriptors.table(granule, Math.max(2, level), first);
        boolean readable = unit.memory().isBacked(read.entryHpa());
        var shape = granule.shape();
        return step(
                        leaf ? Kind.LEAF_ENTRY : Kind.TABLE_ENTRY,
                        "Level %d".formatted(TOP_LEVEL - level),
                        SmmuLadder.stageWords(read.stage()) + (leaf ? ", leaf" : ""),
                        tablePlace(read, shape, input, first),
                        readable
                                ? Bits.of(
                                        structure,
                                        new long[] {read.raw()},
                                        new long[] {offending(read.raw(), first, fault)})
                                : Bits.NONE,
                        source,
                        readable
                                ? finding(source, fault, tableWords(read.raw(), level, leaf, shape))
                                : "no memory answers there")
                .at(isNested() ? cell : Cell.NONE);
    }

    private boolean isNested() {
        return context != null && context.stream().stage2() && context.stream().stage1();
    }

    private Granule granule(boolean first) {
        if (context == null) {
            return Granule.FOUR_KIB;
        }
        return first ? context.half(request.iova()).granule() : context.second().granule();
    }

    private static Place tablePlace(
            TableEntryRead read, TableShape shape, long input, boolean first) {
        int low = shape.shiftAt(read.level());
        boolean own = first || input == 0;
        return new Place(
                read.table(),
                read.index(),
                own ? IndexSource.IOVA : IndexSource.GPA,
                low + shape.indexBits() - 1,
                low,
                8,
                read.entryHpa());
    }

    private static long offending(long raw, boolean first, @Nullable SmmuFault fault) {
        return switch (fault) {
            case TRANSLATION -> raw & StageOneFormat.VALID ^ StageOneFormat.VALID;
            case ADDRESS_SIZE -> (1L << 48) - 4096;
            case ACCESS_FLAG -> StageOneFormat.ACCESSED;
            case PERMISSION ->
                    first
                            ? StageOneFormat.UNPRIVILEGED | StageOneFormat.READ_ONLY
                            : StageTwoFormat.READABLE | StageTwoFormat.WRITABLE;
            case null, default -> 0;
        };
    }

    private static String tableWords(long raw, int level, boolean leaf, TableShape shape) {
        if ((raw & StageOneFormat.VALID) == 0) {
            return "invalid";
        }
        int shift = shape.shiftAt(leaf ? level : 1);
        long address = raw & (1L << 48) - (1L << shift);
        return leaf
                ? "page of %s at 0x%x".formatted(size(shift), address)
                : "level %d table at 0x%x".formatted(TOP_LEVEL + 1 - level, address);
    }

    // ---- the end

    /// @param pageShift of the page that served it, 0 if none did
    Step access(String verb, long hpa, int pageShift, int bytes) {
        var map = unit.memory().map();
        int region = map.indexOf(hpa);
        String target = region < 0 ? "nothing answers there" : map.regions().get(region).name();
        long offset = pageShift == 0 ? 0 : hpa & (1L << pageShift) - 1;
        return step(
                Kind.ACCESS,
                verb + " " + target,
                "%d bytes".formatted(bytes),
                new Place(
                        hpa - offset,
                        (int) offset,
                        pageShift == 0 ? IndexSource.NONE : IndexSource.IOVA,
                        pageShift - 1,
                        pageShift == 0 ? -1 : 0,
                        1,
                        hpa),
                Bits.NONE,
                new Source(GivenBy.NOBODY, "", 0, false),
                "0x%x".formatted(hpa));
    }

    Step stopped(SmmuFault fault, StopReport stop) {
        String where =
                fault.code() < SmmuFault.WALK_ABORT.code()
                        ? ""
                        : stop.isSecondStage() ? ", stage 2" : ", stage 1";
        return step(
                Kind.FAULT,
                "Event 0x%02x".formatted(fault.code()),
                fault.kernelText() + where,
                Place.NONE,
                Bits.NONE,
                new Source(GivenBy.NOBODY, "", 0, false),
                fault.meaning());
    }

    private static String size(int pageShift) {
        if (pageShift >= 30) {
            return "%d GiB".formatted(1L << pageShift - 30);
        }
        return pageShift >= 20
                ? "%d MiB".formatted(1L << pageShift - 20)
                : "%d KiB".formatted(1L << pageShift - 10);
    }

    private static String finding(Source source, @Nullable SmmuFault fault, String otherwise) {
        if (fault != null) {
            return fault.meaning();
        }
        String marked = source.marked() ? "; hardware marks its use" : "";
        return source.by() == GivenBy.SAVED
                ? "not needed; memory has: " + otherwise
                : otherwise + marked;
    }

    private static Step step(
            Kind kind,
            String name,
            String detail,
            Place place,
            Bits bits,
            Source source,
            String finding) {
        var given = new Rung.Source(source.by(), source.place(), source.cycles());
        return Rung.step(kind, name, detail, place, bits, given, finding);
    }
}
