package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.KnownStructures;
import iommulab.engine.iommu.Structure;

/// The structures that VT-d's scalable mode reads from memory, bit by bit. Second-stage entries are in
/// [VtdStructures].
/// Spec: VT-d, "Translation Structure Formats".
public final class ScalableStructures {
    private final VtdCapabilities capabilities;
    private final int topAddressBit;
    private final KnownStructures known = new KnownStructures();

    /// @param capabilities decide which bits are reserved
    public ScalableStructures(VtdCapabilities capabilities) {
        this.capabilities = capabilities;
        topAddressBit = capabilities.hostAddressBits() - 1;
    }

    /// 128 bits: where the two context tables of a bus are.
    public Structure rootEntry() {
        return new Structure.Builder("Scalable-mode root entry", 2)
                .reserved(1, 63, topAddressBit + 1)
                .address(1, topAddressBit, 12, "UCTP", "context table of devices 10 to 1f")
                .reserved(1, 11, 1)
                .bit(1, 0, "UP", "not present: no device from 10 to 1f is known", "present")
                .reserved(0, 63, topAddressBit + 1)
                .address(0, topAddressBit, 12, "LCTP", "context table of devices 00 to 0f")
                .reserved(0, 11, 1)
                .bit(0, 0, "LP", "not present: no device from 00 to 0f is known", "present")
                .build();
    }

    /// 256 bits: where the PASIDs of one requester are.
    public Structure contextEntry() {
        return new Structure.Builder("Scalable-mode context entry", 4)
                .reserved(3, 63, 0)
                .reserved(2, 63, 0)
                .reserved(1, 63, 21)
                .bit(
                        1,
                        20,
                        "RID_PRIV",
                        "requests without PASID are a user's",
                        "requests without PASID are a supervisor's")
                .value(
                        1,
                        19,
                        0,
                        "RID_PASID",
                        value ->
                                "requests without PASID use the entry of PASID %d".formatted(value))
                .reserved(0, 63, topAddressBit + 1)
                .address(0, topAddressBit, 12, "PASIDDIRPTR", "PASID directory")
                .value(
                        0,
                        11,
                        9,
                        "PDTS",
                        value -> "directory of %d entries".formatted(1 << (int) value + 7))
                .reserved(0, 8, 5)
                .bit(0, 4, "PRE", "the device may not ask for pages", "page requests are taken")
                .bit(0, 3, "PASIDE", "requests with a PASID are blocked", "PASIDs are taken")
                .bit(
                        0,
                        2,
                        "DTE",
                        "the device may not ask for translations",
                        "the device may ask for translations and use them")
                .bit(0, 1, "FPD", "faults are recorded", "qualified faults are not recorded")
                .bit(0, 0, "P", "not present: nobody gave it a translation", "present")
                .build();
    }

    /// 64 bits: where the table of 64 PASIDs is.
    public Structure pasidDirectoryEntry() {
        return new Structure.Builder("PASID directory entry", 1)
                .reserved(0, 63, topAddressBit + 1)
                .address(0, topAddressBit, 12, "SMPTBLPTR", "PASID table")
                .reserved(0, 11, 2)
                .bit(0, 1, "FPD", "faults are recorded", "qualified faults are not recorded")
                .bit(0, 0, "P", "not present: none of these 64 PASIDs is known", "present")
                .build();
    }

    /// 512 bits: the address space of one PASID.
    public Structure pasidEntry() {
        var entry = new Structure.Builder("PASID table entry", PasidEntry.WORDS);
        for (int word = PasidEntry.WORDS - 1; word > 2; word--) {
            entry.reserved(word, 63, 0);
        }
        firstStageWord(entry);
        domainWord(entry);
        return secondStageWord(entry).build();
    }

    private void firstStageWord(Structure.Builder entry) {
        entry.address(2, 63, 12, "FSPTPTR", "first-stage table")
                .reserved(2, 11, 8)
                .bit(2, 7, "EAFE", "EA is not set", "the walk sets EA as well as A")
                .bit(
                        2,
                        6,
                        "SMEP",
                        "a supervisor may execute users' pages",
                        "a supervisor may not execute users' pages")
                .bit(2, 5, "NXE", "XD is reserved", "XD forbids to execute")
                .bit(
                        2,
                        4,
                        "WPE",
                        "a supervisor may write where R/W is 0",
                        "R/W binds a supervisor too")
                .value(2, 3, 2, "FSPM", this::firstStageLevels)
                .bit(
                        2,
                        1,
                        "ERE",
                        "requests to execute are blocked",
                        "requests to execute are taken")
                .bit(2, 0, "SRE", "a supervisor's requests are blocked", "a supervisor may ask");
    }

    private String firstStageLevels(long mode) {
        return switch ((int) mode) {
            case 0 -> "4 levels, 48 bits";
            case 1 ->
                    capabilities.firstStageFiveLevels()
                            ? "5 levels, 57 bits"
                            : "5 levels, which this unit does not have";
            default -> "reserved";
        };
    }

