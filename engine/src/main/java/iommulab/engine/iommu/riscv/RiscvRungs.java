package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Rung;
import iommulab.engine.iommu.Rung.Bits;
import iommulab.engine.iommu.Rung.Place;
import iommulab.engine.iommu.Rung.Source;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.Structure;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.IndexSource;
import iommulab.engine.iommu.Walk.Kind;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.iommu.WalkRecording.CacheProbed;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// Makes the single steps of a RISC-V walk as the screen shows them: place, bits, fields, finding.
final class RiscvRungs {
    private static final long PPN = (1L << 44) - 1 << 10;
    private static final int RWX =
            PageTableFormat.READ | PageTableFormat.WRITE | PageTableFormat.EXECUTE;

    private final RiscvUnit unit;
    private final RiscvStructures structures;
    private final PageTableStructures tables;

    RiscvRungs(RiscvUnit unit) {
        this.unit = unit;
        structures = new RiscvStructures(unit.capabilities());
        tables = new PageTableStructures(unit.capabilities());
    }

    // ---- directories

    Step directoryEntry(
            boolean process,
            int level,
            Place place,
            long raw,
            Source source,
            @Nullable RiscvFault fault) {
        var structure =
                process ? structures.processDirectoryEntry() : structures.deviceDirectoryEntry();
        String next = "next table at 0x%x".formatted((raw & PPN) << 2);
        return step(
                process ? Kind.PASID_DIRECTORY_ENTRY : Kind.ROOT_ENTRY,
                (process ? "PDT level " : "DDT level ") + level,
                process ? "process directory" : "device directory",
                place,
                structure,
                new long[] {raw},
                fault,
                source,
                finding(source, fault, next));
    }

    Step deviceContext(Place place, long[] words, Source source, @Nullable RiscvFault fault) {
        boolean processes = (words[0] & DeviceContext.PDTV) != 0;
        boolean narrow = (words[0] & DeviceContext.SXL) != 0;
        return step(
                Kind.DEVICE_ENTRY,
                "Device context",
                "DC, %d bytes".formatted(words.length * 8),
                place,
                structures.deviceContext(unit.control(), processes, narrow),
                words,
                fault,
                source,
                finding(source, fault, contextWords(words, processes, narrow)));
    }

    private String contextWords(long[] words, boolean processes, boolean narrow) {
        int first = DeviceContext.mode(words[3]);
        boolean narrowGuest = (unit.control() & RiscvRegisters.GXL) != 0;
        return "%s, second stage %s, GSCID %d"
                .formatted(
                        processes
                                ? "process directory " + RiscvStructures.processMode(first)
                                : "first stage " + RiscvStructures.firstMode(first, narrow),
                        RiscvStructures.guestMode(DeviceContext.mode(words[1]), narrowGuest),
                        words[1] >>> 44 & 0xffff);
    }

    Step processContext(
            Place place, long[] words, boolean narrow, Source source, @Nullable RiscvFault fault) {
        return step(
                Kind.PASID_ENTRY,
                "Process context",
                "PC",
                place,
                structures.processContext(narrow),
                words,
                fault,
                source,
                finding(
                        source,
                        fault,
                        "first stage %s, PSCID %d"
                                .formatted(
                                        RiscvStructures.firstMode(
                                                DeviceContext.mode(words[1]), narrow),
                                        words[0] >>> 12 & 0xf_ffff)));
    }

    Step msiEntry(Place place, long[] words, Source source, @Nullable RiscvFault fault) {
        boolean inMemory = MsiTable.isMrif(words[0]);
        long page = (inMemory ? words[1] : words[0]) >>> 10 & DeviceContext.PPN;
        return step(
                Kind.LEAF_ENTRY,
                "MSI page-table entry",
                inMemory ? "interrupt file in memory" : "interrupt file",
                place,
                structures.msi(words[0]),
                words,
                fault,
                source,
                finding(
                        source,
                        fault,
                        (inMemory ? "notice to 0x%x" : "interrupt file at 0x%x")
                                .formatted(page << 12)));
    }

    // ---- page tables

    /// @param address the iova, or the gpa that goes through the second stage
    /// @param marked the entry as the hardware left it
    Step tableEntry(
            TableEntryRead read,
            boolean narrow,
            int topLevel,
            Source source,
            long marked,
            @Nullable RiscvFault fault) {
        boolean leaf = (read.raw() & RWX) != 0;
        var shape = narrow ? new TableShape(12, 10, 2) : TableShape.FOUR_KIB;
        int low = shape.shiftAt(read.level());
        boolean second = read.stage() == Stage.SECOND;
        boolean wide = second && read.level() == topLevel;
        int high = low + shape.indexBits() - 1 + (wide ? 2 : 0);
        var structure = tables.of(read.stage(), read.level(), read.raw(), narrow);
        return step(
                leaf ? Kind.LEAF_ENTRY : Kind.TABLE_ENTRY,
                (second ? "G level " : "Level ") + (read.level() - 1),
                read.stage().words() + (leaf ? ", leaf" : ""),
                new Place(
                        read.table(),
                        read.index(),
                        second ? IndexSource.GPA : IndexSource.IOVA,
                        high,
                        low,
                        1 << shape.entryShift(),
                        read.entryHpa()),
                structure,
                new long[] {read.raw()},
                fault,
                source,
                finding(source, fault, entryWords(read, leaf, low)) + markedWords(read, marked));
    }

