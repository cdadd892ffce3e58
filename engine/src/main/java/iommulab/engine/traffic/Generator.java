package iommulab.engine.traffic;

/// A device at work: makes one request after the other. All that it remembers is in [#state], so that it
/// can be set back and hashed. [#next] and [#finish] allocate nothing.
abstract sealed class Generator permits PlainGenerator, NicGenerator, NvmeGenerator {
    private static final long PAGE_BYTES = 4096;

    /// State word of the random numbers; the others are the generator's own.
    private static final int RANDOM = 0;

    final int requestBytes;
    final long[] state;
    private final int writePercent;

    Generator(TrafficSource source, int stateWords) {
        requestBytes = source.requestBytes();
        writePercent = source.writePercent();
        state = new long[1 + stateWords];
        state[RANDOM] = source.seed();
    }

    /// Fills a slot with the next request.
    abstract void next(DmaSlot slot);

    /// Takes note of how the request of [#next] ended.
    ///
    /// @param reached whether it was carried out; a read then has its words in the slot
    /// @return whether the device takes this for an error
    abstract boolean finish(DmaSlot slot, boolean reached);

    final long random() {
        long next = SplitMix.next(state[RANDOM]);
        state[RANDOM] = next;
        return SplitMix.bits(next);
    }

    /// Whether the next request writes, as the source's share of writes wants it.
    final boolean writes() {
        return writes(random());
    }

    final boolean writes(long bits) {
        return (bits & 0xffff_ffffL) * 100 >>> 32 < writePercent;
    }

    /// As much of a request as lies before the end of its page.
    static int withinPage(long iova, long bytes) {
        return (int) Math.min(bytes, PAGE_BYTES - (iova & PAGE_BYTES - 1));
    }
}
