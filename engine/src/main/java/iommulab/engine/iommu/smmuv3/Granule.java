package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.TableShape;

/// The size of the smallest page and of a table: how a VMSAv8-64 tree is cut.
/// Spec: VMSAv8-64, "Translation granules".
public enum Granule {
    FOUR_KIB(12),
    SIXTEEN_KIB(14),
    SIXTY_FOUR_KIB(16);

    private static final Granule[] BY_TG0 = {FOUR_KIB, SIXTY_FOUR_KIB, SIXTEEN_KIB};
    private static final Granule[] BY_TG1 = {SIXTEEN_KIB, FOUR_KIB, SIXTY_FOUR_KIB};

    private final int pageShift;

    Granule(int pageShift) {
        this.pageShift = pageShift;
    }

    /// 12, 14 or 16.
    public int pageShift() {
        return pageShift;
    }

    /// Bits of the address that choose one entry of a full table: 9, 11 or 13.
    public int indexBits() {
        return pageShift - 3;
    }

    /// Tables of eight-byte descriptors.
    public TableShape shape() {
        return new TableShape(pageShift, indexBits(), 3);
    }

    /// Whether a descriptor of a level may map a block.
    ///
    /// @param level ours: 1 for the level of pages, Arm's level 3
    /// @param wide whether addresses have 52 bits
    public boolean hasBlocksAt(int level, boolean wide) {
        return switch (this) {
            case FOUR_KIB -> level == 2 || level == 3;
            case SIXTEEN_KIB -> level == 2;
            case SIXTY_FOUR_KIB -> level == 2 || level == 3 && wide;
        };
    }

    /// Levels that stage 1 needs for addresses of so many bits.
    public int levelsFor(int inputBits) {
        return Math.max(1, Math.ceilDiv(inputBits - pageShift, indexBits()));
    }

    /// Bits of the address that choose an entry of the first table.
    public int firstIndexBits(int inputBits, int levels) {
        return inputBits - pageShift - indexBits() * (levels - 1);
    }

    /// The size that a field TG0 or S2TG names; -1 if it names none.
    static int ofTg0(int field) {
        return field == 3 ? -1 : BY_TG0[field].ordinal();
    }

    /// The size that a field TG1 names; -1 if it names none.
    static int ofTg1(int field) {
        return field == 0 ? -1 : BY_TG1[field - 1].ordinal();
    }

    /// `4 KiB`
    @Override
    public String toString() {
        return "%d KiB".formatted(1 << pageShift - 10);
    }
}
