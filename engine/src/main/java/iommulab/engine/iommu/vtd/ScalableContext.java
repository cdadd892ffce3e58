package iommulab.engine.iommu.vtd;

/// The fields of a scalable-mode context entry that translation needs, from its first two words.
/// Spec: VT-d, "Scalable-Mode Context Entry".
final class ScalableContext {
    /*
     *   word 0  0 P | 1 FPD | 2 DTE | 3 PASIDE | 4 PRE | 8:5 reserved | 11:9 PDTS | 63:12 PASIDDIRPTR
     *   word 1  19:0 RID_PASID | 20 RID_PRIV | 63:21 reserved
     *   words 2 and 3 reserved
     */
    static final int BYTES = 32;

    private static final int PASIDS_OF_A_TABLE = 6;
    private static final int SMALLEST_DIRECTORY = 7;
    private static final long RESERVED_0 = 0x1e0;
    private static final long RESERVED_1 = -1L << 21;

    private ScalableContext() {}

    static boolean isPresent(long word0) {
        return (word0 & 1) != 0;
    }

    static boolean isSilent(long word0) {
        return (word0 & 1 << 1) != 0;
    }

    static int directoryField(long word0) {
        return (int) (word0 >>> 9) & 7;
    }

    static long directory(long word0) {
        return word0 & (1L << 52) - 4096;
    }

    static int ridPasid(long word1) {
        return (int) word1 & 0xf_ffff;
    }

    static boolean isRidPrivileged(long word1) {
        return (word1 & 1 << 20) != 0;
    }

    /// @param word 0 or 1; the others are reserved as a whole
    static long reserved(int word, VtdCapabilities capabilities) {
        return word == 0 ? RESERVED_0 | -1L << capabilities.hostAddressBits() : RESERVED_1;
    }

    // ---- packed into one word, as the context cache holds a valid entry

    /*   63:24 directory >> 12 | 23 always set | 10:8 PDTS | 5 RID_PRIV | 4:1 PRE, PASIDE, DTE, FPD as in word 0   */
    private static final int PACKED_DIRECTORY = 24;
    private static final long PACKED_FILLED = 1 << 23;
    private static final long PACKED_PRIVILEGED = 1 << 5;
    private static final long FLAGS = 0x1e;

    /// What a unit lacks counts as switched off.
    static long pack(long word0, long word1, VtdCapabilities capabilities) {
        long off =
                (capabilities.deviceTlb() ? 0 : 1 << 2)
                        | (capabilities.pasids() ? 0 : 1 << 3)
                        | (capabilities.pageRequests() ? 0 : 1 << 4);
        boolean privileged = isRidPrivileged(word1) && capabilities.supervisorRequests();
        return directory(word0) >>> 12 << PACKED_DIRECTORY
                | PACKED_FILLED
                | (long) directoryField(word0) << 8
                | (privileged ? PACKED_PRIVILEGED : 0)
                | word0 & FLAGS & ~off;
    }

    static long directoryOf(long packed) {
        return packed >>> PACKED_DIRECTORY << 12;
    }

    /// DTE: the device may ask for translations and use what it was told.
    static boolean hasDeviceTlb(long packed) {
        return (packed & 1 << 2) != 0;
    }

    /// PASIDE: requests may have a PASID.
    static boolean takesPasids(long packed) {
        return (packed & 1 << 3) != 0;
    }

    /// PRE: the device may ask for pages.
    static boolean takesPageRequests(long packed) {
        return (packed & 1 << 4) != 0;
    }

    /// FPD: qualified faults are not recorded.
    static boolean isPackedSilent(long packed) {
        return (packed & 1 << 1) != 0;
    }

    /// Whether requests without PASID are those of a supervisor.
    static boolean isPackedPrivileged(long packed) {
        return (packed & PACKED_PRIVILEGED) != 0;
    }

    /// Whether the PASID directory is large enough for a PASID.
    static boolean reaches(long packed, int pasid) {
        int bits = ((int) (packed >>> 8) & 7) + SMALLEST_DIRECTORY + PASIDS_OF_A_TABLE;
        return pasid >>> bits == 0;
    }

    // ---- the words that were packed, as far as they are kept

    static long firstWordOf(long packed) {
        return directoryOf(packed) | (packed >>> 8 & 7) << 9 | packed & FLAGS | 1;
    }

    static long secondWordOf(long packed, int ridPasid) {
        return ridPasid | (isPackedPrivileged(packed) ? 1 << 20 : 0);
    }
}
