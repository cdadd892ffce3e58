package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.Rung;
import iommulab.engine.iommu.Rung.Bits;
import iommulab.engine.iommu.Rung.Place;
import iommulab.engine.iommu.Rung.Source;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.IndexSource;
import iommulab.engine.iommu.Walk.Kind;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.iommu.WalkRecording.CacheProbed;
import iommulab.engine.pci.RequesterId;

import org.jspecify.annotations.Nullable;

/// Makes the single steps of a VT-d walk as the screen shows them: place, bits, fields, finding.
final class VtdRungs {
    private static final long ALL = -1L;
    private static final long ADDRESS = (1L << 52) - 4096;

    private final VtdUnit unit;
    private final VtdStructures structures;
    private final RequesterId requester;
    private final long iova;

    VtdRungs(VtdUnit unit, RequesterId requester, long iova) {
        this.unit = unit;
        this.requester = requester;
        this.iova = iova;
        structures = new VtdStructures(unit.capabilities());
    }

    Step root(long low, long high, Source source, @Nullable VtdFault fault) {
        long table = unit.rootTableAddress() & -4096L;
        var structure = structures.rootEntry();
        var offending =
                switch (fault) {
                    case ROOT_NOT_PRESENT -> new long[] {1, 0};
                    case ROOT_RESERVED -> new long[] {low & structure.reservedBits(0), high};
                    case null, default -> new long[] {0, 0};
                };
        boolean readable = fault != VtdFault.ROOT_UNREADABLE;
        return Rung.step(
                Kind.ROOT_ENTRY,
                "Root entry",
                "bus %02x".formatted(requester.bus()),
                new Place(table, requester.bus(), IndexSource.REQUESTER, 15, 8, 16),
                readable ? Bits.of(structure, new long[] {low, high}, offending) : Bits.NONE,
                source,
                readable
                        ? finding(source, fault, "context table at 0x%x".formatted(low & -4096L))
                        : "no memory answers there");
    }

    Step context(long table, long low, long high, Source source, @Nullable VtdFault fault) {
        boolean readable = fault != VtdFault.CONTEXT_UNREADABLE;
        return Rung.step(
                Kind.DEVICE_ENTRY,
                "Context entry",
                "device %02x, function %d"
                        .formatted(requester.devfn() >>> 3, requester.devfn() & 7),
                new Place(table, requester.devfn(), IndexSource.REQUESTER, 7, 0, 16),
                readable
                        ? Bits.of(
                                structures.contextEntry(),
                                new long[] {low, high},
                                offendingInContext(low, high, fault))
                        : Bits.NONE,
                source,
                readable
                        ? finding(source, fault, contextWords(low, high))
                        : "no memory answers there");
    }

    private long[] offendingInContext(long low, long high, @Nullable VtdFault fault) {
        var structure = structures.contextEntry();
        return switch (fault) {
            case CONTEXT_NOT_PRESENT -> new long[] {1, 0};
            case CONTEXT_RESERVED ->
                    new long[] {low & structure.reservedBits(0), high & structure.reservedBits(1)};
            case BEYOND_WIDTH -> new long[] {0, structure.field("AW").mask()};
            case CONTEXT_INVALID -> {
                int levels = ContextEntry.levels(high);
                boolean width =
                        !unit.capabilities().supportsLevels(levels)
                                || ContextEntry.type(low) == ContextEntry.TYPE_PASS_THROUGH
                                        && unit.capabilities().passThrough();
                yield width
                        ? new long[] {0, structure.field("AW").mask()}
                        : new long[] {structure.field("TT").mask(), 0};
            }
            case null, default -> new long[] {0, 0};
        };
    }

    private static String contextWords(long low, long high) {
        return ContextEntry.type(low) == ContextEntry.TYPE_PASS_THROUGH
                ? "domain %d, pass-through".formatted(ContextEntry.domain(high))
                : "domain %d, %d-level table at 0x%x"
                        .formatted(
                                ContextEntry.domain(high),
                                ContextEntry.levels(high),
                                ContextEntry.table(low));
    }

