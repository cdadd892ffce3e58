package iommulab.engine.iommu.amdvi;

/// The fields of a device table entry that translation needs, from its first three words.
/// Spec: AMD IOMMU, "Device Table Entry Format".
final class DeviceTableEntry {
    static final int BYTES = 32;
    static final int HIGHEST_MODE = 6;

    /// Bits of the first word that must be zero.
    static final long RESERVED = 1L << 63 | 0x7c;

    private static final long ADDRESS = (1L << 52) - 4096;

    private DeviceTableEntry() {}

    // ---- the words as they lie in memory

    static boolean isValid(long first) {
        return (first & 1) != 0;
    }

    /// TV
    static boolean isTranslationValid(long first) {
        return (first & 2) != 0;
    }

    /// Levels of the host table; 0 for none, 7 is illegal.
    static int mode(long first) {
        return (int) (first >>> 9) & 7;
    }

    static long hostTable(long first) {
        return first & ADDRESS;
    }

    /// GV: requests with a PASID use guest tables.
    static boolean isGuest(long first) {
        return (first >>> 55 & 1) != 0;
    }

    /// Levels of the GCR3 table; 4 is illegal.
    static int gcr3Levels(long first) {
        return 1 + ((int) (first >>> 56) & 3);
    }

    /// hpa of the GCR3 table, which is spread over two words.
    static long gcr3Table(long first, long second) {
        return (first >>> 58 & 7) << 12 | (second >>> 16 & 0xffff) << 15 | second >>> 43 << 31;
    }

    /// Levels of the guest tables; 6 and 7 are illegal.
    static int guestLevels(long third) {
        return 4 + ((int) (third >>> 54) & 3);
    }

    static int domain(long second) {
        return (int) second & 0xffff;
    }

    // ---- packed into two words, as the device table cache holds them

    /*
     *   word    63:24 host table >> 12 | 23:8 space | 7 HAD is not 0 | 6:5 kind | 4:2 Mode | 1 IW | 0 IR;
     *           never 0, since either kind or Mode is not
     *   detail  63:24 GCR3 table >> 12 | 19:18 HAD | 17 GPRP | 16 PPR | 15:14 IoCtl | 13:12 SysMgt
     *           11 EX | 10 SA | 9 SE | 8 I | 7 GIoV | 6 GV | 5 five guest levels | 4:3 GLX
     *
     * The space stands for the domain alone, see Spaces.
     */
    static final long KIND = 3 << 5;

    /// Requests without a PASID go through the host table.
    static final long BY_HOST_TABLE = 0;

    /// Requests without a PASID keep their address, IR and IW hold.
    static final long DIRECT = 1 << 5;

    /// Requests without a PASID go through the guest table of PASID 0.
    static final long BY_GUEST_TABLE = 2 << 5;

    /// V = 0 (with both rights) or TV = 0 (with none).
    static final long UNTRANSLATED = 3 << 5;

    private static final int TABLE_AT = 24;
    private static final long MARKING = 1 << 7;
    private static final int BOTH = 3;

    /// An entry with V = 0: addresses stay as they are.
    static final long INVALID = UNTRANSLATED | BOTH;

    /// An entry with V = 1, TV = 0: requests end.
    static final long NO_TRANSLATION = UNTRANSLATED;

    /// @param detail packed
    static long pack(long first, int space, long detail) {
        long kind = mode(first) == 0 ? DIRECT : BY_HOST_TABLE;
        if ((detail & (GV | GIOV)) == (GV | GIOV)) {
            kind = BY_GUEST_TABLE;
        }
        return hostTable(first) >>> 12 << TABLE_AT
                | (long) space << 8
                | (hostMarks(detail) == 0 ? 0 : MARKING)
                | kind
                | mode(first) << 2
                | rightsOf(first);
    }

    private static long rightsOf(long first) {
        return first >>> 61 & BOTH;
    }

