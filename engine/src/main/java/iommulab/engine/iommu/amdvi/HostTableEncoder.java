package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.builder.EntryEncoder;
import iommulab.engine.iommu.builder.TableLimits;

/// The bits of a host table's entry (v1 tables) as software writes them. Only for the side that writes
/// tables; guest tables are written by [iommulab.engine.iommu.builder.X86Encoder].
/// Source: kernel `drivers/iommu/generic_pt/fmt/amdv1.h`. Spec: AMD IOMMU, "I/O Page Tables for Host
/// Translations".
public final class HostTableEncoder implements EntryEncoder {
    private static final long PRESENT = 1;
    private static final int NEXT_LEVEL_AT = 9;
    private static final long NEXT_LEVEL = 7L << NEXT_LEVEL_AT;
    private static final long ADDRESS = (1L << 52) - 4096;
    private static final long DIRTY = 1 << 6;
    private static final long FORCE_COHERENT = 1L << 60;
    private static final long READ = 1L << 61;
    private static final long WRITE = 1L << 62;
    private static final int LARGEST_LEAF = 3;
    private static final int WIDEST = 62;

    /// The encoder; it has no state.
    public HostTableEncoder() {}

    /// Tables of so many levels, with pages up to 1 GiB.
    ///
    /// @param levels 1 to 6
    public static TableLimits limits(int levels, int hostAddressBits) {
        return new TableLimits(
                TableShape.FOUR_KIB,
                levels,
                Math.min(WIDEST, 12 + 9 * levels),
                hostAddressBits,
                Math.min(LARGEST_LEAF, levels));
    }

    @Override
    public TableShape shape() {
        return TableShape.FOUR_KIB;
    }

    @Override
    public long table(long address, int level) {
        return address | (long) (level - 1) << NEXT_LEVEL_AT | READ | WRITE | PRESENT;
    }

    @Override
    public long leaf(long address, int level, Permissions permissions) {
        return address
                | PRESENT
                | (permissions.read() ? READ : 0)
                | (permissions.write() ? WRITE : 0);
    }

    @Override
    public boolean isPresent(long raw) {
        return (raw & PRESENT) != 0;
    }

    /// Next level 0, or 7 where software other than ours has written.
    @Override
    public boolean isLeaf(long raw, int level) {
        long next = raw & NEXT_LEVEL;
        return next == 0 || next == NEXT_LEVEL;
    }

    @Override
    public long address(long raw, int level) {
        return raw & ADDRESS;
    }

    @Override
    public boolean isDirty(long leaf) {
        return (leaf & DIRTY) != 0;
    }

    @Override
    public long clean(long leaf) {
        return leaf & ~DIRTY;
    }

    @Override
    public long snooping(long leaf) {
        return leaf | FORCE_COHERENT;
    }

    @Override
    public long part(long leaf, int level, int child) {
        return leaf + ((long) child << shape().shiftAt(level - 1));
    }
}
