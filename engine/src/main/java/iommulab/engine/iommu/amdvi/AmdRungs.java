package iommulab.engine.iommu.amdvi;

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
import iommulab.engine.iommu.Walk.IndexSource;
import iommulab.engine.iommu.Walk.Kind;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// Makes the single steps of an AMD-Vi walk as the screen shows them: place, bits, fields, finding.
final class AmdRungs {
    private static final long ADDRESS = (1L << 52) - 4096;

    private final AmdUnit unit;
    private final AmdStructures structures;
    private final DmaRequest request;

    AmdRungs(AmdUnit unit, DmaRequest request) {
        this.unit = unit;
        this.request = request;
        structures = new AmdStructures(unit.capabilities());
    }

    // ---- on the way to the tables

    /// @param words of the entry, four
    Step deviceEntry(long[] words, Source source, @Nullable AmdFault fault) {
        var structure = structures.deviceTableEntry();
        int device = request.requester().raw();
        long table = DeviceTable.table(unit.deviceTableBase());
        return Rung.step(
                Kind.DEVICE_ENTRY,
                "Device table entry",
                "device %04x".formatted(device),
                new Place(table, device, IndexSource.REQUESTER, 15, 0, DeviceTableEntry.BYTES),
                fault == AmdFault.DEVICE_TABLE_UNREADABLE || fault == AmdFault.BEYOND_DEVICE_TABLE
                        ? Bits.NONE
                        : Bits.of(structure, words, offendingInDevice(structure, words, fault)),
                source,
                fault == null ? deviceWords(words) : fault.meaning());
    }

    private static long[] offendingInDevice(
            Structure structure, long[] words, @Nullable AmdFault fault) {
        var offending = new long[4];
        switch (fault) {
            case DEVICE_ENTRY_RESERVED -> offending[0] = words[0] & DeviceTableEntry.RESERVED;
            case DEVICE_ENTRY_ILLEGAL -> {
                offending[0] = structure.field("Mode").mask() | structure.field("GLX").mask();
                offending[2] = structure.field("GuestPagingMode").mask();
            }
            case BEYOND_TABLE -> offending[0] = structure.field("Mode").mask();
            case RIGHT_MISSING -> offending[0] = 3L << 61;
            case TRANSLATION_REFUSED -> {
                offending[0] = structure.field("GV").mask();
                offending[1] = structure.field("I").mask();
            }
            case PORT_REFUSED -> offending[1] = structure.field("IoCtl").mask();
            case MANAGEMENT_REFUSED -> offending[1] = structure.field("SysMgt").mask();
            case null, default -> {
                // It did not fail here.
            }
        }
        return offending;
    }

    private static String deviceWords(long[] words) {
        if (!DeviceTableEntry.isValid(words[0])) {
            return "not valid: addresses stay as they are";
        }
        if (!DeviceTableEntry.isTranslationValid(words[0])) {
            return "no translation: requests end here";
        }
        int mode = DeviceTableEntry.mode(words[0]);
        return "domain %d, %s"
                .formatted(
                        DeviceTableEntry.domain(words[1]),
                        mode == 0
                                ? "no host table"
                                : "%d-level host table at 0x%x"
                                        .formatted(mode, DeviceTableEntry.hostTable(words[0])));
    }

    /// @param level 1 for the entry of the PASID itself
    Step gcr3Entry(
            int level, long table, int index, long raw, Source source, @Nullable AmdFault fault) {
        var structure = structures.gcr3Entry(level);
        long offending =
                switch (fault) {
                    case PASID_NOT_PRESENT -> 1;
                    case TABLE_RESERVED -> raw & Gcr3Table.RESERVED;
                    case null, default -> 0;
                };
        int low = 9 * (level - 1);
        return Rung.step(
                level == 1 ? Kind.PASID_ENTRY : Kind.PASID_DIRECTORY_ENTRY,
                level == 1 ? "GCR3 entry" : "GCR3 level %d".formatted(level),
                "PASID %d".formatted(unit.pasid()),
                new Place(table, index, IndexSource.PASID, low + 8, low, 8),
                fault == AmdFault.TABLE_UNREADABLE
                        ? Bits.NONE
                        : Bits.of(structure, new long[] {raw}, new long[] {offending}),
                source,
                fault == null
                        ? "%s at 0x%x"
                                .formatted(level == 1 ? "guest table" : "GCR3 table", raw & ADDRESS)
                        : fault.meaning());
    }

