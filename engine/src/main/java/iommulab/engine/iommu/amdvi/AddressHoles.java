package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.Iotlb;

/// The ranges of device addresses that are not simply translated: the interrupt window, the ranges of
/// system management and of port I/O, and the exclusion range that software sets. No translation of an
/// address in them is ever cached, so that a hit need not ask.
/// Spec: AMD IOMMU, "I/O Virtual Address Ranges With Special Meaning", "Exclusion Range".
///
/// @param firstExcluded 1 if there is no exclusion range
/// @param lastExcluded last address, 0 if there is no exclusion range
/// @param excludedForAll whether the exclusion range is every device's; else DTE.EX says whose
record AddressHoles(long firstExcluded, long lastExcluded, boolean excludedForAll) {
    /// Without exclusion range.
    static final AddressHoles NONE = new AddressHoles(1, 0, false);

    private static final long FIRST_INTERRUPT = 0xfee0_0000L;
    private static final long LAST_INTERRUPT = 0xfeef_ffffL;
    private static final long FIRST_MANAGEMENT = 0xfd_f910_0000L;
    private static final long LAST_MANAGEMENT = 0xfd_f91f_ffffL;
    private static final long FIRST_PORT = 0xfd_fc00_0000L;
    private static final long LAST_PORT = 0xfd_fdff_ffffL;
    private static final int SMALLEST_SHIFT = 12;
    private static final long PAGE_SHIFT = 63L << Iotlb.PAGE_SHIFT_AT;

    /// @param base exclusion base register
    /// @param limit exclusion limit register
    static AddressHoles of(long base, long limit) {
        long first = base & -4096L;
        return (base & 1) == 0
                ? NONE
                : new AddressHoles(first, limit & -4096L | 4095, (base & 2) != 0);
    }

    static boolean isInterrupt(long iova) {
        return iova >>> 20 == FIRST_INTERRUPT >>> 20;
    }

    static boolean isManagement(long iova) {
        return iova >= FIRST_MANAGEMENT && iova <= LAST_MANAGEMENT;
    }

    static boolean isPort(long iova) {
        return iova >= FIRST_PORT && iova <= LAST_PORT;
    }

    boolean isExcluded(long iova) {
        return iova >= firstExcluded && iova <= lastExcluded;
    }

    /// A translation as it may be cached: cut down to 4 KiB if its page reaches into a hole.
    ///
    /// @param leaf see [iommulab.engine.iommu.TableEntry]
    /// @param hpa to which it translates `iova`
    /// @return 0 if it may not be cached: `iova` itself lies in a hole
    long cachable(long leaf, long iova, long hpa) {
        if (Iotlb.pageShift(leaf) == SMALLEST_SHIFT) {
            return isHole(iova) ? 0 : leaf;
        }
        long pageMask = (1L << Iotlb.pageShift(leaf)) - 1;
        long first = iova & ~pageMask;
        long last = iova | pageMask;
        if (!touchesHole(first, last)) {
            return leaf;
        }
        if (isHole(iova) || (hpa & ~Iotlb.ADDRESS & -4096L) != 0) {
            return 0;
        }
        return leaf & ~PAGE_SHIFT | hpa & Iotlb.ADDRESS | SMALLEST_SHIFT << Iotlb.PAGE_SHIFT_AT;
    }

    /// Every hole starts and ends with a page of 4 KiB.
    private boolean isHole(long iova) {
        return isInterrupt(iova) || isManagement(iova) || isPort(iova) || isExcluded(iova);
    }

    private boolean touchesHole(long first, long last) {
        return touches(first, last, FIRST_INTERRUPT, LAST_INTERRUPT)
                || touches(first, last, FIRST_MANAGEMENT, LAST_MANAGEMENT)
                || touches(first, last, FIRST_PORT, LAST_PORT)
                || lastExcluded != 0 && touches(first, last, firstExcluded, lastExcluded);
    }

    private static boolean touches(long first, long last, long holeFirst, long holeLast) {
        return Long.compareUnsigned(first, holeLast) <= 0
                && Long.compareUnsigned(holeFirst, last) <= 0;
    }
}
