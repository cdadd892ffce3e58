package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.KnownStructures;
import iommulab.engine.iommu.Structure;

/// The descriptors of translation tables, bit by bit.
/// Spec: VMSAv8-64, "Translation table descriptor formats".
public final class DescriptorStructures {
    private final boolean wide;
    private final KnownStructures known = new KnownStructures();

    /// @param capabilities decide how wide addresses are
    public DescriptorStructures(SmmuCapabilities capabilities) {
        wide = capabilities.outputBits() > 48;
    }

    /// 64 bits: a descriptor as it lies in memory, valid or not.
    ///
    /// @param level ours: 1 for the level of pages
    /// @param first whether it belongs to stage 1
    Structure of(Granule granule, int level, boolean first, long raw) {
        boolean leaf = level == 1 || (raw & StageOneFormat.NOT_BLOCK) == 0;
        boolean hasShape = !leaf || level == 1 || granule.hasBlocksAt(level, true);
        boolean maps = leaf && hasShape;
        int kind = (granule.ordinal() << 4 | level) << 2 | (first ? 2 : 0) | (maps ? 1 : 0);
        return known.of(
                kind,
                () ->
                        maps
                                ? leaf(granule, level, first)
                                : table(granule, Math.max(2, level), first));
    }

    /// 64 bits: a descriptor that points to a table.
    ///
    /// @param level ours: 1 for the level of pages
    /// @param first whether it belongs to stage 1
    public Structure table(Granule granule, int level, boolean first) {
        var entry =
                new Structure.Builder(
                        "Level %d table descriptor, stage %d".formatted(4 - level, first ? 1 : 2),
                        1);
        if (first) {
            entry.bit(0, 63, "NSTable", "secure tables", "non-secure tables")
                    .bit(0, 62, "APTable[1]", "writes as below", "no writes below")
                    .bit(0, 61, "APTable[0]", "privilege as below", "privileged only below")
                    .bit(0, 60, "UXNTable", "as below", "no unprivileged execution below")
                    .bit(0, 59, "PXNTable", "as below", "no privileged execution below")
                    .ignored(0, 58, 48);
        } else {
            entry.ignored(0, 63, 48);
        }
        int shift = granule.pageShift();
        entry.address(0, 47, shift, "Address", "level %d table".formatted(5 - level));
        lowAddress(entry, granule, shift - 1);
        return entry.ignored(0, Math.min(11, shift - 1), 2)
                .bit(0, 1, "Table", "a block", "points to a table")
                .bit(0, 0, "Valid", "invalid", "valid")
                .build();
    }

    /// Address bits below the granule: those beyond bit 47, where addresses have 52 bits.
    private void lowAddress(Structure.Builder entry, Granule granule, int high) {
        if (high < 12) {
            return;
        }
        if (wide && granule == Granule.SIXTY_FOUR_KIB) {
            entry.value(0, 15, 12, "Address[51:48]", value -> "0x%x".formatted(value << 48));
            if (high > 15) {
                entry.ignored(0, high, 16);
            }
        } else {
            entry.ignored(0, high, 12);
        }
    }

    /// 64 bits: a descriptor that maps a page or a block.
    ///
    /// @param level ours: 1 for the level of pages
    /// @param first whether it belongs to stage 1
    public Structure leaf(Granule granule, int level, boolean first) {
        int shift = granule.shape().shiftAt(level);
        String what = level == 1 ? "page" : "block";
        var entry =
                new Structure.Builder(
                        "Level %d %s descriptor, stage %d"
                                .formatted(4 - level, what, first ? 1 : 2),
                        1);
        entry.ignored(0, 63, 55);
        if (first) {
            entry.bit(0, 54, "UXN", "unprivileged execution", "no unprivileged execution")
                    .bit(0, 53, "PXN", "privileged execution", "no privileged execution");
        } else {
            entry.value(0, 54, 53, "XN", value -> value == 0 ? "execution" : "execution limited");
        }
        entry.bit(0, 52, "Contiguous", "stands alone", "one of a run of equal leaves")
                .bit(0, 51, "DBM", "read-only stays read-only", "a write makes it writable")
                .bit(0, 50, "GP", "not guarded", "guarded")
                .ignored(0, 49, 48)
                .address(0, 47, shift, "Address", what);
        lowAddress(entry, granule, shift - 1);
        if (first) {
            firstAttributes(entry);
        } else {
            secondAttributes(entry);
        }
        return entry.bit(
                        0,
                        1,
                        level == 1 ? "Page" : "Table",
                        level == 1 ? "invalid" : "a block",
                        level == 1 ? "a page" : "points to a table")
                .bit(0, 0, "Valid", "invalid", "valid")
                .build();
    }

    private static void firstAttributes(Structure.Builder entry) {
        entry.bit(0, 11, "nG", "global", "of this ASID alone")
                .bit(0, 10, "AF", "not accessed", "accessed")
                .value(0, 9, 8, "SH", value -> "shareability %d".formatted(value))
                .bit(0, 7, "AP[2]", "writes allowed", "read-only")
                .bit(0, 6, "AP[1]", "privileged only", "unprivileged, too")
                .bit(0, 5, "NS", "secure", "non-secure")
                .value(0, 4, 2, "AttrIndx", value -> "memory type %d of MAIR".formatted(value));
    }

    private static void secondAttributes(Structure.Builder entry) {
        entry.ignored(0, 11, 11)
                .bit(0, 10, "AF", "not accessed", "accessed")
                .value(0, 9, 8, "SH", value -> "shareability %d".formatted(value))
                .bit(0, 7, "S2AP[1]", "writes not allowed", "writes allowed")
                .bit(0, 6, "S2AP[0]", "reads not allowed", "reads allowed")
                .value(0, 5, 2, "MemAttr", value -> "memory attribute 0x%x".formatted(value));
    }
}
