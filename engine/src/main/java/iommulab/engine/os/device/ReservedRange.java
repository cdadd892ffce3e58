package iommulab.engine.os.device;

/// Addresses that are not free for mappings of a device.
///
/// @param start first iova
/// @param last last iova, inclusive
/// Source: kernel `struct iommu_resv_region`.
public record ReservedRange(long start, long last, Kind kind) {

    /// Why a range is reserved.
    public enum Kind {
        RESERVED("reserved"),
        /// hardware takes writes there for interrupts
        MSI("msi"),
        /// software puts the page there that takes interrupts
        SW_MSI("sw_msi"),
        /// firmware uses it by DMA: it has to be mapped one to one
        DIRECT("direct"),
        /// firmware used it by DMA, and a driver may take over
        DIRECT_RELAXABLE("direct_relaxable");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        public String words() {
            return words;
        }
    }

    public boolean overlaps(long first, long end) {
        return Long.compareUnsigned(start, end) <= 0 && Long.compareUnsigned(first, last) <= 0;
    }

    /// `0xfee00000-0xfeefffff (msi)`
    @Override
    public String toString() {
        return "0x%x-0x%x (%s)".formatted(start, last, kind.words());
    }

    /// Whether another one, of whatever kind, has the same addresses.
    boolean isSameRange(ReservedRange other) {
        return start == other.start && last == other.last;
    }
}