    /// @param word of the line that hit, 0 for a miss
    Step iotlb(CacheProbed probe, int domain, long word, long cycles, @Nullable VtdFault fault) {
        String asked = "domain %d, page 0x%x: ".formatted(domain, iova >>> 12);
        String found =
                word == 0
                        ? "no tag matches"
                        : "page of %s at 0x%x, %s"
                                .formatted(
                                        size(Iotlb.pageShift(word)),
                                        TableEntry.address(word),
                                        VtdView.rightsWords(Iotlb.rights(word)));
        return Rung.step(
                Kind.IOTLB_PROBE,
                "IOTLB probe",
                probe.isHit() ? "hit" : "miss",
                Place.NONE,
                Bits.NONE,
                new Source(GivenBy.IOTLB, probe.place(), cycles),
                asked + found + (fault == null ? "" : ". " + fault.meaning()));
    }

    /// @param rights of all levels down to this one
    Step level(
            int level, long table, long raw, long rights, Source source, @Nullable VtdFault fault) {
        boolean leaf = SecondStageFormat.isLeaf(raw, level);
        var shape = TableShape.FOUR_KIB;
        return Rung.step(
                leaf ? Kind.LEAF_ENTRY : Kind.TABLE_ENTRY,
                "Level " + level,
                leaf ? "second stage, leaf" : "second stage",
                levelPlace(level, table),
                Bits.of(
                        structures.secondStageEntry(level, leaf),
                        new long[] {raw},
                        new long[] {offendingInLevel(level, raw, leaf, fault)}),
                source,
                finding(
                        source,
                        fault,
                        leaf
                                ? "page of %s at 0x%x, rights %s"
                                        .formatted(
                                                size(shape.shiftAt(level)),
                                                raw & ADDRESS,
                                                VtdView.rightsWords(rights))
                                : "level %d table at 0x%x, rights so far %s"
                                        .formatted(
                                                level - 1,
                                                raw & ADDRESS,
                                                VtdView.rightsWords(rights))));
    }

    /// A table that is not in memory.
    Step unreadableLevel(int level, long table, Source source) {
        return Rung.step(
                Kind.TABLE_ENTRY,
                "Level " + level,
                "second stage",
                levelPlace(level, table),
                Bits.NONE,
                source,
                "no memory answers there");
    }

    private long offendingInLevel(int level, long raw, boolean leaf, @Nullable VtdFault fault) {
        return switch (fault) {
            case NO_READ_RIGHT -> TableEntry.READ;
            case NO_WRITE_RIGHT -> TableEntry.WRITE;
            case TABLE_RESERVED -> raw & unit.format().reservedBits(level, leaf);
            case OUTPUT_IS_INTERRUPT -> ADDRESS;
            case null, default -> 0;
        };
    }

    private Place levelPlace(int level, long table) {
        var shape = TableShape.FOUR_KIB;
        int low = shape.shiftAt(level);
        return new Place(
                table,
                shape.indexAt(level, iova),
                IndexSource.IOVA,
                low + shape.indexBits() - 1,
                low,
                1 << shape.entryShift());
    }

    /// @param pageShift of the page that served it, 0 if none did
    Step access(String verb, long hpa, int pageShift, int bytes) {
        var map = unit.memory().map();
        int region = map.indexOf(hpa);
        String target = region < 0 ? "nothing answers there" : map.regions().get(region).name();
        long offsetMask = pageShift == 0 ? ALL : (1L << pageShift) - 1;
        return Rung.step(
                Kind.ACCESS,
                verb + " " + target,
                "%d bytes".formatted(bytes),
                new Place(
                        hpa & ~offsetMask,
                        pageShift == 0 ? 0 : (int) (iova & offsetMask),
                        pageShift == 0 ? IndexSource.NONE : IndexSource.IOVA,
                        pageShift - 1,
                        pageShift == 0 ? -1 : 0,
                        1),
                Bits.NONE,
                Source.NOBODY,
                "0x%x".formatted(hpa));
    }

    Step stopped(VtdFault fault) {
        return Rung.step(
                Kind.FAULT,
                "Fault 0x%02x".formatted(fault.code()),
                fault.kernelText(),
                Place.NONE,
                Bits.NONE,
                Source.NOBODY,
                fault.meaning());
    }

    static String size(int pageShift) {
        return switch (pageShift) {
            case 12 -> "4 KiB";
            case 21 -> "2 MiB";
            default -> "1 GiB";
        };
    }

    static String finding(Source source, @Nullable VtdFault fault, String otherwise) {
        if (fault != null) {
            return fault.meaning();
        }
        return source.by() == GivenBy.SAVED ? "not needed; memory has: " + otherwise : otherwise;
    }
}
