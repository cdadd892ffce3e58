package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.Spaces;

import org.jspecify.annotations.Nullable;

/// Everything that the requests of one stream (and substream) go through, worked out from a stream table
/// entry and the context descriptor that belongs to it. Never changes.
final class StreamContext {
    /// What becomes of a request.
    enum Kind {
        /// Stopped without an event.
        ABORT,
        /// The address stays as it is.
        BYPASS,
        FIRST,
        SECOND,
        NESTED,
        /// Stopped: requests of this stream must have a substream.
        DISABLED,
        /// Nobody has asked for the context descriptor yet.
        UNREAD
    }

    private final ContextSource source;
    private final Half lower;
    private final Half upper;
    private final Second second;
    private final boolean overrides;

    /// @param spaces that give the numbers of its tags
    StreamContext(ContextSource source, SmmuCapabilities capabilities, Spaces spaces) {
        this.source = source;
        lower = Half.of(0, source, capabilities, spaces);
        upper = Half.of(1, source, capabilities, spaces);
        second = Second.of(source.stream(), capabilities, spaces);
        overrides =
                capabilities.overridesPermissions()
                        && (source.stream().privilege() >= 2 || source.stream().instruction() >= 2);
    }

    ContextSource source() {
        return source;
    }

    Kind kind() {
        return source.kind();
    }

    StreamEntry stream() {
        return source.stream();
    }

    @Nullable ContextDescriptor descriptor() {
        return source.descriptor();
    }

    /// One half of the address space of stage 1.
    Half half(long iova) {
        return (iova >>> 55 & 1) == 0 ? lower : upper;
    }

    Second second() {
        return second;
    }

    boolean isNested() {
        return kind() == Kind.NESTED;
    }

    /// Whether another context was made of the same entries, whatever numbers its tags have.
    boolean isMadeOf(StreamContext other) {
        return source.equals(other.source);
    }

    /// What people call the domain: the VMID, or the ASID of a stage 1 alone; -1 if there is neither.
    int domain(SmmuCapabilities capabilities) {
        return switch (kind()) {
            case SECOND, NESTED -> vmid(stream(), capabilities);
            case FIRST -> asid(capabilities);
            case ABORT, BYPASS, DISABLED, UNREAD -> -1;
        };
    }

    private int asid(SmmuCapabilities capabilities) {
        var descriptor = source.descriptor();
        if (descriptor == null) {
            return -1;
        }
        return source.world().hasAsids() ? descriptor.asid(capabilities) : 0;
    }

    /// The table at which its walks begin, 0 if there is none; of the lower half, if that is walked.
    long firstTable() {
        return switch (kind()) {
            case SECOND -> second.table();
            case FIRST, NESTED -> lower.enabled() ? lower.table() : upper.table();
            case ABORT, BYPASS, DISABLED, UNREAD -> 0;
        };
    }

    /// The tag of translations that are found for an address.
    int space(long iova) {
        return kind() == Kind.SECOND ? second.space() : half(iova).space();
    }

    /// Owner of all its spaces.
    static int vmid(StreamEntry stream, SmmuCapabilities capabilities) {
        return capabilities.stage2() ? stream.vmid() & (1 << capabilities.vmidBits()) - 1 : 0;
    }

    // ---- what the caches of streams and descriptors keep

    /*
     *   63 slow: not the plain way | 62 always set | 47:32 number of the context
     *   31:16 space of the upper half | 15:0 space of the lower half
     */
    private static final long SLOW = 1L << 63;
    private static final long FILLED = 1L << 62;
    private static final int NUMBER_AT = 32;
    private static final int UPPER_AT = 16;

    /// The word of a cache line.
    ///
    /// @param number of this context, 16 bits
    long word(int number) {
        boolean plain =
                switch (kind()) {
                    case FIRST, SECOND, NESTED -> !overrides && hasPrivileges();
                    case ABORT, BYPASS, DISABLED, UNREAD -> false;
                };
        boolean alone = kind() == Kind.SECOND;
        // Stage 2 has no upper half: nothing is ever tagged with this space.
        long upperSpace = alone ? Tag.NO_SPACE : upper.space();
        long lowerSpace = alone ? second.space() : lower.space();
        return (plain ? 0 : SLOW)
                | FILLED
                | (long) number << NUMBER_AT
                | upperSpace << UPPER_AT
                | lowerSpace;
    }

    /// Number of the context that a word names.
    static int number(long word) {
        return (int) (word >>> NUMBER_AT) & 0xffff;
    }

    /// Space for an address whose bits 63:55 are equal.
    static int space(long word, long iova) {
        return (int) (word >>> (iova >>> 59 & UPPER_AT)) & 0xffff;
    }

    /// Whether requests with and without privilege are told apart.
    boolean hasPrivileges() {
        return source.world().hasPrivileges();
    }

    /// Whether PRIVCFG or INSTCFG change the requests.
    boolean overrides() {
        return overrides;
    }

    // ---- how faults are told

    boolean records(boolean secondStage) {
        var descriptor = source.descriptor();
        return secondStage ? stream().secondRecords() : descriptor == null || descriptor.records();
    }

    boolean stalls(boolean secondStage) {
        var descriptor = source.descriptor();
        return secondStage ? stream().secondStalls() : descriptor != null && descriptor.stalls();
    }
}
