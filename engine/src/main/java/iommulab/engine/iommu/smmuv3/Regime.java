package iommulab.engine.iommu.smmuv3;

/// Bits of a context that change what its descriptors mean, as [StageOneFormat] and [StageTwoFormat] take
/// them.
final class Regime {
    /*
     *   51:12 bits that no address may have set
     *   9 one privilege | 8 PAN | 7 UWXN | 6 WXN | 5 52-bit addresses | 4 big-endian | 3 HAD | 2 HD | 1 HA | 0 AF needed
     */
    static final long FLAG_NEEDED = 1;
    static final long SETS_FLAG = 1 << 1;
    static final long SETS_DIRTY = 1 << 2;
    static final long NO_TABLE_RIGHTS = 1 << 3;
    static final long BIG_ENDIAN = 1 << 4;
    static final long WIDE = 1 << 5;
    static final long WRITABLE_NEVER_EXECUTES = 1 << 6;
    static final long UNPRIVILEGED_WRITABLE_NEVER_EXECUTES = 1 << 7;
    static final long PRIVILEGED_NEVER = 1 << 8;
    static final long ONE_PRIVILEGE = 1 << 9;

    static final long ADDRESS = (1L << 52) - 4096;

    /* A broken rule as the walker reports it. */
    static final int ADDRESS_SIZE = 1;
    static final int ACCESS_FLAG = 2;

    private Regime() {}

    /// Bits that an address of so many bits cannot have.
    static long beyond(int outputBits) {
        return ADDRESS & -1L << outputBits;
    }

    static long flag(boolean set, long flag) {
        return set ? flag : 0;
    }

    /// The address in a descriptor. With 52 bits, bits 51:48 stand in 15:12.
    static long address(long raw, int shift, long regime) {
        long address = raw & (1L << 48) - 1 & -1L << shift;
        return (regime & WIDE) == 0 ? address : address | (raw >>> 12 & 15) << 48;
    }
}
