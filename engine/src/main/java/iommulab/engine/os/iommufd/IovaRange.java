package iommulab.engine.os.iommufd;

/// Addresses from the first to the last one, as unsigned numbers.
///
/// @param first iova
/// @param last iova, inclusive
public record IovaRange(long first, long last) {
    public static final IovaRange ALL = new IovaRange(0, -1);

    public boolean overlaps(IovaRange other) {
        return Long.compareUnsigned(first, other.last) <= 0
                && Long.compareUnsigned(other.first, last) <= 0;
    }

    public boolean contains(IovaRange other) {
        return Long.compareUnsigned(first, other.first) <= 0
                && Long.compareUnsigned(other.last, last) <= 0;
    }

    @Override
    public String toString() {
        return "0x%x-0x%x".formatted(first, last);
    }
}
