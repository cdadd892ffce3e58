package iommulab.engine.iommu.builder;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableShape;

/// The bits of an entry of x86-64 page tables as software writes them: VT-d's first stage, AMD-Vi's guest
/// (v2) tables. What is mapped may be read; accessed and dirty bits are set beforehand, as Linux does for
/// DMA, so that hardware need not write them.
/// Source: kernel `drivers/iommu/generic_pt/fmt/x86_64.h`.
public final class X86Encoder implements EntryEncoder {
    private static final long PRESENT = 1;
    private static final long WRITE = 1 << 1;
    private static final long USER = 1 << 2;
    private static final long ACCESSED = 1 << 5;
    private static final long DIRTY = 1 << 6;
    private static final long PAGE = 1 << 7;
    private static final long ADDRESS = (1L << 52) - 4096;
    private static final int LARGEST_LEAF = 3;

    /// The encoder; it has no state.
    public X86Encoder() {}

    @Override
    public TableShape shape() {
        return TableShape.FOUR_KIB;
    }

    @Override
    public Permissions granted(Permissions wished) {
        return wished == Permissions.WRITE ? Permissions.READ_WRITE : wished;
    }

    @Override
    public long table(long address, int level) {
        return address | PRESENT | WRITE | USER | ACCESSED;
    }

    @Override
    public long leaf(long address, int level, Permissions permissions) {
        return address
                | PRESENT
                | USER
                | ACCESSED
                | (permissions.write() ? WRITE | DIRTY : 0)
                | (level > 1 ? PAGE : 0);
    }

    @Override
    public boolean isPresent(long raw) {
        return (raw & PRESENT) != 0;
    }

    @Override
    public boolean isLeaf(long raw, int level) {
        return level == 1 || level <= LARGEST_LEAF && (raw & PAGE) != 0;
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
    public long settled(long leaf) {
        return (leaf & WRITE) != 0 ? leaf | DIRTY : leaf;
    }

    @Override
    public long part(long leaf, int level, int child) {
        long raw = leaf + ((long) child << shape().shiftAt(level - 1));
        return level - 1 == 1 ? raw & ~PAGE : raw;
    }
}
