package iommulab.engine.iommu.builder;

import iommulab.engine.iommu.MappingRefused;
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

    // ---- refusals

    /// A range that these tables can map.
    ///
    /// @param domain the number by which refusals name the domain
    /// @throws MappingRefused (EINVAL) not whole pages, (ERANGE) beyond what the tables span
    AddressRange pages(int domain, long iova, long bytes) throws MappingRefused {
        if (((iova | bytes) & pageBytes() - 1) != 0 || bytes <= 0) {
            throw new MappingRefused(
                    "EINVAL",
                    ("0x%x bytes from 0x%x on are no whole pages of domain %d."
                                    + " Take multiples of 0x%x.")
                            .formatted(bytes, iova, domain, pageBytes()));
        }
        long end = 1L << iovaBits;
        if (iova < 0 || iova >= end || bytes > end - iova) {
            throw new MappingRefused(
                    "ERANGE",
                    ("0x%x bytes from 0x%x on reach beyond the %d bits of domain %d."
                                    + " Stay below 0x%x, or take a domain with more levels.")
                            .formatted(bytes, iova, iovaBits, domain, end));
        }
        return AddressRange.of(iova, bytes);
    }

    /// @throws MappingRefused (EINVAL) not the first byte of a page, (ERANGE) no entry can hold it
    void requireOutput(long hpa, long bytes) throws MappingRefused {
        long end = 1L << outputBits;
        if ((hpa & pageBytes() - 1) != 0) {
            throw new MappingRefused(
                    "EINVAL",
                    "0x%x is not the first byte of a page. Take a multiple of 0x%x."
                            .formatted(hpa, pageBytes()));
        }
        if (hpa < 0 || hpa >= end || bytes > end - hpa) {
            throw new MappingRefused(
                    "ERANGE",
                    ("0x%x bytes from hpa 0x%x on reach beyond the %d bits of host addresses."
                                    + " Stay below 0x%x.")
                            .formatted(bytes, hpa, outputBits, end));
        }
    }

    private long pageBytes() {
        return 1L << shape.shiftAt(1);
    }
}
