package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableFormat;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.memory.PhysicalMemory;

/// What VT-d's first-stage entries mean to hardware: the processor's own page tables of 4 or 5 levels.
/// Accessed and dirty bits are set in memory by the walk.
/// Spec: VT-d, "First-Stage Paging Entries", "First-Stage Address Translation".
public final class FirstStageFormat implements TableFormat {
    /*
     *   0 P | 1 R/W | 2 U/S | 5 A | 6 D | 7 PS: page (levels 2 and 3) | 8 G | 10 EA | 51:12 address | 63 XD
     *
     * A page that users may not touch has none of the plain rights. Whether a supervisor may execute what
     * users may touch (SMEP) depends on all levels together, and is left to the unit.
     */
    /// Regime, WPE: a supervisor may not write where R/W is 0.
    static final long WRITE_PROTECT = 1;

    /// Regime: XD counts.
    static final long EXECUTE_DISABLE = 1 << 1;

    /// Regime: XD is reserved.
    static final long NO_EXECUTE_DISABLE = 1 << 2;

    /// Regime, EAFE: the extended accessed bit is set too.
    static final long EXTENDED_ACCESSED = 1 << 3;

    /// Regime: walks do not snoop, and what does not snoop cannot set a bit.
    static final long NO_SNOOP = 1 << 4;

    private static final long PRESENT = 1;
    private static final long READ_WRITE = 1 << 1;
    private static final long USER = 1 << 2;
    private static final long ACCESSED = 1 << 5;
    private static final long DIRTY = 1 << 6;
    private static final long PAGE = 1 << 7;
    private static final long GLOBAL = 1 << 8;
    private static final long EXTENDED = 1 << 10;
    private static final long DISABLED = 1L << 63;
    private static final long ADDRESS = (1L << 52) - 4096;
    private static final long PLAIN = PRESENT | READ_WRITE | USER;
    private static final int LEVELS = 5;
    private static final int RULE = 0;

    /* Nearly every entry grants everything and has no reserved bit: known by one comparison with these. */
    private final long plainTable;
    private final long plainLeaf;
    private final long[] reservedInTables = new long[LEVELS + 1];
    private final long[] reservedInLeaves = new long[LEVELS + 1];

    private final boolean rehearsal;

    /// @param rehearsal whether entries are not written, though the walk goes on as if they were
    FirstStageFormat(VtdCapabilities capabilities, boolean rehearsal) {
        this.rehearsal = rehearsal;
        long always = capabilities.addressesBeyondHost();
        for (int level = 1; level <= LEVELS; level++) {
            reservedInTables[level] = always | (level > 3 ? PAGE : 0);
            reservedInLeaves[level] =
                    always
                            | (level == 3 && !capabilities.firstStageGigapages() ? PAGE : 0)
                            | (level == 1 ? 0 : pageBytes(level) - (1 << 13));
        }
        plainTable = PLAIN | PAGE | DISABLED | reservedInTables[2];
        plainLeaf = PLAIN | DIRTY | GLOBAL | DISABLED | reservedInLeaves[1];
    }

    /// Bits that must be zero in an entry of a level.
    ///
    /// @param leaf whether the entry maps a page
    public long reservedBits(int level, boolean leaf) {
        return leaf ? reservedInLeaves[level] : reservedInTables[level];
    }

    /// Whether an entry maps a page, present or not.
    public static boolean isLeaf(long raw, int level) {
        return level == 1 || level <= 3 && (raw & PAGE) != 0;
    }

    @Override
    public TableShape shape() {
        return TableShape.FOUR_KIB;
    }

    @Override
    public boolean checksRightsAtEachLevel() {
        return true;
    }

    @Override
    public long decode(long raw, int level, long regime) {
        if (level > 1) {
            if ((raw & plainTable) == PLAIN) {
                return TableEntry.table(raw & ADDRESS, level - 1, TableEntry.RIGHTS);
            }
        } else if ((raw & plainLeaf) == (PLAIN | DIRTY)) {
            return TableEntry.leaf(raw & ADDRESS, 12, TableEntry.RIGHTS);
        }
        return decodeFully(raw, level, regime);
    }

    private long decodeFully(long raw, int level, long regime) {
        if ((raw & PRESENT) == 0) {
            return TableEntry.NOT_PRESENT;
        }
        long rights = rights(raw, regime);
        boolean leaf = isLeaf(raw, level);
        boolean forbidden = raw < 0 && (regime & NO_EXECUTE_DISABLE) != 0;
        if (forbidden || (raw & reservedBits(level, leaf)) != 0) {
            return TableEntry.reserved(RULE, rights);
        }
        if (!leaf) {
            return TableEntry.table(raw & ADDRESS, level - 1, rights);
        }
        long address = raw & ADDRESS & -pageBytes(level);
        return TableEntry.leaf(address, 12 + 9 * (level - 1), rights)
                | ((raw & DIRTY) == 0 ? TableEntry.CLEAN : 0)
                | ((raw & GLOBAL) == 0 ? 0 : TableEntry.GLOBAL);
    }

    private static long rights(long raw, long regime) {
        boolean writable = (raw & READ_WRITE) != 0;
        boolean executable = raw >= 0 || (regime & EXECUTE_DISABLE) == 0;
        long rights =
                TableEntry.PRIV_READ
                        | (writable || (regime & WRITE_PROTECT) == 0 ? TableEntry.PRIV_WRITE : 0)
                        | (executable ? TableEntry.PRIV_EXECUTE : 0);
        if ((raw & USER) != 0) {
            rights |=
                    TableEntry.READ
                            | (writable ? TableEntry.WRITE : 0)
                            | (executable ? TableEntry.EXECUTE : 0);
        }
        return rights;
    }

    @Override
    public boolean marksUse() {
        return true;
    }

    @Override
    public long used(long raw, int level, boolean leaf, boolean write, long regime) {
        long wanted =
                raw
                        | ACCESSED
                        | (leaf && write ? DIRTY : 0)
                        | ((regime & EXTENDED_ACCESSED) != 0 ? EXTENDED : 0);
        return wanted != raw && (regime & NO_SNOOP) != 0 ? UNMARKED : wanted;
    }

    @Override
    public boolean write(PhysicalMemory memory, long hpa, long raw, long regime) {
        return rehearsal ? memory.isBacked(hpa) : memory.write64(hpa, raw);
    }

    private static long pageBytes(int level) {
        return 1L << 12 + 9 * (level - 1);
    }
}
