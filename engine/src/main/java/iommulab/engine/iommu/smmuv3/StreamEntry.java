package iommulab.engine.iommu.smmuv3;

/// A stream table entry (STE): what the requests of one stream go through. The upper four of its eight
/// words do not concern the non-secure translation of DMA and are not kept.
/// Spec: SMMUv3, "Stream Table Entry".
///
/// @param word0 63:59 S1CDMax | 51:6 S1ContextPtr | 5:4 S1Fmt | 3:1 Config | 0 V
/// @param word1 51:50 INSTCFG | 49:48 PRIVCFG | 31:30 STRW | 29:28 EATS | 27 S1STALLD | 19 MEV | 1:0 S1DSS
/// @param word2 58 S2R | 57 S2S | 56 S2HA | 55 S2HD | 54 S2PTW | 53 S2AFFD | 52 S2ENDI | 51 S2AA64 | 50:48
///     S2PS | 47:46 S2TG | 39:38 S2SL0 | 37:32 S2T0SZ | 15:0 S2VMID
/// @param word3 51:4 S2TTB
record StreamEntry(long word0, long word1, long word2, long word3) {
    static final int BYTES = 64;

    /// S1DSS: requests without substream are stopped, pass stage 1 unchanged, or use descriptor 0.
    static final int DSS_TERMINATE = 0;

    static final int DSS_BYPASS = 1;
    static final int DSS_ZERO = 2;

    /// EATS: what the device may do with ATS.
    static final int ATS_FULL = 1;

    static final int ATS_SPLIT = 2;

    private static int bits(long word, int high, int low) {
        return (int) (word >>> low) & (1 << high - low + 1) - 1;
    }

    private static boolean bit(long word, int number) {
        return (word >>> number & 1) != 0;
    }

    boolean isValid() {
        return bit(word0, 0);
    }

    /// 0xx abort, 100 bypass, 101 stage 1, 110 stage 2, 111 both.
    int config() {
        return bits(word0, 3, 1);
    }

    boolean aborts() {
        return config() < 4;
    }

    boolean stage1() {
        return config() == 5 || config() == 7;
    }

    boolean stage2() {
        return config() >= 6;
    }

    /// S1ContextPtr: hpa, or gpa if stage 2 is on.
    long descriptors() {
        return word0 & (1L << 52) - 64;
    }

    /// Bits of a substream's number that a leaf of the descriptor table is indexed with; 0 if it is linear.
    int descriptorSplit() {
        return switch (descriptorFormat()) {
            case 1 -> 6;
            case 2 -> 10;
            default -> 0;
        };
    }

    /// S1Fmt: 0 linear, 1 two levels with 64 descriptors in a leaf, 2 with 1024.
    int descriptorFormat() {
        int format = bits(word0, 5, 4);
        return format == 3 ? 0 : format;
    }

    /// S1CDMax, 0 if the unit has no substreams.
    int descriptorBits(SmmuCapabilities capabilities) {
        return capabilities.substreamBits() == 0 ? 0 : (int) (word0 >>> 59);
    }

    /// S1DSS
    int withoutSubstream() {
        int field = bits(word1, 1, 0);
        return field == 3 ? DSS_TERMINATE : field;
    }

    boolean forbidsStall() {
        return bit(word1, 27);
    }

    /// EATS, 0 if the unit has no ATS.
    int ats(SmmuCapabilities capabilities) {
        return capabilities.ats() ? bits(word1, 29, 28) : 0;
    }

    /// STRW: 0 EL1, 2 EL2; other values do not exist outside the secure state.
    int world() {
        return bits(word1, 31, 30);
    }

    /// MEV: events that repeat each other may be recorded once.
    boolean mergesEvents() {
        return bit(word1, 19);
    }

    /// PRIVCFG: 2 makes requests unprivileged, 3 privileged.
    int privilege() {
        return bits(word1, 49, 48);
    }

    /// INSTCFG: 2 makes reads data, 3 instruction fetches.
    int instruction() {
        return bits(word1, 51, 50);
    }

    int vmid() {
        return bits(word2, 15, 0);
    }

    int secondSizeField() {
        return bits(word2, 37, 32);
    }

    int secondStartField() {
        return bits(word2, 39, 38);
    }

    /// Ordinal of a [Granule], -1 if there is none.
    int secondGranule() {
        return Granule.ofTg0(bits(word2, 47, 46));
    }

    int secondOutputField() {
        return bits(word2, 50, 48);
    }

    boolean secondIsAarch64() {
        return bit(word2, 51);
    }

    boolean secondIsBigEndian() {
        return bit(word2, 52);
    }

