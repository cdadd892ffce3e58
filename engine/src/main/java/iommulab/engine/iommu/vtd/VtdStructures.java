package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.KnownStructures;
import iommulab.engine.iommu.Structure;

/// The structures that VT-d's legacy mode reads from memory, bit by bit.
/// Spec: VT-d, "Translation Structure Formats".
public final class VtdStructures {
    private final VtdCapabilities capabilities;
    private final int topAddressBit;
    private final KnownStructures known = new KnownStructures();

    /// @param capabilities decide which bits are reserved
    public VtdStructures(VtdCapabilities capabilities) {
        this.capabilities = capabilities;
        topAddressBit = capabilities.hostAddressBits() - 1;
    }

    /// 128 bits: where the context table of a bus is.
    public Structure rootEntry() {
        return new Structure.Builder("Root entry", 2)
                .reserved(1, 63, 0)
                .reserved(0, 63, topAddressBit + 1)
                .address(0, topAddressBit, 12, "CTP", "context table")
                .reserved(0, 11, 1)
                .bit(0, 0, "P", "not present: no device of this bus is known", "present")
                .build();
    }

    /// 128 bits: what the requests of one requester go through.
    public Structure contextEntry() {
        return new Structure.Builder("Context entry", 2)
                .reserved(1, 63, 24)
                .value(1, 23, 8, "DID", value -> "domain %d".formatted(value))
                .reserved(1, 7, 7)
                .ignored(1, 6, 3)
                .value(1, 2, 0, "AW", this::addressWidth)
                .reserved(0, 63, topAddressBit + 1)
                .address(0, topAddressBit, 12, "SSPTPTR", "second-stage table")
                .reserved(0, 11, 4)
                .value(0, 3, 2, "TT", VtdStructures::translationType)
                .bit(0, 1, "FPD", "faults are recorded", "qualified faults are not recorded")
                .bit(0, 0, "P", "not present: nobody gave it a translation", "present")
                .build();
    }

    private String addressWidth(long value) {
        int levels = (int) value + 2;
        return capabilities.supportsLevels(levels)
                ? "%d bits, %d levels".formatted(12 + 9 * levels, levels)
                : "no width that this unit has";
    }

    private static String translationType(long value) {
        return switch ((int) value) {
            case ContextEntry.TYPE_UNTRANSLATED -> "untranslated requests go through the tables";
            case ContextEntry.TYPE_DEVICE_TLB -> "as 0, and the device may ask for translations";
            case ContextEntry.TYPE_PASS_THROUGH -> "pass-through: addresses stay as they are";
            default -> "reserved";
        };
    }

    /// 64 bits: an entry of a second-stage table as it lies in memory, present or not.
    ///
    /// @param level of the table that holds it, 1 to 5
    Structure secondStageEntry(int level, long raw) {
        boolean leaf = SecondStageFormat.isLeaf(raw, level);
        return known.of(leaf ? level : -level, () -> secondStageEntry(level, leaf));
    }

    /// 64 bits: an entry of a second-stage table.
    ///
    /// @param level of the table that holds it, 1 to 5
    /// @param leaf whether it maps a page
    public Structure secondStageEntry(int level, boolean leaf) {
        var entry =
                new Structure.Builder(
                                "Level %d second-stage %s"
                                        .formatted(level, leaf ? "leaf" : "entry"),
                                1)
                        .ignored(0, 63, 63)
                        .reserved(0, 62, 62)
                        .ignored(0, 61, 52)
                        .reserved(0, 51, topAddressBit + 1);
        if (leaf) {
            int pageShift = 12 + 9 * (level - 1);
            entry.address(0, topAddressBit, pageShift, "ADDR", pageName(level));
            entry.reserved(0, pageShift - 1, 12);
            snoop(entry);
            entry.ignored(0, 10, 10);
            marks(entry, true);
            pageSize(entry, level);
            entry.bit(0, 6, "IPAT", "guest decides the memory type", "EMT alone decides");
            entry.value(0, 5, 3, "EMT", value -> "memory type %d".formatted(value));
        } else {
            entry.address(0, topAddressBit, 12, "ADDR", "level %d table".formatted(level - 1));
            entry.reserved(0, 11, 11);
            entry.ignored(0, 10, 10);
            marks(entry, false);
            pageSize(entry, level);
            entry.ignored(0, 6, 3);
        }
        if (capabilities.scalable() && capabilities.executeRequests()) {
            entry.bit(0, 2, "X", "may not be executed, with SSEE", "may be executed");
        } else {
            entry.ignored(0, 2, 2);
        }
        return entry.bit(0, 1, "W", "writes not allowed", "writes allowed")
                .bit(0, 0, "R", "reads not allowed", "reads allowed")
                .build();
    }

    /// SADE: accessed and dirty bits, where a PASID table entry asks for them.
    private void marks(Structure.Builder entry, boolean leaf) {
        if (!capabilities.scalable() || !capabilities.secondStageMarks()) {
            entry.ignored(0, 9, 8);
            return;
        }
        if (leaf) {
            entry.bit(0, 9, "D", "not written since cleared", "written since cleared");
        } else {
            entry.ignored(0, 9, 9);
        }
        entry.bit(0, 8, "A", "not used since cleared", "used since cleared");
    }

    private void snoop(Structure.Builder entry) {
        if (capabilities.snoopControl() || capabilities.scalable()) {
            entry.bit(0, 11, "SNP", "the request decides on snooping", "snooping is forced");
        } else {
            entry.reserved(0, 11, 11);
        }
    }

    private static void pageSize(Structure.Builder entry, int level) {
        if (level == 1) {
            entry.ignored(0, 7, 7);
        } else if (level <= 3) {
            entry.bit(0, 7, "PS", "points to a table", "maps a " + pageName(level));
        } else {
            entry.reserved(0, 7, 7);
        }
    }

    static String pageName(int level) {
        return switch (level) {
            case 1 -> "4 KiB page";
            case 2 -> "2 MiB page";
            default -> "1 GiB page";
        };
    }
}
