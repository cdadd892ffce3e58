package iommulab.engine.iommu;

/// The geometry of a radix page table: which bits of the address choose the entry of which level.
///
/// @param pageShift bits of the address within the smallest page: 12 for 4 KiB
/// @param indexBits bits of the address that choose one entry of a table: 9 for 512 entries
/// @param entryShift two to this power is the size of an entry in bytes: 3 for 8 bytes
public record TableShape(int pageShift, int indexBits, int entryShift) {
    /// 4 KiB tables of 512 entries of 8 bytes, 4 KiB pages.
    public static final TableShape FOUR_KIB = new TableShape(12, 9, 3);

    /// Bits of the address below those that choose an entry of a level: 12 at level 1.
    ///
    /// @param level 1 is the level of the smallest pages
    public int shiftAt(int level) {
        return pageShift + indexBits * (level - 1);
    }

    /// Which entry of a table of a level an address chooses.
    public int indexAt(int level, long address) {
        return (int) (address >>> shiftAt(level)) & (1 << indexBits) - 1;
    }

    /// Bits of the address that a tree of so many levels translates.
    public int addressBits(int levels) {
        return shiftAt(levels + 1);
    }
}
