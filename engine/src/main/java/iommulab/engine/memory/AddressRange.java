package iommulab.engine.memory;

/// A run of addresses, both ends included, compared unsigned.
///
/// @param start first address
/// @param last last address, not below `start`
public record AddressRange(long start, long last) {
    public AddressRange {
        if (Long.compareUnsigned(last, start) < 0) {
            throw new IllegalArgumentException(
                    "range 0x%x to 0x%x ends before it starts".formatted(start, last));
        }
    }

    /// @param bytes length, at least 1
    public static AddressRange of(long start, long bytes) {
        return new AddressRange(start, start + bytes - 1);
    }

    public boolean contains(long address) {
        return Long.compareUnsigned(address, start) >= 0
                && Long.compareUnsigned(address, last) <= 0;
    }

    public boolean overlaps(AddressRange other) {
        return Long.compareUnsigned(start, other.last) <= 0
                && Long.compareUnsigned(other.start, last) <= 0;
    }

    /// Length in bytes; 0 stands for 2^64.
    public long bytes() {
        return last - start + 1;
    }

    /// `0x1000-0x1fff`
    @Override
    public String toString() {
        return "0x%x-0x%x".formatted(start, last);
    }
}