    /// The cache of PASIDs gave the guest table.
    Step cachedPasid(long word, Source source, @Nullable AmdFault fault) {
        long raw = PasidEntry.guestTable(word) | 1;
        return gcr3Entry(1, 0, unit.pasid() & 511, raw, source, fault);
    }

    // ---- IOTLB and nested cache

    /// @param word of the line that hit, 0 for a miss
    Step iotlb(long word, Source source, @Nullable AmdFault fault) {
        var tag =
                unit.isGuest()
                        ? "domain %d, PASID %d".formatted(unit.lastDomain(), unit.pasid())
                        : "domain %d".formatted(unit.lastDomain());
        var asked = "%s, page 0x%x: ".formatted(tag, request.iova() >>> 12);
        return Rung.step(
                Kind.IOTLB_PROBE,
                "IOTLB probe",
                word == 0 ? "miss" : "hit",
                Place.NONE,
                Bits.NONE,
                source,
                asked
                        + (word == 0 ? "no tag matches" : pageWords(word))
                        + (fault == null ? "" : ". " + fault.meaning()));
    }

    /// The cache of finished host translations gave the page of a guest-physical address.
    Step nested(long gpa, long word, Source source) {
        return Rung.step(
                Kind.TABLE_ENTRY,
                "Nested cache",
                "host translation",
                Place.NONE,
                Bits.NONE,
                source,
                "gpa 0x%x: %s".formatted(gpa, pageWords(word)));
    }

    private static String pageWords(long word) {
        return "page of %s at 0x%x, %s"
                .formatted(
                        size(Iotlb.pageShift(word)),
                        TableEntry.address(word),
                        AmdView.rightsWords(word));
    }

    // ---- tables

    /// @param read what the walker read
    /// @param address whose bits choose the entry: iova, or gpa in a host table below a guest table
    Step tableEntry(
            TableEntryRead read,
            long address,
            boolean nested,
            Source source,
            @Nullable AmdFault fault) {
        boolean host = read.stage() == Stage.SECOND;
        boolean leaf = isLeaf(read);
        boolean readable = fault != AmdFault.TABLE_UNREADABLE;
        return Rung.step(
                leaf ? Kind.LEAF_ENTRY : Kind.TABLE_ENTRY,
                "%s level %d".formatted(host ? "Host" : "Guest", read.level()),
                "%s table (%s)%s"
                        .formatted(
                                host ? "host" : "guest",
                                host ? "second stage" : "first stage",
                                leaf ? ", leaf" : ""),
                tablePlace(read, address, nested && host),
                readable
                        ? Bits.of(
                                structureOf(read, leaf),
                                new long[] {read.raw()},
                                new long[] {offendingInTable(read, leaf, fault)})
                        : Bits.NONE,
                source,
                fault == null ? entryWords(read, leaf) : fault.meaning());
    }

    private static boolean isLeaf(TableEntryRead read) {
        int next = HostTableFormat.nextLevel(read.raw());
        return read.stage() == Stage.SECOND
                ? next == 0 || next == 7
                : GuestTableFormat.isLeaf(read.raw(), read.level());
    }

    private Structure structureOf(TableEntryRead read, boolean leaf) {
        return read.stage() == Stage.SECOND
                ? structures.hostEntry(read.level(), HostTableFormat.nextLevel(read.raw()))
                : structures.guestEntry(read.level(), leaf);
    }

