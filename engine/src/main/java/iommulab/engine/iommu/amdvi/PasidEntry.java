package iommulab.engine.iommu.amdvi;

/// What the unit keeps of a PASID's GCR3 entry, packed into one word, and of its device's entry in a
/// second.
final class PasidEntry {
    /*   63:24 guest table >> 12 | 23:8 space | 7 filled | 6 five levels | 5 nested | 1 IW | 0 IR
     *
     * The space stands for domain and PASID. Without IR no guest table can be read, so that IW counts
     * only together with it.
     *
     *   behind it: the device's word, see DeviceTableEntry, with HAD in 6:5 and SA, SE in 1:0
     */
    private static final long REPLACED = 3 << 5 | 3;
    private static final int TABLE_AT = 24;
    private static final long FILLED = 1 << 7;
    private static final int FIVE_AT = 6;
    private static final long NESTED = 1 << 5;

    private PasidEntry() {}

    /// @param nested whether a host table lies below
    /// @param deviceRights bit 0 IR, bit 1 IW
    static long pack(long guestTable, int space, int levels, boolean nested, int deviceRights) {
        return guestTable >>> 12 << TABLE_AT
                | (long) space << 8
                | FILLED
                | (long) (levels - 4) << FIVE_AT
                | (nested ? NESTED : 0)
                | ((deviceRights & 1) == 0 ? 0 : deviceRights);
    }

    static long guestTable(long word) {
        return word >>> TABLE_AT << 12;
    }

    static int space(long word) {
        return (int) spaceIn(word);
    }

    /// The space, for who goes on with it as a `long`.
    static long spaceIn(long word) {
        return word >>> 8 & 0xffff;
    }

    static int levels(long word) {
        return 4 + ((int) (word >>> FIVE_AT) & 1);
    }

    /// Bits by which an address is to be shifted up and down again to see whether it is canonical: 16 or
    /// 7.
    static int unusedBits(long word) {
        return 16 - 9 * ((int) (word >>> FIVE_AT) & 1);
    }

    static boolean isNested(long word) {
        return (word & NESTED) != 0;
    }

    /// Bit 0 IR, bit 1 IW.
    static int rights(long word) {
        return (int) word & 3;
    }

    static boolean isCanonical(long word, long iova) {
        int unused = unusedBits(word);
        return iova << unused >> unused == iova;
    }

    /// The bits of a canonical address that the guest table translates.
    static long address(long word, long iova) {
        int unused = unusedBits(word);
        return iova << unused >>> unused;
    }

    /// What a walk needs of the device's entry: its host table, its marks, what it suppresses.
    ///
    /// @param entry first word of the device's packed entry
    /// @param detail second word
    static long behind(long entry, long detail) {
        return entry & ~REPLACED | (detail >>> 18 & 3) << 5 | detail >>> 9 & 3;
    }

    /// The bits of the device's second word that [#behind] kept.
    static long detail(long behind) {
        return (behind >>> 5 & 3) << 18 | (behind & 3) << 9;
    }
}
