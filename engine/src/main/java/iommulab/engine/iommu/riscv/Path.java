package iommulab.engine.iommu.riscv;

/// What a hit needs to know of a device or process context, packed into the word that the directory caches
/// keep: the address space, and which addresses can lie in it.
final class Path {
    /*
     *   15:0   number of the address space, see cache.Spaces
     *   21:16  bits of an address, at most 57
     *   22     addresses are sign-extended
     *   23     filled: the word is never 0
     *   24     both stages are Bare: addresses stay as they are
     *   25     requests without a process_id belong to process 0 (DPE)
     *   26     supervisor requests are allowed (ENS)
     *   63:32  number of the context, see RiscvCaches
     */
    static final long FILLED = 1 << 23;
    static final long UNCHANGED = 1 << 24;
    static final long DEFAULT_PROCESS = 1 << 25;
    static final long SUPERVISOR = 1 << 26;

    /// Addresses in caches are cut to so many bits; they are canonical, so nothing is lost. Without a sign
    /// they have one bit less, so that no other address is cut to the same.
    static final int KEY_BITS = 57;

    private static final int BITS_AT = 16;
    private static final long SIGNED = 1 << 22;
    private static final long KEYS = (1L << KEY_BITS) - 1;

    private Path() {}

    private static final int CONTEXT_AT = 32;

    /// @param context its number
    /// @param bits of an address
    static long of(int context, int space, int bits, boolean signed) {
        return FILLED
                | (long) context << CONTEXT_AT
                | space
                | (long) Math.min(bits, signed ? KEY_BITS : KEY_BITS - 1) << BITS_AT
                | (signed ? SIGNED : 0);
    }

    static int context(long path) {
        return (int) (path >>> CONTEXT_AT);
    }

    static int space(long path) {
        return (int) path & 0xffff;
    }

    /// Whether an address can be in the caches: it has the bits of the space and not more.
    static boolean covers(long path, long iova) {
        long bits = path >>> BITS_AT;
        long half = (path >>> 22 & 1) << bits >>> 1;
        return (iova + half) >>> bits == 0;
    }

    /// An address again of which caches have kept the lower bits.
    ///
    /// @param path of the space it lies in, 0 if there is none any more
    static long whole(long path, long key) {
        int bits = (int) (path >>> BITS_AT) & 63;
        boolean negative = (path & SIGNED) != 0 && (key >>> bits - 1 & 1) != 0;
        return negative ? key | -1L << bits : key;
    }

    /// What keeps an address out of all caches, 0 if nothing does: upper bits that are not all equal.
    static long beyondCaches(long iova) {
        return iova << 64 - KEY_BITS >> 64 - KEY_BITS ^ iova;
    }

    /// An address as caches are asked for it.
    static long key(long iova) {
        return iova & KEYS;
    }
}
