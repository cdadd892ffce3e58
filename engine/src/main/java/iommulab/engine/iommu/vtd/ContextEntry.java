package iommulab.engine.iommu.vtd;

/// The fields of a context entry that translation needs, from its two words.
/// Spec: VT-d, "Context Entry".
final class ContextEntry {
    /*
     *   low   0 P | 1 FPD | 3:2 TT | 11:4 reserved | 63:12 SSPTPTR
     *   high  2:0 AW | 6:3 ignored | 7 reserved | 23:8 DID | 63:24 reserved
     */
    static final int TYPE_UNTRANSLATED = 0;
    static final int TYPE_DEVICE_TLB = 1;
    static final int TYPE_PASS_THROUGH = 2;

    private static final long LOW_RESERVED = 0xff0L;
    private static final long HIGH_RESERVED = -1L << 24 | 1 << 7;

    private ContextEntry() {}

    // ---- packed into one word, as the context cache holds a valid entry

    /*
     *   63:24 second-stage table >> 12 | 23:8 DID | 6 always set | 5:4 TT | 3 FPD | 2:0 AW
     *
     * DID and AW stay where they are in the high word of the entry.
     */
    private static final int PACKED_TABLE = 24;
    private static final int PACKED_TYPE = 4;
    private static final int PACKED_SILENT = 3;
    private static final long PACKED_PASS_THROUGH = (long) TYPE_PASS_THROUGH << PACKED_TYPE;

    static long pack(long low, long high) {
        return table(low) >>> 12 << PACKED_TABLE
                | high & 0xffff07
                | 1 << 6
                | (long) type(low) << PACKED_TYPE
                | (isSilent(low) ? 1 << PACKED_SILENT : 0);
    }

    static boolean isPassThrough(long packed) {
        return passThrough(packed) != 0;
    }

    /// Not 0 for pass-through: the reserved type, which has the same bit, is never packed.
    static long passThrough(long packed) {
        return packed & PACKED_PASS_THROUGH;
    }

    /// DID, for who goes on with it as a `long`.
    static long domainIn(long packed) {
        return packed >>> 8 & 0xffff;
    }

    /// TT: the device may ask for translations and use what it was told.
    static boolean hasDeviceTlb(long packed) {
        return (packed >>> PACKED_TYPE & 3) == TYPE_DEVICE_TLB;
    }

    static long tableOf(long packed) {
        return packed >>> PACKED_TABLE << 12;
    }

    static boolean isPackedSilent(long packed) {
        return (packed >>> PACKED_SILENT & 1) != 0;
    }

    /// The low word that was packed.
    static long lowOf(long packed) {
        return tableOf(packed)
                | (packed >>> PACKED_TYPE & 3) << 2
                | (packed >>> PACKED_SILENT & 1) << 1
                | 1;
    }

    // ---- the two words as they lie in memory

    static boolean isPresent(long low) {
        return (low & 1) != 0;
    }

    /// FPD: qualified faults of this requester are not recorded.
    static boolean isSilent(long low) {
        return (low & 2) != 0;
    }

    static int type(long low) {
        return (int) (low >>> 2) & 3;
    }

    static long table(long low) {
        return low & (1L << 52) - 4096;
    }

    /// 3, 4 or 5; anything from 2 to 9 in an invalid entry.
    static int levels(long high) {
        return (int) (high & 7) + 2;
    }

    /// Bits of iova that the tree translates.
    static int addressBits(long high) {
        return 30 + 9 * (int) (high & 7);
    }

    /// Address bits for each value of AW, a byte each, none above a unit's own.
    static long widths(int iovaBits) {
        long widths = 0;
        for (int aw = 0; aw < 8; aw++) {
            widths |= (long) Math.min(iovaBits, addressBits(aw)) << Byte.SIZE * aw;
        }
        return widths;
    }

    /// Where [#widths] has the byte for an entry; a shift by it takes no more than its low six bits.
    static int widthAt(long high) {
        return (int) high << 3;
    }

    static int domain(long high) {
        return (int) domainIn(high);
    }

    static long reservedInLow(VtdCapabilities capabilities) {
        return LOW_RESERVED | -1L << capabilities.hostAddressBits();
    }

    static long reservedInHigh() {
        return HIGH_RESERVED;
    }
}
