package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.Permissions;

/// The bits of a second-stage entry as software writes them. Only for the side that writes tables.
/// Spec: VT-d, "Second-Stage Paging Entries".
final class SecondStageBits {
    static final int ENTRIES = 512;
    static final int LARGEST_LEAF = 3;

    private static final long READ = 1;
    private static final long WRITE = 1 << 1;
    private static final long PAGE_SIZE = 1 << 7;
    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;

    private SecondStageBits() {}

    /// An entry that leads to a table. Allows everything; the leaves decide.
    static long table(long hpa) {
        return hpa | READ | WRITE;
    }

    static long leaf(long hpa, int level, Permissions permissions) {
        return hpa
                | (permissions.read() ? READ : 0)
                | (permissions.write() ? WRITE : 0)
                | (level > 1 ? PAGE_SIZE : 0);
    }

    /// The `child`th of the 512 leaves that together do what one leaf does.
    ///
    /// @param level of the leaf that is split, 2 or 3
    static long part(long leaf, int level, int child) {
        long raw = leaf + child * bytes(level - 1);
        return level - 1 == 1 ? raw & ~PAGE_SIZE : raw;
    }

    static boolean isPresent(long raw) {
        return (raw & (READ | WRITE)) != 0;
    }

    static boolean isLeaf(long raw, int level) {
        return level == 1 || (level <= LARGEST_LEAF && (raw & PAGE_SIZE) != 0);
    }

    static long address(long raw) {
        return raw & ADDRESS;
    }

    /// What one entry of a level spans.
    static long bytes(int level) {
        return 1L << 12 + 9 * (level - 1);
    }

    /// hpa of the entry for an address.
    static long entryHpa(long table, int level, long iova) {
        return table + (iova >>> 12 + 9 * (level - 1) & ENTRIES - 1) * 8;
    }
}
