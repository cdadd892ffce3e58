package iommulab.engine.cache;

/// The cache of what belongs to one PASID of a device (VT-d: PASID cache; SMMUv3: context descriptors), by
/// requester and PASID.
///
/// Not thread-safe: one engine thread owns it. [#find] and [#insert] allocate nothing.
public final class PasidEntryCache {
    /*
     *   tag    63 filled | 62 no PASID | 51:20 requester | 19:0 PASID, ones if there is none
     *   word   what translation needs of the entry; the format decides, but it is never 0
     *   origin whatever else the format wants to see again
     */
    /// No line holds the entry.
    public static final long MISS = SetAssociativeCache.MISS;

    private static final long FILLED = 1L << 63;
    private static final long NO_PASID = 1L << 62;
    private static final int REQUESTER_SHIFT = 20;
    private static final long PASIDS = (1L << REQUESTER_SHIFT) - 1;

    private final SetAssociativeCache lines;

    /// @param seed of random replacement
    public PasidEntryCache(CacheGeometry geometry, long seed) {
        this(new SetAssociativeCache(geometry, seed));
    }

    private PasidEntryCache(SetAssociativeCache lines) {
        this.lines = lines;
    }

    public PasidEntryCache copy() {
        return new PasidEntryCache(lines.copy());
    }

    /// Empty, in another shape.
    public PasidEntryCache reshaped(CacheGeometry geometry) {
        return new PasidEntryCache(lines.reshaped(geometry));
    }

    /// As [#find], but looks only where the entry was seen last: after a miss, [#find] is to be asked.
    ///
    /// @param pasid 20 bits, or negative for none
    public long findByHint(int requester, int pasid) {
        return lines.lookupByHint(tag(requester, pasid));
    }

    /// @param requester 16 to 32 bits
    /// @param pasid 20 bits, or negative for none
    /// @return the first word of the entry, or [#MISS]
    public long find(int requester, int pasid) {
        return lines.lookup(tag(requester, pasid), index(requester, pasid));
    }

    /// What [#find] would give, without counting it.
    public long peek(int requester, int pasid) {
        return lines.peek(tag(requester, pasid), index(requester, pasid));
    }

    /// Second word of the entry; [#MISS] if there is none. No lookup: nothing is counted.
    public long originOf(int requester, int pasid) {
        return lines.originOf(tag(requester, pasid), index(requester, pasid));
    }

    /// Counts a lookup that found nothing.
    public void countMiss(int requester, int pasid) {
        lines.countMiss(index(requester, pasid));
    }

    /// First word of a filled line.
    public long word(int line) {
        return lines.word(line);
    }

    /// Second word of a filled line.
    public long origin(int line) {
        return lines.origin(line);
    }

    /// Fills a line with what [#find] did not find.
    ///
    /// @param word not 0
    public void insert(int requester, int pasid, long word, long origin) {
        lines.insert(tag(requester, pasid), index(requester, pasid), word, origin);
    }

    /// Removes everything.
    public int removeAll() {
        return lines.remove(_ -> true);
    }

    /// Chooses entries by requester, PASID and content.
    public interface EntryTest {
        /// @param pasid negative for none
        boolean covers(int requester, int pasid, long word);
    }

    /// Removes every entry that is covered.
    public int remove(EntryTest test) {
        int removed = 0;
        for (int line = 0; line < lines.lines(); line++) {
            if (lines.tag(line) != 0
                    && test.covers(requesterAt(line), pasidAt(line), lines.word(line))) {
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
        return (int) (lines.tag(line) >>> REQUESTER_SHIFT);
    }

    /// PASID of a filled line, -1 if it has none.
    public int pasidAt(int line) {
        long tag = lines.tag(line);
        return (tag & NO_PASID) != 0 ? -1 : (int) (tag & PASIDS);
    }

    private static long tag(int requester, int pasid) {
        long who = (requester & 0xffff_ffffL) << REQUESTER_SHIFT;
        return FILLED | who | pasid & (NO_PASID | PASIDS);
    }

    private static int index(int requester, int pasid) {
        return requester ^ requester >>> 3 ^ requester >>> 8 ^ pasid;
    }
}
