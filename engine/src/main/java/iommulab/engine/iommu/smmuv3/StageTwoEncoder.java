package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.builder.EntryEncoder;
import iommulab.engine.iommu.builder.TableLimits;

/// The bits of a stage 2 descriptor as software writes them. The access flag is set beforehand. Only for the
/// side that writes tables.
/// Spec: VMSAv8-64, "Translation table descriptor formats".
public final class StageTwoEncoder implements EntryEncoder {
    private static final long VALID = 1;
    private static final long TABLE_OR_PAGE = 1 << 1;
    private static final long WRITE_BACK = 15 << 2;
    private static final long READABLE = 1 << 6;
    private static final long WRITABLE = 1 << 7;
    private static final long INNER_SHAREABLE = 3 << 8;
    private static final long ACCESSED = 1 << 10;
    private static final long DIRTY_MODIFIER = 1L << 51;
    private static final long ADDRESS = (1L << 48) - 4096;
    private static final int WIDEST = 48;
    private static final int MOST_CONCATENATED_BITS = 4;

    private final TableShape shape;
    private final int largestLeaf;

    public StageTwoEncoder(Granule granule) {
        shape = granule.shape();
        largestLeaf = StageOneEncoder.largestLeaf(granule);
    }

    /// The tables of an intermediate address space. Where up to sixteen tables behind one another do
    /// instead of a further level, they are used.
    ///
    /// @param inputBits 64 - S2T0SZ
    public static TableLimits limits(
            SmmuCapabilities capabilities, Granule granule, int inputBits) {
        int levels = granule.levelsFor(inputBits);
        int above = granule.firstIndexBits(inputBits, levels);
        boolean concatenates = levels > 1 && above <= MOST_CONCATENATED_BITS;
        int used = concatenates ? levels - 1 : levels;
        return new TableLimits(
                granule.shape(),
                used,
                inputBits,
                Math.min(WIDEST, capabilities.outputBits()),
                Math.min(used, StageOneEncoder.largestLeaf(granule)),
                concatenates ? 1 << above : 1);
    }

    @Override
    public TableShape shape() {
        return shape;
    }

    @Override
    public long table(long address, int level) {
        return address | TABLE_OR_PAGE | VALID;
    }

    @Override
    public long leaf(long address, int level, Permissions permissions) {
        return address
                | ACCESSED
                | INNER_SHAREABLE
                | (permissions.write() ? WRITABLE : 0)
                | (permissions.read() ? READABLE : 0)
                | WRITE_BACK
                | (level == 1 ? TABLE_OR_PAGE : 0)
                | VALID;
    }

    @Override
    public boolean isPresent(long raw) {
        return (raw & VALID) != 0;
    }

    @Override
    public boolean isLeaf(long raw, int level) {
        return level == 1 || level <= largestLeaf && (raw & TABLE_OR_PAGE) == 0;
    }

    @Override
    public long address(long raw, int level) {
        return raw & ADDRESS;
    }

    /// Writable and with DBM; without DBM nobody keeps a dirty state.
    @Override
    public boolean isDirty(long leaf) {
        return (leaf & (WRITABLE | DIRTY_MODIFIER)) == (WRITABLE | DIRTY_MODIFIER);
    }

    /// DBM without the right to write: hardware grants it with the first write.
    @Override
    public long clean(long leaf) {
        return (leaf & WRITABLE) != 0 ? leaf & ~WRITABLE | DIRTY_MODIFIER : leaf;
    }

    @Override
    public long settled(long leaf) {
        return (leaf & DIRTY_MODIFIER) != 0 ? leaf & ~DIRTY_MODIFIER | WRITABLE : leaf;
    }

    @Override
    public long part(long leaf, int level, int child) {
        long raw = leaf + ((long) child << shape.shiftAt(level - 1));
        return level - 1 == 1 ? raw | TABLE_OR_PAGE : raw;
    }
}
