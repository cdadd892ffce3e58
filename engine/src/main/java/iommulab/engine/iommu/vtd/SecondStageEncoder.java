package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.builder.EntryEncoder;
import iommulab.engine.iommu.builder.TableLimits;

/// The bits of a second-stage entry as software writes them. Only for the side that writes tables.
/// Spec: VT-d, "Second-Stage Paging Entries".
public final class SecondStageEncoder implements EntryEncoder {
    private static final int LARGEST_LEAF = 3;

    private static final long READ = 1;
    private static final long WRITE = 1 << 1;
    private static final long PAGE_SIZE = 1 << 7;
    private static final long DIRTY = 1 << 9;
    private static final long SNOOP = 1 << 11;
    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;

    /// The encoder; it has no state.
    public SecondStageEncoder() {}

    /// The limits that a capability register states. Pages of 1 GiB are only used where those of 2 MiB
    /// are, into which they can be split.
    /// Spec: VT-d, "Capability Register", fields MGAW and SSLPS.
    ///
    /// @param capability CAP_REG
    /// @param hostAddressBits the processor's physical address width
    public static TableLimits limits(long capability, int levels, int hostAddressBits) {
        int guestBits = (int) (capability >>> 16 & 0x3f) + 1;
        boolean pages2M = (capability >>> 34 & 1) != 0;
        boolean pages1G = (capability >>> 35 & 1) != 0;
        return new TableLimits(
                TableShape.FOUR_KIB,
                levels,
                Math.min(guestBits, 12 + 9 * levels),
                hostAddressBits,
                pages2M ? pages1G ? 3 : 2 : 1);
    }

    @Override
    public TableShape shape() {
        return TableShape.FOUR_KIB;
    }

    @Override
    public long table(long address, int level) {
        return address | READ | WRITE;
    }

    @Override
    public long leaf(long address, int level, Permissions permissions) {
        return address
                | (permissions.read() ? READ : 0)
                | (permissions.write() ? WRITE : 0)
                | (level > 1 ? PAGE_SIZE : 0);
    }

    @Override
    public boolean isPresent(long raw) {
        return (raw & (READ | WRITE)) != 0;
    }

    @Override
    public boolean isLeaf(long raw, int level) {
        return level == 1 || (level <= LARGEST_LEAF && (raw & PAGE_SIZE) != 0);
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
        return leaf | SNOOP;
    }

    @Override
    public long part(long leaf, int level, int child) {
        long raw = leaf + ((long) child << shape().shiftAt(level - 1));
        return level - 1 == 1 ? raw & ~PAGE_SIZE : raw;
    }
}