    private static String entryWords(TableEntryRead read, boolean leaf, int shift) {
        long address = (read.raw() & PPN) << 2;
        if ((read.raw() & PageTableFormat.VALID) == 0) {
            return "not valid";
        }
        return leaf
                ? "page of %s at 0x%x, %s"
                        .formatted(size(read.raw() < 0 ? 16 : shift), address, rights(read.raw()))
                : "table at 0x%x".formatted(address);
    }

    private static String rights(long raw) {
        return ((raw & PageTableFormat.READ) != 0 ? "r" : "-")
                + ((raw & PageTableFormat.WRITE) != 0 ? "w" : "-")
                + ((raw & PageTableFormat.EXECUTE) != 0 ? "x" : "-");
    }

    private static String markedWords(TableEntryRead read, long marked) {
        long set = marked & ~read.raw();
        boolean used = (set & PageTableFormat.ACCESSED) != 0;
        boolean written = (set & PageTableFormat.DIRTY) != 0;
        if (!used && !written) {
            return "";
        }
        return "; hardware sets " + (used && written ? "A and D" : used ? "A" : "D");
    }

    // ---- caches and ends

    /// @param word of the line that hit, 0 for a miss
    Step iotlb(CacheProbed probe, long iova, String space, long word, long cycles) {
        String found =
                word == 0
                        ? "no tag matches"
                        : "page of %s at 0x%x, %s"
                                .formatted(
                                        size(Iotlb.pageShift(word)),
                                        TableEntry.address(word),
                                        permissions(word));
        return step(
                Kind.IOTLB_PROBE,
                "IOTLB probe",
                probe.isHit() ? "hit" : "miss",
                Place.NONE,
                null,
                new long[0],
                null,
                new Source(GivenBy.IOTLB, probe.place(), cycles),
                "%s, page 0x%x: %s".formatted(space, iova >>> 12, found));
    }

    static Permissions permissions(long word) {
        return Permissions.of(
                (word & (TableEntry.READ | TableEntry.PRIV_READ)) != 0,
                (word & TableEntry.ANY_WRITE) != 0);
    }

    Step access(String verb, long hpa, long word, long iova, int bytes) {
        var map = unit.memory().map();
        int region = map.indexOf(hpa);
        String target = region < 0 ? "nothing answers there" : map.regions().get(region).name();
        boolean paged = word > 0;
        long within = paged ? (1L << Iotlb.pageShift(word)) - 1 : 0;
        var place =
                new Place(
                        paged ? hpa & ~within : 0,
                        paged ? (int) (iova & within) : 0,
                        paged ? IndexSource.IOVA : IndexSource.NONE,
                        paged ? Iotlb.pageShift(word) - 1 : -1,
                        paged ? 0 : -1,
                        1,
                        hpa);
        return step(
                Kind.ACCESS,
                verb + " " + target,
                "%d bytes".formatted(bytes),
                place,
                null,
                new long[0],
                null,
                Source.NOBODY,
                "0x%x".formatted(hpa));
    }

    /// @param hpa of the pending bits that a message changes, or of the file
    /// @param stores whether it is a message
    Step interruptFile(String verb, long hpa, boolean stores, MsiTable entry) {
        var file = entry.interruptFile();
        return step(
                Kind.ACCESS,
                verb + " the interrupt file in memory",
                "by the IOMMU itself",
                new Place(file.hpa(), 0, IndexSource.NONE, -1, -1, 1, hpa),
                null,
                new long[0],
                null,
                Source.NOBODY,
                stores
                        ? "interrupt pending in the file at 0x%x, then notice %d to 0x%x"
                                .formatted(file.hpa(), file.noticeId(), entry.page())
                        : "no message: nothing is stored; reads give 0");
    }

    Step stopped(RiscvFault fault) {
        return step(
                Kind.FAULT,
                "Cause %d".formatted(fault.code()),
                fault.kernelText(),
                Place.NONE,
                null,
                new long[0],
                null,
                Source.NOBODY,
                fault.meaning());
    }

    private static String size(int shift) {
        return switch (shift / 10) {
            case 1 -> "%d KiB".formatted(1L << shift - 10);
            case 2 -> "%d MiB".formatted(1L << shift - 20);
            case 3 -> "%d GiB".formatted(1L << shift - 30);
            default -> "%d TiB".formatted(1L << shift - 40);
        };
    }

    private static String finding(Source source, @Nullable RiscvFault fault, String otherwise) {
        if (fault != null) {
            return fault.meaning();
        }
        return source.by() == GivenBy.SAVED ? "not needed; memory has: " + otherwise : otherwise;
    }

    /// Of an entry at which a request was stopped, the reserved bits that are set, or V if that is clear.
    private static long[] offending(Structure structure, long[] raw, @Nullable RiscvFault fault) {
        var bits = new long[raw.length];
        if (fault != null) {
            for (int word = 0; word < raw.length; word++) {
                bits[word] = raw[word] & structure.reservedBits(word);
            }
            bits[0] |= ~raw[0] & PageTableFormat.VALID;
        }
        return bits;
    }

    private static Step step(
            Kind kind,
            String name,
            String detail,
            Place place,
            @Nullable Structure structure,
            long[] raw,
            @Nullable RiscvFault fault,
            Source source,
            String finding) {
        var bits =
                structure == null
                        ? new Bits(Bits.words(raw), List.of())
                        : Bits.of(structure, raw, offending(structure, raw, fault));
        return Rung.step(kind, name, detail, place, bits, source, finding);
    }
}
