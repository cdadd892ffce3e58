package iommulab.engine.iommu.riscv;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.builder.EntryEncoder;
import iommulab.engine.iommu.builder.TableLimits;

/// The bits of a page-table entry as software writes them, for Sv39, Sv48, Sv57 and their x4 variants. Pages
/// are the user's in both stages, and are written as used already (A, and D if they may be written), so that
/// nothing depends on hardware that sets these bits. Only for the side that writes tables.
/// Spec: The RISC-V Instruction Set Manual, Volume II, "Sv39", "Sv39x4".
public final class PageTableEncoder implements EntryEncoder {
    private static final long VALID = 1;
    private static final long READ = 1 << 1;
    private static final long WRITE = 1 << 2;
    private static final long EXECUTE = 1 << 3;
    private static final long USER = 1 << 4;
    private static final long ACCESSED = 1 << 6;
    private static final long DIRTY = 1 << 7;
    private static final int PPN_AT = 10;
    private static final long PPN = (1L << 44) - 1 << PPN_AT;

    /* A root of a second stage is four tables wide. */
    private static final int GUEST_ROOT_TABLES = 4;

    /// The encoder; it has no state.
    public PageTableEncoder() {}

    /// What an IOMMU can do with tables of a stage. Of a first stage only the lower half of its addresses is
    /// offered, which need no sign extension.
    ///
    /// @param levels 3 to 5
    public static TableLimits limits(RiscvCapabilities capabilities, Stage stage, int levels) {
        int bits = TableShape.FOUR_KIB.addressBits(levels);
        boolean first = stage == Stage.FIRST;
        return new TableLimits(
                TableShape.FOUR_KIB,
                levels,
                first ? bits - 1 : bits + 2,
                capabilities.hostAddressBits(),
                levels,
                first ? 1 : GUEST_ROOT_TABLES);
    }

    @Override
    public TableShape shape() {
        return TableShape.FOUR_KIB;
    }

    @Override
    public long table(long address, int level) {
        return address >>> 12 << PPN_AT | VALID;
    }

    /// What may be written may be read: W without R is reserved.
    @Override
    public Permissions granted(Permissions wished) {
        return wished == Permissions.WRITE ? Permissions.READ_WRITE : wished;
    }

    @Override
    public long leaf(long address, int level, Permissions permissions) {
        var granted = granted(permissions);
        return address >>> 12 << PPN_AT
                | VALID
                | USER
                | ACCESSED
                | (granted.read() ? READ | EXECUTE : 0)
                | (granted.write() ? WRITE | DIRTY : 0);
    }

    @Override
    public boolean isPresent(long raw) {
        return (raw & VALID) != 0;
    }

    @Override
    public boolean isLeaf(long raw, int level) {
        return (raw & (READ | WRITE | EXECUTE)) != 0;
    }

    @Override
    public long address(long raw, int level) {
        return (raw & PPN) >>> PPN_AT << 12;
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
        return leaf + ((long) child << shape().shiftAt(level - 1) - 12 + PPN_AT);
    }
}
