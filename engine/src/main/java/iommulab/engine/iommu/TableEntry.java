package iommulab.engine.iommu;

import iommulab.engine.cache.Iotlb;

/// A page-table entry as a format has decoded it, packed into a `long` so that a walk allocates nothing.
/// The word of a finished translation in the [Iotlb] has the same layout.
public final class TableEntry {
    /*
     *   63    zero
     *   62    global: also for other address spaces; stays set on the way down
     *   59    clean: the leaf's dirty bit is not set yet, so a write must walk again
     *   58:56 execute, write, read for privileged requests
     *   55:12 address: next table, or first byte of the page
     *   11    leaf of 2 KiB: its address; else the format's own
     *   10:5  leaf: page shift (12 = 4 KiB, at least 11); table: level of the table pointed to;
     *         reserved: which rule was broken, the format's number
     *   4     execute
     *   3:2   kind
     *   1     write
     *   0     read
     */
    public static final int READ = Iotlb.READ;
    public static final int WRITE = Iotlb.WRITE;
    public static final int EXECUTE = 1 << 4;

    /// The same for requests that a device makes with supervisor privilege.
    public static final long PRIV_READ = 1L << 56;

    public static final long PRIV_WRITE = 1L << 57;
    public static final long PRIV_EXECUTE = 1L << 58;

    /// All rights, of both privileges.
    public static final long RIGHTS = Iotlb.RIGHTS;

    /// The rights to write, of both privileges.
    public static final long ANY_WRITE = WRITE | PRIV_WRITE;

    /// The leaf may be written, but its dirty bit is not set yet.
    public static final long CLEAN = 1L << 59;

    /// The entry, or one above it, is for all address spaces of its owner.
    public static final long GLOBAL = 1L << 62;

    /// Kind: nothing else of the entry counts.
    public static final int NOT_PRESENT = 0;

    /// Kind: points to the next table.
    public static final int TABLE = 1 << 2;

    /// Kind: maps a page.
    public static final int LEAF = 2 << 2;

    /// Kind: the entry breaks a rule, such as a reserved bit.
    public static final int RESERVED = 3 << 2;

    private static final int KIND = 3 << 2;

    private TableEntry() {}

    /// @param rights of [#RIGHTS]
    public static long table(long nextTable, int level, long rights) {
        return nextTable | (long) level << Iotlb.PAGE_SHIFT_AT | TABLE | rights;
    }

    /// @param rights of [#RIGHTS]
    public static long leaf(long page, int pageShift, long rights) {
        return page | (long) pageShift << Iotlb.PAGE_SHIFT_AT | LEAF | rights;
    }

    /// @param rule which rule is broken, the format's number, 6 bits
    /// @param rights of [#RIGHTS]
    public static long reserved(int rule, long rights) {
        return (long) rule << Iotlb.PAGE_SHIFT_AT | RESERVED | rights;
    }

    /// [#NOT_PRESENT], [#TABLE], [#LEAF] or [#RESERVED].
    public static int kind(long entry) {
        return (int) entry & KIND;
    }

    public static long address(long entry) {
        return entry & Iotlb.ADDRESS;
    }

    /// First byte of the page of a leaf.
    public static long page(long leaf) {
        return Iotlb.hpa(leaf, 0);
    }

    public static long rights(long entry) {
        return entry & RIGHTS;
    }

    /// Level of the table that a table entry points to.
    public static int nextLevel(long entry) {
        return (int) entry >>> Iotlb.PAGE_SHIFT_AT & 63;
    }

    /// What both stages together make of an address: the smaller page, the rights that both grant, the
    /// second stage's address. A second stage knows no privilege: what it grants, it grants to both.
    ///
    /// @param first leaf of the first stage
    /// @param second leaf of the second stage for the address that the first gave
    /// @param hpa to which both together translate the address
    public static long combine(long first, long second, long hpa) {
        int shift = Math.min(Iotlb.pageShift(first), Iotlb.pageShift(second));
        long plain = second & (READ | WRITE | EXECUTE);
        long both =
                plain
                        | (plain & (READ | WRITE)) << 56
                        | (plain & EXECUTE) << 54
                        | second & (PRIV_READ | PRIV_WRITE | PRIV_EXECUTE);
        long flags = (first | second) & CLEAN | first & GLOBAL;
        return leaf(hpa & -1L << shift, shift, first & both & RIGHTS) | flags;
    }
}
