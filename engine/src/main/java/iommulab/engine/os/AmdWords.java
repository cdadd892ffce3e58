package iommulab.engine.os;

/// What an AMD IOMMU's driver writes into device table entries. Source: kernel `set_dte_entry`.
record AmdWords(DomainWishes wishes) {
    /* First word. */
    private static final long VALID = 1;
    private static final long TRANSLATION_VALID = 1 << 1;
    private static final int MODE_AT = 9;
    private static final long GUEST_WITHOUT_PASID = 1L << 54;
    private static final long GUEST_VALID = 1L << 55;
    private static final long TWO_GCR3_LEVELS = 1L << 56;
    private static final long PAGE_REQUESTS = 1L << 52;
    private static final long RESPONSES_WITH_PASID = 1L << 53;
    private static final long MARKS_HOST = 3 << 7;
    private static final long READ = 1L << 61;
    private static final long WRITE = 1L << 62;

    /* Second word. */
    private static final long DEVICE_TLB = 1L << 32;

    /* Third word. */
    private static final long FIVE_GUEST_LEVELS = 1L << 54;

    /// All requests fault.
    static final long STOPPED = VALID | TRANSLATION_VALID;

    /// The first three words of a device's entry.
    ///
    /// @param directory hpa of the GCR3 table, 0 for none
    /// @param guestLevels of all guest tables of the device
    long[] device(Translation own, long directory, int guestLevels, DeviceServices granted) {
        long first =
                STOPPED
                        | READ
                        | WRITE
                        | own.second()
                        | (own.hasSecond() && wishes.tracks(own.parentTag()) ? MARKS_HOST : 0)
                        | (long) own.secondLevels() << MODE_AT;
        long second = own.tag();
        if (directory != 0) {
            first |=
                    GUEST_VALID
                            | TWO_GCR3_LEVELS
                            | (own.hasFirst() ? GUEST_WITHOUT_PASID : 0)
                            | (directory >>> 12 & 7) << 58;
            second |= (directory >>> 15 & 0xffff) << 16 | (directory >>> 31 & 0x1f_ffff) << 43;
        }
        first |= granted.pageRequests() ? PAGE_REQUESTS | RESPONSES_WITH_PASID : 0;
        second |= granted.deviceTlb() ? DEVICE_TLB : 0;
        return new long[] {first, second, paging(guestLevels)};
    }

    /// The third word: how deep guest tables are.
    static long paging(int guestLevels) {
        return guestLevels == 5 ? FIVE_GUEST_LEVELS : 0;
    }
}
