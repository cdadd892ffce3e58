package iommulab.engine.os;

import iommulab.engine.os.device.GuestEntry;

/// What an AMD IOMMU's driver writes into device table entries and GCR3 tables. Source: kernel
/// `set_dte_entry`, `set_dte_nested`.
record AmdWords(DomainWishes wishes) {
    /// Tables of guest tables by PASID.
    static final PasidDirectory.Shape GCR3 =
            new PasidDirectory.Shape() {
                @Override
                public int leafBits() {
                    return 9;
                }

                @Override
                public int entryBytes() {
                    return 8;
                }

                @Override
                public long pointer(long table) {
                    return table | 1;
                }
            };

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

    /* What a guest decides of the first word: PPR, GIoV, GLX, GCR3[14:12]; of the second the rest of GCR3. */
    private static final long GUESTS_LOW =
            PAGE_REQUESTS | GUEST_WITHOUT_PASID | 3L << 56 | 7L << 58;
    private static final long GUESTS_HIGH = 0xffffL << 16 | -1L << 43;

    /* Second word. */
    private static final long DEVICE_TLB = 1L << 32;

    /* Third word. */
    private static final long PAGING_MODE = 3L << 54;
    private static final long FIVE_GUEST_LEVELS = 1L << 54;

    /// All requests fault.
    static final long STOPPED = VALID | TRANSLATION_VALID;

    /// Requests may read and write.
    static final long RUNNING = STOPPED | READ | WRITE;

    /// The first three words of a device's entry.
    ///
    /// @param directory hpa of the GCR3 table, 0 for none
    /// @param guestLevels of all guest tables of the device
    long[] device(Translation own, long directory, int guestLevels, DeviceServices granted) {
        long first =
                RUNNING
                        | own.second()
                        | (own.hasSecond() && wishes.tracks(own.parentTag()) ? MARKS_HOST : 0)
                        | (long) own.secondLevels() << MODE_AT;
        long second = own.tag();
        if (directory != 0) {
            first |= (own.hasFirst() ? GUEST_WITHOUT_PASID : 0) | gcr3Low(directory);
            second |= gcr3High(directory);
        }
        first |= granted.pageRequests() ? PAGE_REQUESTS | RESPONSES_WITH_PASID : 0;
        second |= granted.deviceTlb() ? DEVICE_TLB : 0;
        var guest = own.guest();
        return guest == null
                ? new long[] {first, second, paging(guestLevels)}
                : ofGuest(guest, first, second);
    }

    /// What the guest's entry says, above the host table of the guest. Guest translation is on whatever it
    /// says of that.
    private static long[] ofGuest(GuestEntry guest, long first, long second) {
        return new long[] {
            first | GUEST_VALID | guest.low() & GUESTS_LOW,
            second | guest.high() & GUESTS_HIGH,
            guest.third() & PAGING_MODE
        };
    }

    /// Where a GCR3 table of two levels is, in the first word.
    static long gcr3Low(long directory) {
        return GUEST_VALID | TWO_GCR3_LEVELS | (directory >>> 12 & 7) << 58;
    }

    /// The same in the second word.
    static long gcr3High(long directory) {
        return (directory >>> 15 & 0xffff) << 16 | (directory >>> 31 & 0x1f_ffff) << 43;
    }

    /// The third word: how deep guest tables are.
    static long paging(int guestLevels) {
        return guestLevels == 5 ? FIVE_GUEST_LEVELS : 0;
    }

    static int guestLevels(GuestEntry entry) {
        return 4 + (int) ((entry.third() & PAGING_MODE) >>> 54);
    }

    /// The entry of a PASID in a GCR3 table.
    static long[] gcr3Entry(Translation to) {
        return new long[] {to.first() | VALID};
    }
}
