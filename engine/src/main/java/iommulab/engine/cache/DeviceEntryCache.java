package iommulab.engine.cache;

/// The cache of device entries (VT-d: context cache), by requester.
///
/// Not thread-safe: one engine thread owns it. [#find] and [#insert] allocate nothing.
public final class DeviceEntryCache {
    /*
     *   tag    63 filled | 31:0 requester
     *   word   what translation needs of the entry; the format decides, but it is never 0
     *   origin whatever else the format wants to see again
     *
     * Most devices have function 0 only; the set is folded from all bits of the requester, so that they
     * do not all fall into one set.
     */
    /// No line holds the requester's entry.
    public static final long MISS = SetAssociativeCache.MISS;

    private static final long FILLED = 1L << 63;
    private static final long REQUESTERS = 0xffff_ffffL;

    private final SetAssociativeCache lines;

    /// @param seed of random replacement
    public DeviceEntryCache(CacheGeometry geometry, long seed) {
        this(new SetAssociativeCache(geometry, seed));
    }

    private DeviceEntryCache(SetAssociativeCache lines) {
        this.lines = lines;
    }

    public DeviceEntryCache copy() {
        return new DeviceEntryCache(lines.copy());
    }

    /// Empty, in another shape.
    public DeviceEntryCache reshaped(CacheGeometry geometry) {
        return new DeviceEntryCache(lines.reshaped(geometry));
    }

    /// As [#find], but looks only where the requester was seen last: after a miss, [#find] is to be asked.
    ///
    /// @param requester as the architecture numbers devices: 16 to 32 bits
    public long findByHint(int requester) {
        return lines.lookupByHint(FILLED | requester & REQUESTERS);
    }

    /// @param requester as the architecture numbers devices: 16 to 32 bits
    /// @return the first word of its entry, or [#MISS]
    public long find(int requester) {
        return lines.lookup(FILLED | requester & REQUESTERS, index(requester));
    }

    /// Second word of the entry of a requester; [#MISS] if there is none. No lookup: nothing is counted.
    public long originOf(int requester) {
        return lines.originOf(FILLED | requester & REQUESTERS, index(requester));
    }

    /// What [#find] would give, without counting it.
    public long peek(int requester) {
        return lines.peek(FILLED | requester & REQUESTERS, index(requester));
    }

    /// Counts a lookup that found nothing.
    public void countMiss(int requester) {
        lines.countMiss(index(requester));
    }

    /// First word of a filled line.
    public long word(int line) {
        return lines.word(line);
    }

    /// Second word of a filled line.
    public long origin(int line) {
        return lines.origin(line);
    }

    /// @param word not 0
    public void insert(int requester, long word, long origin) {
        lines.insert(FILLED | requester & REQUESTERS, index(requester), word, origin);
    }

    /// Removes everything.
    public int removeAll() {
        return lines.remove(_ -> true);
    }

    /// Chooses entries by requester and content.
    public interface EntryTest {
        boolean covers(int requester, long word);
    }

    /// Removes every entry that is covered.
    public int remove(EntryTest test) {
        int removed = 0;
        for (int line = 0; line < lines.lines(); line++) {
            if (lines.tag(line) != 0 && test.covers(requesterAt(line), lines.word(line))) {
                lines.remove(line);
                removed++;
            }
        }
        return removed;
    }

    /// Sets, ways, statistics.
    public SetAssociativeCache lines() {
        return lines;
    }

    /// Requester of a filled line.
    public int requesterAt(int line) {
        return (int) lines.tag(line);
    }

    private static int index(int requester) {
        return requester ^ requester >>> 3 ^ requester >>> 8;
    }
}
