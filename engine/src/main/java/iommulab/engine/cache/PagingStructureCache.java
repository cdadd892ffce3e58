package iommulab.engine.cache;

/// The paging-structure cache of one level: entries that point to a lower table, tagged by address space
/// (see [Iotlb]) and the part of the iova that is translated above that table.
///
/// Not thread-safe: one engine thread owns it. [#find] and [#insert] allocate nothing.
public final class PagingStructureCache {
    /*
     *   tag   63 filled | 60:45 space | 44:0 iova >> shift
     *   word  see iommu.TableEntry: 55:12 the lower table | 10:5 its level | rights down to this level
     */
    /// No line holds the entry.
    public static final long MISS = SetAssociativeCache.MISS;

    private static final long FILLED = 1L << 63;
    private static final int SPACE_SHIFT = 45;
    private static final long PREFIXES = (1L << SPACE_SHIFT) - 1;

    private final int level;
    private final int shift;
    private final SetAssociativeCache lines;

    /// @param level of the entries in it, from 2; level 1 holds leaves only
    /// @param shift bits of the iova below those that choose an entry of this level, from 21
    /// @param seed of random replacement
    public PagingStructureCache(int level, int shift, CacheGeometry geometry, long seed) {
        this(level, shift, new SetAssociativeCache(geometry, seed));
    }

    private PagingStructureCache(int level, int shift, SetAssociativeCache lines) {
        this.level = level;
        this.shift = shift;
        this.lines = lines;
    }

    public PagingStructureCache copy() {
        return new PagingStructureCache(level, shift, lines.copy());
    }

    /// Empty, in another shape.
    public PagingStructureCache reshaped(CacheGeometry geometry) {
        return new PagingStructureCache(level, shift, lines.reshaped(geometry));
    }

    public int level() {
        return level;
    }

    /// @param space 16 bits
    /// @return the entry of this level for the iova: see [#table], [#rights]; or [#MISS]
    public long find(int space, long iova) {
        long prefix = iova >>> shift;
        long word = lines.lookup(tag(space, prefix), prefix ^ space);
        if (word == MISS) {
            lines.countMiss(prefix ^ space);
        }
        return word;
    }

    /// What a filled line gives, as [#find].
    public long word(int line) {
        return lines.word(line);
    }

    /// The lower table.
    public static long table(long word) {
        return word & Iotlb.ADDRESS;
    }

    /// As in [Iotlb#rights].
    public static long rights(long word) {
        return word & Iotlb.RIGHTS;
    }

    /// Fills a line with what [#find] did not find.
    ///
    /// @param entry with the rights of all levels from the top to this one, not 0
    /// @param origin where the entry came from; not interpreted
    public void insert(int space, long iova, long entry, long origin) {
        long prefix = iova >>> shift;
        lines.insert(tag(space, prefix), prefix ^ space, entry, origin);
    }

    /// Removes everything.
    public int removeAll() {
        return lines.remove(_ -> true);
    }

    /// Removes every entry of a space.
    public int removeSpace(int space) {
        return lines.remove(tag -> spaceOf(tag) == space);
    }

    /// Removes every entry of a space on the way to a range.
    ///
    /// @param addressMask the range has 2^addressMask pages and is aligned to its size
    public int removePages(int space, long iova, int addressMask) {
        return remove((other, _) -> other == space, iova, addressMask);
    }

    /// Removes every covered entry.
    public int remove(Iotlb.LineTest test) {
        int removed = 0;
        for (int line = 0; line < lines.lines(); line++) {
            if (lines.tag(line) != 0 && test.covers(spaceAt(line), word(line))) {
                lines.remove(line);
                removed++;
            }
        }
        return removed;
    }

    /// Removes every covered entry on the way to a range.
    ///
    /// @param addressMask the range has 2^addressMask pages and is aligned to its size
    public int remove(Iotlb.LineTest test, long iova, int addressMask) {
        int bits = shift - 12;
        int removed = 0;
        for (int line = 0; line < lines.lines(); line++) {
            if (lines.tag(line) != 0
                    && Ranges.touch(iovaAt(line) >>> 12, bits, iova >>> 12, addressMask)
                    && test.covers(spaceAt(line), word(line))) {
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

    /// Space of a filled line.
    public int spaceAt(int line) {
        return spaceOf(lines.tag(line));
    }

    /// First iova that a filled line serves.
    public long iovaAt(int line) {
        return (lines.tag(line) & PREFIXES) << shift;
    }

    /// Bytes of iova that one line serves.
    public long coveredBytes() {
        return 1L << shift;
    }

    private static long tag(int space, long prefix) {
        return FILLED | (long) space << SPACE_SHIFT | prefix;
    }

    private static int spaceOf(long tag) {
        return (int) (tag >>> SPACE_SHIFT) & 0xffff;
    }
}
