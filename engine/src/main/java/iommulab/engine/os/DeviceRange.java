package iommulab.engine.os;

import iommulab.engine.memory.AddressRange;

/// What a device is told to forget: messages to devices name a range of two to some power bytes, aligned to
/// its size. Spec: PCI Express, "ATS Invalidate Requests".
final class DeviceRange {
    /// Everything.
    static final AddressRange ALL = new AddressRange(0, -1);

    private static final int PAGE_SHIFT = 12;

    private DeviceRange() {}

    /// Log2 of the size of the smallest such range that covers another.
    static int shift(AddressRange range) {
        long differing = range.start() ^ range.last();
        return Math.max(PAGE_SHIFT, Long.SIZE - Long.numberOfLeadingZeros(differing));
    }

    static long start(AddressRange range) {
        int shift = shift(range);
        return shift >= Long.SIZE ? 0 : range.start() & -1L << shift;
    }

    /// The range that an invalidation by hand covers.
    static AddressRange of(Invalidation.DeviceTlb what) {
        if (what.addressMask() >= Invalidation.ALL_PAGES) {
            return ALL;
        }
        long bytes = 1L << what.addressMask() + PAGE_SHIFT;
        return AddressRange.of(what.iova() & -bytes, bytes);
    }
}
