package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableFormat;
import iommulab.engine.iommu.TableShape;

/// What VT-d's second-stage entries mean to hardware.
/// Spec: VT-d, "Second-Stage Paging Entries".
public final class SecondStageFormat implements TableFormat {
    /*
     *   0 R | 1 W | 7 PS: page (levels 2 and 3) | 11 SNP (leaves) | 51:12 address | 62 reserved
     *   Present means R or W. Everything else is free, or set by hardware in other modes.
     */
    private static final long PAGE = 1L << 7;
    private static final long SNOOP = 1L << 11;
    private static final long BIT_62 = 1L << 62;
    private static final long ADDRESS = (1L << 52) - 4096;
    private static final int LEVELS = 5;
    private static final int BOTH = TableEntry.READ | TableEntry.WRITE;

    /* Nearly every entry grants both rights and has no reserved bit: known by one comparison with these. */
    private final long plainTable;
    private final long plainLeaf;
    private final long[] reservedInTables = new long[LEVELS + 1];
    private final long[] reservedInLeaves = new long[LEVELS + 1];

    public SecondStageFormat(VtdCapabilities capabilities) {
        long always = capabilities.addressesBeyondHost() | BIT_62;
        for (int level = 1; level <= LEVELS; level++) {
            boolean largePages = capabilities.supportsLargePages(level);
            reservedInTables[level] = always | SNOOP | (level > 3 ? PAGE : 0);
            reservedInLeaves[level] =
                    always
                            | (takesSnoop(capabilities) ? 0 : SNOOP)
                            | (level == 1 || largePages ? 0 : PAGE)
                            | pageBytes(level) - 4096;
        }
        plainTable = BOTH | PAGE | reservedInTables[2];
        plainLeaf = BOTH | reservedInLeaves[1];
    }

    /// Hardware that has scalable mode takes the bit whatever SC says.
    private static boolean takesSnoop(VtdCapabilities capabilities) {
        return capabilities.snoopControl() || capabilities.scalable();
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
            if ((raw & plainTable) == BOTH) {
                return TableEntry.table(raw & ADDRESS, level - 1, BOTH);
            }
        } else if ((raw & plainLeaf) == BOTH) {
            return TableEntry.leaf(raw & ADDRESS, 12, BOTH);
        }
        return decodeFully(raw, level);
    }

    private long decodeFully(long raw, int level) {
        int rights = (int) raw & BOTH;
        if (rights == 0) {
            return TableEntry.NOT_PRESENT;
        }
        boolean leaf = isLeaf(raw, level);
        if ((raw & (leaf ? reservedInLeaves : reservedInTables)[level]) != 0) {
            return TableEntry.reserved(0, rights);
        }
        return leaf
                ? TableEntry.leaf(raw & ADDRESS, 12 + 9 * (level - 1), rights)
                : TableEntry.table(raw & ADDRESS, level - 1, rights);
    }

    private static long pageBytes(int level) {
        return 1L << 12 + 9 * (level - 1);
    }
}
