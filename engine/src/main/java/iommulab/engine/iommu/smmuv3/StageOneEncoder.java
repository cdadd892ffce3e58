package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.builder.EntryEncoder;
import iommulab.engine.iommu.builder.TableLimits;

/// The bits of a stage 1 descriptor as software writes them. What is mapped may be read, without privilege;
/// the access flag is set beforehand, and nothing is global. Only for the side that writes tables.
/// Spec: VMSAv8-64, "Translation table descriptor formats".
public final class StageOneEncoder implements EntryEncoder {
    private static final long VALID = 1;
    private static final long TABLE_OR_PAGE = 1 << 1;
    private static final long UNPRIVILEGED = 1 << 6;
    private static final long READ_ONLY = 1 << 7;
    private static final long INNER_SHAREABLE = 3 << 8;
    private static final long ACCESSED = 1 << 10;
    private static final long NOT_GLOBAL = 1 << 11;
    private static final long DIRTY_MODIFIER = 1L << 51;
    private static final long ADDRESS = (1L << 48) - 4096;
    private static final int WIDEST = 48;

    private final TableShape shape;
    private final int largestLeaf;

    public StageOneEncoder(Granule granule) {
        shape = granule.shape();
        largestLeaf = largestLeaf(granule);
    }

    static int largestLeaf(Granule granule) {
        return granule == Granule.FOUR_KIB ? 3 : 2;
    }

    /// The tables of one half of the address space.
    ///
    /// @param inputBits 64 - TxSZ
    public static TableLimits limits(
            SmmuCapabilities capabilities, Granule granule, int inputBits) {
        int levels = granule.levelsFor(inputBits);
        return new TableLimits(
                granule.shape(),
                levels,
                inputBits,
                Math.min(WIDEST, capabilities.outputBits()),
                Math.min(levels, largestLeaf(granule)));
    }

    @Override
    public TableShape shape() {
        return shape;
    }

    @Override
    public Permissions granted(Permissions wished) {
        return wished == Permissions.WRITE ? Permissions.READ_WRITE : wished;
    }

    @Override
    public long table(long address, int level) {
        return address | TABLE_OR_PAGE | VALID;
    }

    @Override
    public long leaf(long address, int level, Permissions permissions) {
        return address
                | NOT_GLOBAL
                | ACCESSED
                | INNER_SHAREABLE
                | (permissions.write() ? 0 : READ_ONLY)
                | UNPRIVILEGED
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

    /// Not read-only and with DBM; without DBM nobody keeps a dirty state.
    @Override
    public boolean isDirty(long leaf) {
        return (leaf & (READ_ONLY | DIRTY_MODIFIER)) == DIRTY_MODIFIER;
    }

    /// DBM and read-only: hardware takes that away with the first write.
    @Override
    public long clean(long leaf) {
        return (leaf & READ_ONLY) == 0 ? leaf | READ_ONLY | DIRTY_MODIFIER : leaf;
    }

    @Override
    public long settled(long leaf) {
        return (leaf & DIRTY_MODIFIER) != 0 ? leaf & ~(DIRTY_MODIFIER | READ_ONLY) : leaf;
    }

    @Override
    public long part(long leaf, int level, int child) {
        long raw = leaf + ((long) child << shape.shiftAt(level - 1));
        return level - 1 == 1 ? raw | TABLE_OR_PAGE : raw;
    }
}
