package iommulab.engine.iommu.builder;

import iommulab.engine.iommu.TableShape;
import iommulab.engine.memory.AddressRange;

/// What an IOMMU can do with tables of one format and depth.
///
/// @param shape of the tables
/// @param levels of the tree
/// @param iovaBits width of the addresses that the tables translate
/// @param outputBits width of the addresses that entries may hold
/// @param largestLeaf highest level at which an entry may map a page
/// @param topTables tables that lie one behind the other at the top and count as one: 1, or more where
///     the format has a wider root (concatenated tables)
public record TableLimits(
        TableShape shape,
        int levels,
        int iovaBits,
        int outputBits,
        int largestLeaf,
        int topTables) {

    public TableLimits {
        int widest = shape.addressBits(levels) + Integer.numberOfTrailingZeros(topTables);
        if (levels < 1
                || iovaBits > Math.min(63, widest)
                || iovaBits < shape.pageShift()
                || largestLeaf < 1
                || largestLeaf > levels
                || Integer.bitCount(topTables) != 1) {
            throw new IllegalArgumentException(
                    "no tables: %d levels, %d bits to %d bits, pages up to level %d"
                            .formatted(levels, iovaBits, outputBits, largestLeaf));
        }
    }

    /// Tables with an ordinary root.
    public TableLimits(
            TableShape shape, int levels, int iovaBits, int outputBits, int largestLeaf) {
        this(shape, levels, iovaBits, outputBits, largestLeaf, 1);
    }

    /// All addresses that the tables translate.
    public AddressRange everything() {
        return new AddressRange(0, (1L << iovaBits) - 1);
    }

    /// Level of the largest leaf that may map `bytes` from these addresses on.
    int leafLevel(long iova, long output, long bytes) {
        for (int level = largestLeaf; level > 1; level--) {
            long size = 1L << shape.shiftAt(level);
            if (((iova | output) & size - 1) == 0 && bytes >= size) {
                return level;
            }
        }
        return 1;
    }

    /// 4 KiB frames of the top table.
    int topFrames() {
        return topTables * tableFrames();
    }

    /// 4 KiB frames of every other table.
    int tableFrames() {
        return Math.max(1, (1 << shape.indexBits() + shape.entryShift()) >> 12);
    }
}
