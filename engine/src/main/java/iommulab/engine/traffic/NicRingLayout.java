package iommulab.engine.traffic;

/// How a network card's ring lies in memory. Descriptors have 16 bytes: the buffer's iova; then the
/// length in 15:0, the status in 39:32 and the errors in 47:40 (the legacy descriptor of common cards).
///
/// @param pattern what the driver was asked to set up
record NicRingLayout(Pattern.NicRing pattern) {
    static final int DESCRIPTOR_BYTES = 16;
    static final long LENGTH = 0xffff;

    /// Descriptor done, end of packet.
    static final long DONE = 3L << 32;

    /// The data could not be moved.
    static final long DATA_ERROR = 1L << 47;

    private static final int LINE = 64;

    long descriptor(long index) {
        return pattern.ring() + index * DESCRIPTOR_BYTES;
    }

    long ringBytes() {
        return (long) pattern.descriptors() * DESCRIPTOR_BYTES;
    }

    /// Buffers start at whole cache lines.
    long buffer(long index) {
        return pattern.buffers() + index * ((pattern.bufferBytes() + LINE - 1L) & -LINE);
    }

    long bufferSpan() {
        return buffer(pattern.descriptors() - 1L) + pattern.bufferBytes() - pattern.buffers();
    }
}
