package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.Structure;

/// The structures that an AMD IOMMU reads on the way of a request, bit by bit. Commands and log entries
/// are in [AmdCommandStructures] and [AmdLogStructures].
/// Spec: AMD IOMMU, "Device Table", "Host Page Tables", "Guest CR3 Table", "Guest Page Tables".
public final class AmdStructures {
    private static final String[] PAGE_NAMES = {
        "4 KiB page", "2 MiB page", "1 GiB page", "512 GiB page", "256 TiB page", "128 PiB page"
    };

    private final AmdCapabilities capabilities;

    /// @param capabilities decide which bits are reserved
    public AmdStructures(AmdCapabilities capabilities) {
        this.capabilities = capabilities;
    }

    // ---- device table

    /// 256 bits: what the requests of one device go through.
    public Structure deviceTableEntry() {
        var entry = new Structure.Builder("Device table entry", 4);
        hostWord(entry);
        guestWord(entry);
        interruptWord(entry);
        return entry.ignored(3, 63, 0).build();
    }

    private static void hostWord(Structure.Builder entry) {
        entry.reserved(0, 63, 63)
                .bit(0, 62, "IW", "writes not allowed", "writes allowed")
                .bit(0, 61, "IR", "reads not allowed", "reads allowed")
                .value(0, 60, 58, "GCR3[14:12]", AmdStructures::gcr3Part)
                .value(0, 57, 56, "GLX", AmdStructures::gcr3Depth)
                .bit(0, 55, "GV", "no guest tables", "requests with a PASID use guest tables")
                .bit(
                        0,
                        54,
                        "GIoV",
                        "requests without a PASID use the host table alone",
                        "requests without a PASID use guest tables, PASID 0")
                .bit(0, 53, "GPRP", "page responses carry no PASID", "page responses carry a PASID")
                .bit(0, 52, "PPR", "page requests are refused", "page requests are taken")
                .address(0, 51, 12, "HPTR", "host table")
                .value(0, 11, 9, "Mode", AmdStructures::mode)
                .value(0, 8, 7, "HAD", AmdStructures::hostMarks)
                .reserved(0, 6, 2)
                .bit(0, 1, "TV", "no translation: requests end here", "translation is valid")
                .bit(0, 0, "V", "addresses stay as they are", "valid");
    }

    private static void guestWord(Structure.Builder entry) {
        entry.value(1, 63, 43, "GCR3[51:31]", AmdStructures::gcr3Part)
                .bit(1, 42, "SATS", "ordinary device-TLB", "secure device-TLB")
                .value(1, 41, 40, "SysMgt", AmdStructures::systemManagement)
                .bit(1, 39, "EX", "the exclusion range is translated", "the exclusion range is not")
                .bit(1, 38, "SD", "snoops as the device asks", "snooping is disabled")
                .bit(
                        1,
                        37,
                        "Cache",
                        "device-TLB fills are cached",
                        "device-TLB fills are not cached")
                .value(1, 36, 35, "IoCtl", AmdStructures::portAccess)
                .bit(1, 34, "SA", "page faults are logged", "no page fault is logged")
                .bit(
                        1,
                        33,
                        "SE",
                        "each page fault is logged",
                        "only the first page fault is logged")
                .bit(1, 32, "I", "no device-TLB", "the device may have a TLB")
                .value(1, 31, 16, "GCR3[30:15]", AmdStructures::gcr3Part)
                .value(1, 15, 0, "DomainID", value -> "domain %d".formatted(value));
    }

