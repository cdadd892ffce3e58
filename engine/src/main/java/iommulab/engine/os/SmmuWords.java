package iommulab.engine.os;

import iommulab.engine.iommu.smmuv3.SmmuCapabilities;
import iommulab.engine.os.device.GuestEntry;

/// What an SMMUv3's driver writes into stream table entries and context descriptors.
/// Source: kernel `arm_smmu_make_s2_domain_ste`, `arm_smmu_make_cdtable_ste`, `arm_smmu_make_s1_cd`,
/// `arm_smmu_make_nested_domain_ste`.
///
/// @param capabilities of the unit
record SmmuWords(SmmuCapabilities capabilities, DomainWishes wishes) {
    /* Stream table entry. */
    private static final long VALID = 1;
    private static final long CONFIG = 7 << 1;
    private static final long BYPASS = 4 << 1;
    private static final long STAGE_1_ON = 5 << 1;
    private static final long STAGE_2_ON = 6 << 1;
    private static final long TWO_LEVEL_DESCRIPTORS = 1 << 4;
    private static final int DESCRIPTOR_COUNT_AT = 59;
    private static final long OWN_BYPASSES_STAGE_1 = 1;
    private static final long OWN_USES_DESCRIPTOR_0 = 2;
    private static final long RESPONSES_WITH_SUBSTREAM = 1 << 18;
    private static final long MERGES_EVENTS = 1 << 19;
    private static final long FULL_ATS = 1 << 28;
    private static final long ATS = 3 << 28;
    private static final long INCOMING_ATTRIBUTES = 1L << 44;
    private static final long WALK_ATTRIBUTES = 1L << 40 | 1L << 42 | 3L << 44;
    private static final long TABLES_OF_64_BITS = 1L << 51;
    private static final long RECORD_STAGE_2 = 1L << 58;
    private static final long MARKS_STAGE_2 = 3L << 55;

    /* Context descriptor. */
    private static final long DESCRIPTOR =
            1L << 8 | 1L << 10 | 3L << 12 | 1L << 30 | 1L << 31 | 1L << 41 | 1L << 45 | 1L << 46
                    | 1L << 47;

    private static final long MARKS_STAGE_1 = 3L << 42;

    /// The entry of a stream.
    ///
    /// @param own what requests without substream use
    /// @param directory address of the upper table of context descriptors, 0 for none
    /// @param substreamBits that the table reaches
    /// @param deviceTlb whether the device may have a TLB
    long[] stream(Translation own, long directory, int substreamBits, boolean deviceTlb) {
        var guest = own.guest();
        return guest == null
                ? ofHost(own, directory, substreamBits, deviceTlb)
                : ofGuest(guest, own, deviceTlb);
    }

    /// What the guest's entry says, through the second stage of the guest. One that is not valid stops
    /// requests.
    private long[] ofGuest(GuestEntry guest, Translation own, boolean deviceTlb) {
        long config = (guest.low() & VALID) == 0 ? 0 : guest.low() & CONFIG;
        if (config == 0) {
            return new long[] {VALID, 0, 0, 0, 0, 0, 0, 0};
        }
        boolean ats = config == STAGE_1_ON && (guest.high() & ATS) == FULL_ATS;
        long[] words = ofHost(own, 0, 0, deviceTlb && ats);
        if (config == STAGE_1_ON) {
            words[0] |= guest.low();
            words[1] |= guest.high() & ~ATS | MERGES_EVENTS;
        }
        return words;
    }

    private long[] ofHost(Translation own, long directory, int substreamBits, boolean deviceTlb) {
        long first = VALID | (own.hasSecond() ? STAGE_2_ON : BYPASS);
        long second = INCOMING_ATTRIBUTES;
        if (deviceTlb) {
            second |= FULL_ATS | RESPONSES_WITH_SUBSTREAM;
        }
        if (directory != 0) {
            first |=
                    STAGE_1_ON
                            | TWO_LEVEL_DESCRIPTORS
                            | directory
                            | (long) substreamBits << DESCRIPTOR_COUNT_AT;
            second |= own.hasFirst() ? OWN_USES_DESCRIPTOR_0 : OWN_BYPASSES_STAGE_1;
        }
        long third = 0;
        long fourth = 0;
        if (own.hasSecond()) {
            int levels = own.secondLevels();
            int bits = Math.min(12 + 9 * levels, capabilities.intermediateBits());
            third =
                    own.parentTag()
                            | (long) (64 - bits) << 32
                            | (long) (levels - 2) << 38
                            | WALK_ATTRIBUTES
                            | outputSize() << 48
                            | TABLES_OF_64_BITS
                            | RECORD_STAGE_2
                            | (wishes.tracks(own.parentTag()) ? MARKS_STAGE_2 : 0);
            fourth = own.second();
        }
        return new long[] {first, second, third, fourth, 0, 0, 0, 0};
    }

    /// The entry of a stream whose requests without substream are terminated (S1DSS 0).
    static long[] blocked(long directory, int substreamBits) {
        long first =
                VALID
                        | STAGE_1_ON
                        | TWO_LEVEL_DESCRIPTORS
                        | directory
                        | (long) substreamBits << DESCRIPTOR_COUNT_AT;
        return new long[] {first, INCOMING_ATTRIBUTES, 0, 0, 0, 0, 0, 0};
    }

    /// The descriptor of a substream.
    long[] descriptor(Translation to) {
        long size = 64 - Math.min(48, 12 + 9 * to.firstLevels());
        return new long[] {
            DESCRIPTOR
                    | (wishes.tracks(to.tag()) ? MARKS_STAGE_1 : 0)
                    | size
                    | Math.min(5, outputSize()) << 32
                    | (long) to.tag() << 48,
            to.first(),
            0,
            0xffL,
            0,
            0,
            0,
            0
        };
    }

    private long outputSize() {
        return capabilities.idr5() & 7;
    }
}
