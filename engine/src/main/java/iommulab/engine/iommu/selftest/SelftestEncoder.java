package iommulab.engine.iommu.selftest;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.builder.EntryEncoder;
import iommulab.engine.iommu.builder.TableLimits;

/// The bits of a page-table entry of the self-test's IOMMU as software writes them; see [SelftestFormat].
public final class SelftestEncoder implements EntryEncoder {
    private static final long PRESENT = 1;
    private static final long READ = 1 << 1;
    private static final long WRITE = 1 << 2;
    private static final long DIRTY = 1 << 4;
    private static final long PAGE = (1L << 52) - 2048;
    private static final long TABLE = (1L << 52) - 4096;

    /// The encoder; it has no state.
    public SelftestEncoder() {}

    /// Three levels, 31 bits, pages of 2 KiB only.
    public static TableLimits limits() {
        return new TableLimits(
                SelftestFormat.SHAPE, SelftestFormat.LEVELS, SelftestFormat.ADDRESS_BITS, 52, 1);
    }

    @Override
    public TableShape shape() {
        return SelftestFormat.SHAPE;
    }

    @Override
    public long table(long address, int level) {
        return address | PRESENT;
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

    @Override
    public boolean isLeaf(long raw, int level) {
        return level == 1;
    }

    @Override
    public long address(long raw, int level) {
        return raw & (level == 1 ? PAGE : TABLE);
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
    public long part(long leaf, int level, int child) {
        throw new IllegalStateException("there are no pages of level " + level);
    }
}