    boolean secondIgnoresAccessFlag() {
        return bit(word2, 53);
    }

    boolean secondSetsDirtyState() {
        return bit(word2, 55);
    }

    boolean secondSetsAccessFlag() {
        return bit(word2, 56);
    }

    boolean secondStalls() {
        return bit(word2, 57);
    }

    boolean secondRecords() {
        return bit(word2, 58);
    }

    /// S2TTB as it stands, low bits included.
    long secondTable() {
        return word3 & (1L << 52) - 16;
    }

    /// Whether hardware takes it: V, a Config that the unit has, no illegal field.
    boolean isLegal(SmmuCapabilities capabilities) {
        if (!isValid()) {
            return false;
        }
        if (aborts()) {
            return true;
        }
        boolean stages =
                (!stage1() || capabilities.stage1()) && (!stage2() || capabilities.stage2());
        return stages
                && (!stage1() || stage1IsLegal(capabilities))
                && (!stage2() || stage2IsLegal(capabilities))
                && atsIsLegal(capabilities);
    }

    private boolean stage1IsLegal(SmmuCapabilities capabilities) {
        int substreams = descriptorBits(capabilities);
        if (substreams > capabilities.substreamBits()
                || substreams > 0
                        && descriptorFormat() != 0
                        && !capabilities.twoLevelDescriptors()) {
            return false;
        }
        if (forbidsStall() && !capabilities.choosesToStall()) {
            return false;
        }
        // Without EL2 streams STRW is reserved, with stage 2 it is ignored.
        if (capabilities.hypervisor() && !stage2() && (world() & 1) != 0) {
            return false;
        }
        return stage2()
                || !capabilities.isAtLeast(1)
                || descriptors() >>> capabilities.outputBits() == 0;
    }

    private boolean atsIsLegal(SmmuCapabilities capabilities) {
        return switch (ats(capabilities)) {
            case 0 -> true;
            case ATS_FULL -> !(stage2() && secondStalls());
            case ATS_SPLIT -> config() == 7 && !secondStalls();
            default -> false;
        };
    }

    private boolean stage2IsLegal(SmmuCapabilities capabilities) {
        int ordinal = secondGranule();
        if (ordinal < 0 || !secondIsAarch64()) {
            return false;
        }
        var granule = Granule.values()[ordinal];
        boolean httu =
                (!secondSetsDirtyState() || capabilities.setsDirtyState())
                        && (!secondSetsAccessFlag() || capabilities.setsAccessFlag());
        return httu
                && capabilities.has(granule)
                && capabilities.hasEndianness(secondIsBigEndian())
                && stallIsLegal(secondStalls(), capabilities)
                && secondTable() >>> secondOutputBits(granule, capabilities) == 0
                && secondShapeIsLegal(granule, capabilities);
    }

    static boolean stallIsLegal(boolean stalls, SmmuCapabilities capabilities) {
        return stalls ? capabilities.mayStall() : !capabilities.mustStall();
    }

    /// S2PS in bits, capped to what the unit and the granule have.
    int secondOutputBits(Granule granule, SmmuCapabilities capabilities) {
        int bits = capabilities.outputBits(secondOutputField());
        return granule == Granule.SIXTY_FOUR_KIB ? bits : Math.min(bits, 48);
    }

    int secondInputBits() {
        return 64 - secondSizeField();
    }

    /// S2SL0 as a number of levels, 0 if it means nothing.
    int secondLevels(Granule granule, SmmuCapabilities capabilities) {
        int field = secondStartField();
        if (granule == Granule.FOUR_KIB) {
            return field == 3 ? capabilities.smallTables() ? 1 : 0 : field + 2;
        }
        return field == 3 ? 0 : field + 1;
    }

    /// Spec: SMMUv3, "Stream Table Entry", S2T0SZ and S2SL0; VMSAv8-64, "Concatenated translation
    /// tables for the initial stage 2 lookup".
    private boolean secondShapeIsLegal(Granule granule, SmmuCapabilities capabilities) {
        int size = secondSizeField();
        int smallest =
                Math.max(
                        granule == Granule.SIXTY_FOUR_KIB ? 12 : 16,
                        64 - capabilities.intermediateBits());
        int largest = capabilities.smallTables() ? 48 : 39;
        int levels = secondLevels(granule, capabilities);
        if (size < smallest || size > largest || levels == 0) {
            return false;
        }
        int first = granule.firstIndexBits(secondInputBits(), levels);
        int most = granule.indexBits() + (levels == 4 ? 0 : 4);
        return first >= 1 && first <= most;
    }
}