    private static void domainWord(Structure.Builder entry) {
        entry.value(1, 63, 32, "PAT", value -> "page attribute table 0x%08x".formatted(value))
                .bit(1, 31, "PCD", "tables may be cached", "tables are not cached")
                .bit(1, 30, "PWT", "write back to tables", "write through to tables")
                .value(1, 29, 27, "EMT", value -> "memory type %d".formatted(value))
                .bit(1, 26, "EMTE", "EMT is not used", "EMT is used")
                .bit(1, 25, "CD", "pages may be cached", "pages are not cached")
                .bit(1, 24, "PGSNP", "the request decides on snooping", "requests are snooped")
                .bit(1, 23, "PWSNP", "walks do not snoop", "walks snoop")
                .reserved(1, 22, 16)
                .value(1, 15, 0, "DID", value -> "domain %d".formatted(value));
    }

    private Structure.Builder secondStageWord(Structure.Builder entry) {
        return entry.address(0, 63, 12, "SSPTPTR", "second-stage table")
                .reserved(0, 11, 10)
                .bit(
                        0,
                        9,
                        "SSADE",
                        "A and D are not set",
                        "the walk sets A and D in the second stage")
                .value(0, 8, 6, "PGTT", ScalableStructures::translationType)
                .bit(
                        0,
                        5,
                        "SSEE",
                        "X of the second stage is ignored",
                        "X of the second stage counts")
                .value(0, 4, 2, "AW", this::secondStageLevels)
                .bit(0, 1, "FPD", "faults are recorded", "qualified faults are not recorded")
                .bit(0, 0, "P", "not present: nobody gave it an address space", "present");
    }

    private static String translationType(long value) {
        return switch ((int) value) {
            case PasidEntry.FIRST_STAGE -> "first stage";
            case PasidEntry.SECOND_STAGE -> "second stage";
            case PasidEntry.NESTED -> "nested: first stage behind a second";
            case PasidEntry.PASS_THROUGH -> "pass-through: addresses stay as they are";
            default -> "reserved";
        };
    }

    private String secondStageLevels(long value) {
        int levels = (int) value + 2;
        return capabilities.supportsLevels(levels)
                ? "second stage of %d levels, %d bits".formatted(levels, 12 + 9 * levels)
                : "no width that this unit has";
    }

    /// 64 bits: an entry of a first-stage table as it lies in memory, present or not.
    ///
    /// @param level of the table that holds it, 1 to 5
    Structure firstStageEntry(int level, long raw) {
        boolean leaf = FirstStageFormat.isLeaf(raw, level);
        return known.of(leaf ? level : -level, () -> firstStageEntry(level, leaf));
    }

    /// 64 bits: an entry of a first-stage table.
    ///
    /// @param level of the table that holds it, 1 to 5
    /// @param leaf whether it maps a page
    public Structure firstStageEntry(int level, boolean leaf) {
        var entry =
                new Structure.Builder(
                                "Level %d first-stage %s".formatted(level, leaf ? "leaf" : "entry"),
                                1)
                        .bit(0, 63, "XD", "may be executed", "may not be executed")
                        .ignored(0, 62, 52)
                        .reserved(0, 51, topAddressBit + 1);
        if (leaf) {
            leafAddress(entry, level);
            entry.bit(0, 10, "EA", "not used since cleared", "used since cleared");
            entry.ignored(0, 9, 9);
            entry.bit(0, 8, "G", "for this PASID", "for all PASIDs of the domain");
        } else {
            entry.address(0, topAddressBit, 12, "ADDR", "level %d table".formatted(level - 1));
            entry.ignored(0, 11, 11);
            entry.bit(0, 10, "EA", "not used since cleared", "used since cleared");
            entry.ignored(0, 9, 8);
        }
        pageSize(entry, level, leaf);
        if (leaf) {
            entry.bit(0, 6, "D", "not written since cleared", "written since cleared");
        } else {
            entry.ignored(0, 6, 6);
        }
        return entry.bit(0, 5, "A", "not used since cleared", "used since cleared")
                .bit(0, 4, "PCD", "may be cached", "not cached")
                .bit(0, 3, "PWT", "write back", "write through")
                .bit(0, 2, "U/S", "for supervisors only", "also for users")
                .bit(0, 1, "R/W", "may be read", "may be read and written")
                .bit(0, 0, "P", "not present", "present")
                .build();
    }

    private void leafAddress(Structure.Builder entry, int level) {
        int pageShift = 12 + 9 * (level - 1);
        entry.address(0, topAddressBit, pageShift, "ADDR", VtdStructures.pageName(level));
        if (level > 1) {
            entry.reserved(0, pageShift - 1, 13)
                    .bit(0, 12, "PAT", "memory type low", "memory type high");
        }
        entry.ignored(0, 11, 11);
    }

    private void pageSize(Structure.Builder entry, int level, boolean leaf) {
        boolean gigapages = capabilities.firstStageGigapages();
        if (level == 1) {
            entry.bit(0, 7, "PAT", "memory type low", "memory type high");
        } else if (level > 3 || leaf && level == 3 && !gigapages) {
            entry.reserved(0, 7, 7);
        } else {
            entry.bit(0, 7, "PS", "points to a table", "maps a " + VtdStructures.pageName(level));
        }
    }
}
