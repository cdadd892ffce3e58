package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableFormat;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.memory.PhysicalMemory;

/// What entries of host tables mean: the second stage. An entry names the level of the table that it
/// points to, so that levels can be skipped, and a page may have any size.
/// Spec: AMD IOMMU, "I/O Page Tables for Host Translations".
public final class HostTableFormat implements TableFormat {
    /*
     *   0 PR | 5 A | 6 D | 11:9 NextLevel | 51:12 address | 59 U | 60 FC | 61 IR | 62 IW
     *   NextLevel 0: a page of the level's own size; 7: a page whose size is in the address: the
     *   lowest zero bit of 51:12 is the highest bit within it, and the entry stands in all slots that
     *   it covers; else a table of that level. Reserved are only the bits of the address within a page
     *   of a level's own size.
     */
    /// Broken rule: the next level is not below the entry's own.
    static final int LEVEL_RULE = 1;

    /// Broken rule: the page in the address is smaller than what the entry covers, or larger than all
    /// entries of its table.
    static final int SIZE_RULE = 2;

    /// Broken rule: the page is not aligned to its size.
    static final int ALIGNMENT_RULE = 3;

    private static final long PRESENT = 1;
    private static final long ACCESSED = 1 << 5;
    private static final long DIRTY = 1 << 6;
    private static final int NEXT_LEVEL_AT = 9;
    private static final long NEXT_LEVEL = 7L << NEXT_LEVEL_AT;
    private static final long ADDRESS = (1L << 52) - 4096;
    private static final int RIGHTS_AT = 61;
    private static final long BOTH = 3L << RIGHTS_AT;
    private static final int UNTRANSLATED_AT = 59;
    private static final long UNTRANSLATED = 1L << UNTRANSLATED_AT;
    private static final long PLAIN = PRESENT | BOTH;
    private static final long EVERYTHING = TableEntry.READ | TableEntry.WRITE | TableEntry.EXECUTE;

    /* Regime: bits of HAD. */
    private static final long MARKS_ACCESSED = 1;
    private static final long MARKS_DIRTY = 2;

    private final boolean marks;
    private final boolean looksOnly;

    /// @param marks whether hardware may set accessed and dirty bits; the regime (HAD) says which
    /// @param looksOnly whether nothing is written, though it would be
    HostTableFormat(boolean marks, boolean looksOnly) {
        this.marks = marks;
        this.looksOnly = looksOnly;
    }

    @Override
    public TableShape shape() {
        return TableShape.FOUR_KIB;
    }

    @Override
    public boolean marksUse() {
        return marks;
    }

    @Override
    public long decode(long raw, int level, long regime) {
        // Nearly every entry grants both rights and leads one level down, or maps a page of 4 KiB.
        if (level > 1) {
            long plain = PLAIN | (long) (level - 1) << NEXT_LEVEL_AT;
            if ((raw & (PLAIN | NEXT_LEVEL)) == plain) {
                return TableEntry.table(raw & ADDRESS, level - 1, EVERYTHING);
            }
        } else if ((raw & (PLAIN | NEXT_LEVEL | UNTRANSLATED)) == PLAIN && regime == 0) {
            return TableEntry.leaf(raw & ADDRESS, 12, EVERYTHING);
        }
        return decodeFully(raw, level, regime);
    }

    private static long decodeFully(long raw, int level, long regime) {
        if ((raw & PRESENT) == 0) {
            return TableEntry.NOT_PRESENT;
        }
        long rights = rights(raw);
        int next = nextLevel(raw);
        if (next == 0) {
            int shift = TableShape.FOUR_KIB.shiftAt(level);
            return (raw & ADDRESS & (1L << shift) - 1) == 0
                    ? leaf(raw, shift, rights, regime)
                    : TableEntry.reserved(ALIGNMENT_RULE, rights);
        }
        if (next == 7) {
            int shift = pageShift(raw);
            return fits(shift, level)
                    ? leaf(raw, shift, rights, regime)
                    : TableEntry.reserved(SIZE_RULE, rights);
        }
        return next < level
                ? TableEntry.table(raw & ADDRESS, next, rights)
                : TableEntry.reserved(LEVEL_RULE, rights);
    }

    private static long leaf(long raw, int shift, long rights, long regime) {
        boolean clean =
                (regime & MARKS_DIRTY) != 0
                        && (raw & DIRTY) == 0
                        && (rights & TableEntry.WRITE) != 0;
        return TableEntry.leaf(raw & ADDRESS & -1L << shift, shift, rights)
                | (raw >>> UNTRANSLATED_AT & 1) * Iommu.UNTRANSLATED_ONLY
                | (clean ? TableEntry.CLEAN : 0);
    }

    private static boolean fits(int shift, int level) {
        return shift >= TableShape.FOUR_KIB.shiftAt(level)
                && shift <= TableShape.FOUR_KIB.shiftAt(level + 1);
    }

    private static long rights(long raw) {
        long read = raw >>> RIGHTS_AT & 1;
        return read * (TableEntry.READ | TableEntry.EXECUTE) | raw >>> RIGHTS_AT & TableEntry.WRITE;
    }

    static int nextLevel(long raw) {
        return (int) (raw >>> NEXT_LEVEL_AT) & 7;
    }

    /// Bits of the address within the page of an entry whose next level is 7.
    static int pageShift(long raw) {
        return 13 + Long.numberOfTrailingZeros(~((raw & ADDRESS) >>> 12));
    }

    @Override
    public boolean write(PhysicalMemory memory, long hpa, long raw, long regime) {
        return looksOnly ? memory.isBacked(hpa) : memory.write64(hpa, raw);
    }

    @Override
    public long used(long raw, int level, boolean leaf, boolean write, long regime) {
        long marked = raw;
        if ((regime & MARKS_ACCESSED) != 0) {
            marked |= ACCESSED;
        }
        if (leaf && write && (regime & MARKS_DIRTY) != 0) {
            marked |= DIRTY;
        }
        return marked;
    }

    /// The entry that would say what a cached table entry says.
    static long encode(long word) {
        return PRESENT
                | TableEntry.address(word)
                | (long) TableEntry.nextLevel(word) << NEXT_LEVEL_AT
                | (word & 3) << RIGHTS_AT;
    }
}
