package iommulab.engine.iommu;

import iommulab.engine.cache.Iotlb;

/// A page-table entry as a format has decoded it, packed into a `long` so that a walk allocates nothing.
/// The word of a finished translation in the [Iotlb] has the same layout.
public final class TableEntry {
    /*
     *   51:12 address: next table, or first byte of the page
     *   10:5  leaf: page shift (12 = 4 KiB); table: level of the table pointed to
     *   3:2   kind
     *   1     write allowed
     *   0     read allowed
     */
    public static final int READ = Iotlb.READ;
    public static final int WRITE = Iotlb.WRITE;

    /// Kind: nothing else of the entry counts.
    public static final int NOT_PRESENT = 0;

    /// Kind: points to the next table.
    public static final int TABLE = 1 << 2;

    /// Kind: maps a page.
    public static final int LEAF = 2 << 2;

    /// Kind: a reserved bit is set.
    public static final int RESERVED = 3 << 2;

    private static final int KIND = 3 << 2;

    private TableEntry() {}

    /// @param rights [#READ], [#WRITE], both or none
    public static long table(long nextTable, int level, int rights) {
        return nextTable | (long) level << Iotlb.PAGE_SHIFT_AT | TABLE | rights;
    }

    /// @param rights [#READ], [#WRITE], both or none
    public static long leaf(long page, int pageShift, int rights) {
        return page | (long) pageShift << Iotlb.PAGE_SHIFT_AT | LEAF | rights;
    }

    /// [#NOT_PRESENT], [#TABLE], [#LEAF] or [#RESERVED].
    public static int kind(long entry) {
        return (int) entry & KIND;
    }

    public static long address(long entry) {
        return entry & -4096L;
    }

    public static int rights(long entry) {
        return (int) entry & (READ | WRITE);
    }

    /// Level of the table that a table entry points to.
    public static int nextLevel(long entry) {
        return (int) entry >>> Iotlb.PAGE_SHIFT_AT & 63;
    }
}