    private static void interruptWord(Structure.Builder entry) {
        entry.bit(2, 63, "Lint1Pass", "LINT1 blocked", "LINT1 passes")
                .bit(2, 62, "Lint0Pass", "LINT0 blocked", "LINT0 passes")
                .value(2, 61, 60, "IntCtl", AmdStructures::interruptControl)
                .ignored(2, 59, 59)
                .bit(2, 58, "NMIPass", "NMI blocked", "NMI passes")
                .bit(2, 57, "EIntPass", "ExtInt blocked", "ExtInt passes")
                .bit(2, 56, "InitPass", "INIT blocked", "INIT passes")
                .value(2, 55, 54, "GuestPagingMode", AmdStructures::guestMode)
                .ignored(2, 53, 52)
                .address(2, 51, 6, "IntTabRoot", "interrupt table")
                .bit(
                        2,
                        5,
                        "IG",
                        "unmapped interrupts are logged",
                        "unmapped interrupts are not logged")
                .value(2, 4, 1, "IntTabLen", value -> "%d entries".formatted(1L << value))
                .bit(2, 0, "IV", "interrupts are not remapped", "interrupts are remapped");
    }

    private static String gcr3Part(long value) {
        return "bits of the GCR3 table's address: 0x%x".formatted(value);
    }

    private static String gcr3Depth(long value) {
        return value == 3 ? "illegal" : "GCR3 table of %d levels".formatted(value + 1);
    }

    private static String mode(long value) {
        return switch ((int) value) {
            case 0 -> "no host table: addresses stay, IR and IW hold";
            case 7 -> "illegal";
            default -> "%d levels, %d bits".formatted(value, Math.min(64, 12 + 9 * value));
        };
    }

    private static String hostMarks(long value) {
        return switch ((int) value) {
            case 0 -> "hardware marks no use";
            case 1 -> "hardware sets the accessed bit";
            case 2 -> "no meaning";
            default -> "hardware sets accessed and dirty bits";
        };
    }

    private static String systemManagement(long value) {
        return switch ((int) value) {
            case 0 -> "system management range: stopped";
            case 1 -> "system management range: writes go on untranslated";
            case 2 -> "system management range: interrupt messages go on";
            default -> "system management range: translated";
        };
    }

    private static String portAccess(long value) {
        return switch ((int) value) {
            case 0 -> "port I/O range: stopped";
            case 1 -> "port I/O range: goes on untranslated";
            case 2 -> "port I/O range: translated";
            default -> "reserved";
        };
    }

    private static String interruptControl(long value) {
        return switch ((int) value) {
            case 0 -> "fixed and arbitrated interrupts are stopped";
            case 1 -> "fixed and arbitrated interrupts pass as they are";
            case 2 -> "fixed and arbitrated interrupts are remapped";
            default -> "reserved";
        };
    }

    private static String guestMode(long value) {
        return switch ((int) value) {
            case 0 -> "guest tables of 4 levels";
            case 1 -> "guest tables of 5 levels";
            default -> "illegal";
        };
    }

    // ---- host tables

    /// 64 bits: an entry of a host table. Reserved are only the bits of the address within a large page.
    ///
    /// @param level of the table that holds it, 1 to 6
    /// @param nextLevel its field of that name, 0 to 7: 0 and 7 map a page
    public Structure hostEntry(int level, int nextLevel) {
        boolean leaf = nextLevel == 0 || nextLevel == 7;
        var entry =
                new Structure.Builder(
                                "Level %d host %s".formatted(level, leaf ? "leaf" : "entry"), 1)
                        .ignored(0, 63, 63)
                        .bit(0, 62, "IW", "writes not allowed", "writes allowed")
                        .bit(0, 61, "IR", "reads not allowed", "reads allowed");
        if (leaf) {
            entry.bit(0, 60, "FC", "coherence as the request asks", "coherence is forced")
                    .bit(
                            0,
                            59,
                            "U",
                            "device-TLB: no meaning",
                            "device-TLB: untranslated access only")
                    .ignored(0, 58, 52);
            hostPage(entry, level, nextLevel);
        } else {
            entry.ignored(0, 60, 52)
                    .address(0, 51, 12, "ADDR", "level %d table".formatted(nextLevel));
        }
        entry.value(0, 11, 9, "NextLevel", value -> nextLevelWords(level, value)).ignored(0, 8, 7);
        if (leaf) {
            entry.bit(0, 6, "D", "not written", "written");
        } else {
            entry.ignored(0, 6, 6);
        }
        return entry.bit(0, 5, "A", "not used", "used")
                .ignored(0, 4, 1)
                .bit(0, 0, "PR", "not present", "present")
                .build();
    }

