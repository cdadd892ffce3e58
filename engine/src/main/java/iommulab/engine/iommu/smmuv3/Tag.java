package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.Spaces;

/// What translations are tagged with: VMID, then ASID or "stage 2". The inner half of a space also holds
/// what shapes the tree, so that two streams with one ASID but different shapes never share a line of a
/// paging-structure cache.
final class Tag {
    /*
     *   stage 1   31 zero | 27 nested | 26 ASET | 25:24 granule | 23:18 input bits | 16 half | 15:0 ASID
     *   stage 2   31 set  | 13:12 granule | 10:8 levels | 5:0 input bits
     */
    /// A space that no translation has: each unit gives it away first.
    static final int NO_SPACE = 0;

    private static final int STAGE_2 = 1 << 31;

    private Tag() {}

    /// Numbers of spaces, none of which is [#NO_SPACE].
    static Spaces spaces() {
        var spaces = new Spaces();
        reserve(spaces);
        return spaces;
    }

    /// Gives the first number to nobody.
    static void reserve(Spaces spaces) {
        if (spaces.of(-1, Spaces.NONE) != NO_SPACE) {
            throw new IllegalStateException("the first space was given away already");
        }
    }

    static int stage1(
            int asid, int half, int inputBits, Granule granule, boolean aset, boolean nested) {
        return asid
                | half << 16
                | inputBits << 18
                | granule.ordinal() << 24
                | (aset ? 1 << 26 : 0)
                | (nested ? 1 << 27 : 0);
    }

    static int stage2(int inputBits, int levels, Granule granule) {
        return STAGE_2 | inputBits | levels << 8 | granule.ordinal() << 12;
    }

    static boolean isStage2(int inner) {
        return inner < 0;
    }

    static int asid(int inner) {
        return inner & 0xffff;
    }

    static boolean isUpper(int inner) {
        return (inner >>> 16 & 1) != 0;
    }

    /// What people call the domain: the VMID, or the ASID of a stage 1 alone.
    static int domain(Spaces spaces, int space) {
        int inner = spaces.inner(space);
        boolean nested = !isStage2(inner) && (inner >>> 27 & 1) != 0;
        return isStage2(inner) || nested ? spaces.owner(space) : asid(inner);
    }

    static int inputBits(int inner) {
        return isStage2(inner) ? inner & 63 : inner >>> 18 & 63;
    }
}
