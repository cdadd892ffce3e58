package iommulab.engine.iommu.selftest;

import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableFormat;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.memory.PhysicalMemory;

/// What page-table entries of the self-test's IOMMU mean, the same in both stages. The last level maps
/// pages, the others point to tables; rights are those of the last entry.
public final class SelftestFormat implements TableFormat {
    /*
     *   0 P | 1 R | 2 W | 3 A | 4 D | 51:11 page, or 51:12 table; all others reserved
     */
    /// 4 KiB tables of 512 entries of 8 bytes, 2 KiB pages.
    public static final TableShape SHAPE = new TableShape(11, 9, 3);

    /// Tables from the top to the pages.
    public static final int LEVELS = 3;

    /// Bits of the addresses that the tables translate.
    public static final int ADDRESS_BITS = 31;

    /// Regime: hardware sets accessed and dirty bits.
    static final long MARKS = 1;

    static final long PRESENT = 1;
    static final long READ = 1 << 1;
    static final long WRITE = 1 << 2;
    static final long ACCESSED = 1 << 3;
    static final long DIRTY = 1 << 4;
    static final long PAGE = (1L << 52) - 2048;
    static final long TABLE = (1L << 52) - 4096;

    private static final int RESERVED_RULE = 1;
    private static final long LEAF_RESERVED = ~(PAGE | 0x1f);
    private static final long TABLE_RESERVED = ~(TABLE | PRESENT);
    private static final long READS = TableEntry.READ | TableEntry.EXECUTE;
    private static final long PRIVILEGED_READS = TableEntry.PRIV_READ | TableEntry.PRIV_EXECUTE;

    private final boolean looksOnly;

    /// @param looksOnly whether memory stays as it is: bits are not set, though they would be
    public SelftestFormat(boolean looksOnly) {
        this.looksOnly = looksOnly;
    }

    @Override
    public TableShape shape() {
        return SHAPE;
    }

    @Override
    public long decode(long raw, int level, long regime) {
        if ((raw & PRESENT) == 0) {
            return TableEntry.NOT_PRESENT;
        }
        if (level > 1) {
            return (raw & TABLE_RESERVED) == 0
                    ? TableEntry.table(raw & TABLE, level - 1, TableEntry.RIGHTS)
                    : TableEntry.reserved(RESERVED_RULE, 0);
        }
        if ((raw & LEAF_RESERVED) != 0) {
            return TableEntry.reserved(RESERVED_RULE, 0);
        }
        long rights =
                ((raw & READ) != 0 ? READS | PRIVILEGED_READS : 0)
                        | ((raw & WRITE) != 0 ? TableEntry.ANY_WRITE : 0);
        boolean clean = regime == MARKS && (raw & WRITE) != 0 && (raw & DIRTY) == 0;
        long leaf = TableEntry.leaf(raw & PAGE, SHAPE.pageShift(), rights);
        return clean ? leaf | TableEntry.CLEAN : leaf;
    }

    @Override
    public boolean marksUse() {
        return true;
    }

    @Override
    public boolean marksTables() {
        return false;
    }

    @Override
    public long used(long raw, int level, boolean leaf, boolean write, long regime) {
        return regime == MARKS ? raw | ACCESSED | (write ? DIRTY : 0) : raw;
    }

    @Override
    public boolean write(PhysicalMemory memory, long hpa, long raw, long regime) {
        return looksOnly || memory.write64(hpa, raw);
    }
}