    private static void hostPage(Structure.Builder entry, int level, int nextLevel) {
        int shift = 12 + 9 * (level - 1);
        if (nextLevel == 7) {
            entry.address(0, 51, 12, "ADDR", "page, its size in the lowest zero bit,");
        } else if (shift > 51) {
            entry.reserved(0, 51, 12);
        } else {
            entry.address(0, 51, shift, "ADDR", PAGE_NAMES[level - 1]);
            entry.reserved(0, shift - 1, 12);
        }
    }

    private static String nextLevelWords(int level, long value) {
        if (value == 0) {
            return "maps a " + PAGE_NAMES[level - 1];
        }
        if (value == 7) {
            return "maps a page whose size is in the address";
        }
        return value < level
                ? "points to a level %d table".formatted(value)
                : "illegal at this level";
    }

    // ---- guest tables

    /// 64 bits: an entry of a GCR3 table.
    ///
    /// @param level 1 for the level whose entries hold guest CR3 values
    public Structure gcr3Entry(int level) {
        return new Structure.Builder("Level %d GCR3 entry".formatted(level), 1)
                .reserved(0, 63, 52)
                .address(
                        0,
                        51,
                        12,
                        level == 1 ? "GCR3" : "ADDR",
                        level == 1 ? "guest table" : "level %d GCR3 table".formatted(level - 1))
                .reserved(0, 11, 1)
                .bit(0, 0, "V", "nobody gave this PASID a table", "valid")
                .build();
    }

    /// 64 bits: an entry of a guest table.
    ///
    /// @param level of the table that holds it, 1 to 5
    /// @param leaf whether it maps a page
    public Structure guestEntry(int level, boolean leaf) {
        var entry =
                new Structure.Builder(
                        "Level %d guest %s".formatted(level, leaf ? "leaf" : "entry"), 1);
        if (capabilities.noExecute()) {
            entry.bit(0, 63, "NX", "execution allowed", "execution not allowed");
        } else {
            entry.reserved(0, 63, 63);
        }
        entry.ignored(0, 62, 52);
        if (leaf) {
            int pageShift = 12 + 9 * (level - 1);
            entry.address(0, 51, pageShift, "ADDR", PAGE_NAMES[level - 1]);
            entry.reserved(0, pageShift - 1, 13);
            if (level > 1) {
                entry.bit(0, 12, "PAT", "memory type: upper bit 0", "memory type: upper bit 1");
            }
            entry.ignored(0, 11, 9).bit(0, 8, "G", "of this PASID", "global");
        } else {
            entry.address(0, 51, 12, "ADDR", "level %d table".formatted(level - 1))
                    .ignored(0, 11, 8);
        }
        return lowBits(entry, level, leaf);
    }

    private static Structure lowBits(Structure.Builder entry, int level, boolean leaf) {
        if (level == 1) {
            entry.bit(0, 7, "PAT", "memory type: upper bit 0", "memory type: upper bit 1");
        } else if (level <= 3) {
            entry.bit(0, 7, "PS", "points to a table", "maps a " + PAGE_NAMES[level - 1]);
        } else {
            entry.reserved(0, 7, 7);
        }
        if (leaf) {
            entry.bit(0, 6, "D", "not written", "written");
        } else {
            entry.ignored(0, 6, 6);
        }
        return entry.bit(0, 5, "A", "not used", "used")
                .bit(0, 4, "PCD", "cached", "not cached")
                .bit(0, 3, "PWT", "write-back", "write-through")
                .bit(0, 2, "U/S", "supervisor requests only", "user requests too")
                .bit(0, 1, "R/W", "writes not allowed", "writes allowed")
                .bit(0, 0, "P", "not present", "present")
                .build();
    }
}