    private long offendingInTable(TableEntryRead read, boolean leaf, @Nullable AmdFault fault) {
        boolean host = read.stage() == Stage.SECOND;
        boolean write = (unit.lastAccess() & TableEntry.WRITE) != 0;
        return switch (fault) {
            case PAGE_NOT_PRESENT -> 1;
            case LEVEL_ILLEGAL, LEVEL_SKIPPED -> 7L << 9;
            case TABLE_RESERVED -> read.raw() & structureOf(read, leaf).reservedBits(0);
            case RIGHT_MISSING -> host ? (write ? 1L << 62 : 1L << 61) : write ? 1 << 1 : 1 << 2;
            case null, default -> 0;
        };
    }

    private static Place tablePlace(TableEntryRead read, long address, boolean byGpa) {
        var shape = TableShape.FOUR_KIB;
        int low = shape.shiftAt(read.level());
        return new Place(
                read.table(),
                read.index(),
                byGpa ? IndexSource.GPA : IndexSource.IOVA,
                Math.min(63, low + shape.indexBits() - 1),
                low,
                1 << shape.entryShift());
    }

    private static String entryWords(TableEntryRead read, boolean leaf) {
        long raw = read.raw();
        if (read.stage() == Stage.FIRST) {
            return leaf
                    ? "page of %s at 0x%x, %s"
                            .formatted(
                                    size(TableShape.FOUR_KIB.shiftAt(read.level())),
                                    raw & ADDRESS,
                                    guestRights(raw))
                    : "level %d table at 0x%x, %s"
                            .formatted(read.level() - 1, raw & ADDRESS, guestRights(raw));
        }
        int next = HostTableFormat.nextLevel(raw);
        int shift =
                next == 7
                        ? HostTableFormat.pageShift(raw)
                        : TableShape.FOUR_KIB.shiftAt(read.level());
        return leaf
                ? "page of %s at 0x%x, %s"
                        .formatted(size(shift), raw & ADDRESS & -1L << shift, hostRights(raw))
                : "level %d table at 0x%x, %s".formatted(next, raw & ADDRESS, hostRights(raw));
    }

    private static String guestRights(long raw) {
        return "%s, %s"
                .formatted((raw & 2) != 0 ? "rw" : "r-", (raw & 4) != 0 ? "user" : "supervisor");
    }

    private static String hostRights(long raw) {
        return ((raw >>> 61 & 1) != 0 ? "r" : "-") + ((raw >>> 62 & 1) != 0 ? "w" : "-");
    }

    // ---- the end

    /// @param pageShift of the page that served it, 0 if none did
    Step access(String verb, long hpa, int pageShift) {
        var map = unit.memory().map();
        int region = map.indexOf(hpa);
        String target = region < 0 ? "nothing answers there" : map.regions().get(region).name();
        long within = pageShift == 0 ? 0 : (1L << pageShift) - 1;
        return Rung.step(
                Kind.ACCESS,
                verb + " " + target,
                "%d bytes".formatted(request.bytes()),
                new Place(
                        hpa & ~within,
                        (int) (hpa & within),
                        pageShift == 0 ? IndexSource.NONE : IndexSource.IOVA,
                        pageShift - 1,
                        pageShift == 0 ? -1 : 0,
                        1),
                Bits.NONE,
                Source.NOBODY,
                "0x%x".formatted(hpa));
    }

    Step stopped(AmdFault fault) {
        return Rung.step(
                Kind.FAULT,
                "Event 0x%02x".formatted(fault.code()),
                fault.kernelText(),
                Place.NONE,
                Bits.NONE,
                Source.NOBODY,
                fault.meaning());
    }

    static String size(int pageShift) {
        int unit = (pageShift - 10) / 10;
        return "%d %s"
                .formatted(
                        1L << pageShift - 10 - 10 * unit,
                        List.of("KiB", "MiB", "GiB", "TiB", "PiB").get(unit));
    }
}
