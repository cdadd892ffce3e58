package iommulab.engine.traffic;

/// Seeded random numbers whose whole state is one `long` (the SplitMix64 sequence).
final class SplitMix {
    private static final long STEP = 0x9e37_79b9_7f4a_7c15L;

    private SplitMix() {}

    static long next(long state) {
        return state + STEP;
    }

    /// 64 even bits from a state.
    static long bits(long state) {
        long mixed = (state ^ state >>> 30) * 0xbf58_476d_1ce4_e5b9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94d0_49bb_1331_11ebL;
        return mixed ^ mixed >>> 31;
    }

    /// 0 to `bound` - 1.
    ///
    /// @param bits even bits
    static long below(long bits, long bound) {
        return Math.unsignedMultiplyHigh(bits, bound);
    }

    /// 0 to 1, without 1.
    static double fraction(long bits) {
        return (bits >>> 11) * 0x1p-53;
    }
}