    static final long GV = 1 << 6;
    static final long GIOV = 1 << 7;
    static final long DEVICE_TLB = 1 << 8;
    static final long SUPPRESS_MORE = 1 << 9;
    static final long SUPPRESS_ALL = 1 << 10;
    static final long EXCLUSION = 1 << 11;
    static final long PAGE_REQUESTS = 1 << 16;
    static final long RESPONSE_WITH_PASID = 1 << 17;

    /// @param guest whether guest translation is switched on and the unit has it
    /// @param guestWithoutPasid whether the unit executes GIoV
    static long detail(
            long first, long second, long third, boolean guest, boolean guestWithoutPasid) {
        long detail =
                (second >>> 32 & 7) << 8
                        | (second >>> 39 & 1) << 11
                        | (second >>> 40 & 3) << 12
                        | (second >>> 35 & 3) << 14
                        | (first >>> 52 & 3) << 16
                        | (first >>> 7 & 3) << 18;
        if (!guest || !isGuest(first)) {
            return detail;
        }
        return detail
                | gcr3Table(first, second) >>> 12 << TABLE_AT
                | GV
                | (guestWithoutPasid ? (first >>> 54 & 1) << 7 : 0)
                | guestLevels(third) - 4L << 5
                | gcr3Levels(first) - 1L << 3;
    }

    static int space(long word) {
        return (int) spaceIn(word);
    }

    /// The space, for who goes on with it as a `long`.
    static long spaceIn(long word) {
        return word >>> 8 & 0xffff;
    }

    static long inSpace(long word, int space) {
        return word & ~(0xffffL << 8) | (long) space << 8;
    }

    static int packedMode(long word) {
        return (int) (word >>> 2) & 7;
    }

    /// Whether hardware marks host entries as used.
    static boolean isMarking(long word) {
        return (word & MARKING) != 0;
    }

    static long packedHostTable(long word) {
        return word >>> TABLE_AT << 12;
    }

    /// Bit 0 IR, bit 1 IW.
    static int rights(long word) {
        return (int) word & BOTH;
    }

    static long packedGcr3Table(long detail) {
        return detail >>> TABLE_AT << 12;
    }

    static int packedGcr3Levels(long detail) {
        return 1 + ((int) (detail >>> 3) & 3);
    }

    static int packedGuestLevels(long detail) {
        return 4 + ((int) (detail >>> 5) & 1);
    }

    static int systemManagement(long detail) {
        return (int) (detail >>> 12) & 3;
    }

    static int portAccess(long detail) {
        return (int) (detail >>> 14) & 3;
    }

    /// HAD: bit 0 accessed, bit 1 dirty bits are set in host entries.
    static int hostMarks(long detail) {
        return (int) (detail >>> 18) & 3;
    }

    /// The words of an entry from which these two were packed, as far as they were kept; four words.
    static long[] unpack(long word, long detail, int domain) {
        if ((word & KIND) == UNTRANSLATED) {
            return new long[] {rights(word) == 0 ? 1 : 0, 0, 0, 0};
        }
        long first =
                packedHostTable(word)
                        | (long) packedMode(word) << 9
                        | (long) rights(word) << 61
                        | (long) hostMarks(detail) << 7
                        | (detail >>> 16 & 3) << 52
                        | 3;
        long second =
                domain
                        | (detail >>> 8 & 7) << 32
                        | (detail >>> 11 & 1) << 39
                        | (detail >>> 12 & 3) << 40
                        | (detail >>> 14 & 3) << 35;
        if ((detail & GV) == 0) {
            return new long[] {first, second, 0, 0};
        }
        long gcr3 = packedGcr3Table(detail);
        return new long[] {
            first
                    | 1L << 55
                    | (detail >>> 7 & 1) << 54
                    | (detail >>> 3 & 3) << 56
                    | (gcr3 >>> 12 & 7) << 58,
            second | (gcr3 >>> 15 & 0xffff) << 16 | gcr3 >>> 31 << 43,
            (detail >>> 5 & 1) << 54,
            0
        };
    }
}
