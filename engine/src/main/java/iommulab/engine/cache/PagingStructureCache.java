package iommulab.engine.cache;

/// The paging-structure cache of one level: entries that point to the next lower table, tagged by domain
/// and the part of the iova that is translated above that table.
///
/// Not thread-safe: one engine thread owns it. [#find] and [#insert] allocate nothing.
public final class PagingStructureCache {
    /*
     *   tag   63 filled | 60:45 domain | 44:0 iova >> (12 + 9 * (level - 1))
     *   word  51:12 next table, hpa | 2 always set | 1 write | 0 read: rights down to this level
     */
    /// No line holds the entry.
    public static final long MISS = SetAssociativeCache.MISS;

    private static final long FILLED = 1L << 63;
    private static final long FILLED_WORD = 1 << 2;
    private static final int DOMAIN_SHIFT = 45;
    private static final long PREFIXES = (1L << DOMAIN_SHIFT) - 1;

    private final int level;
    private final int shift;
    private final SetAssociativeCache lines;

    /// @param level of the entries in it, 2 to 5; level 1 holds leaves only
    /// @param seed of random replacement
    public PagingStructureCache(int level, CacheGeometry geometry, long seed) {
        this(level, new SetAssociativeCache(geometry, seed));
    }

    private PagingStructureCache(int level, SetAssociativeCache lines) {
        this.level = level;
        this.lines = lines;
        shift = 12 + 9 * (level - 1);
    }

    public PagingStructureCache copy() {
        return new PagingStructureCache(level, lines.copy());
    }

    /// Empty, in another shape.
    public PagingStructureCache reshaped(CacheGeometry geometry) {
        return new PagingStructureCache(level, lines.reshaped(geometry));
    }

    public int level() {
        return level;
    }

    /// @param domain 16 bits
    /// @param iova at most 57 bits
    /// @return the entry of this level for it: see [#table], [#rights]; or [#MISS]
    public long find(int domain, long iova) {
        long prefix = iova >>> shift;
        long word = lines.lookup(tag(domain, prefix), prefix ^ domain);
        if (word == MISS) {
            lines.countMiss(prefix ^ domain);
        }
        return word;
    }

    /// What a filled line gives, as [#find].
    public long word(int line) {
        return lines.word(line);
    }

    public static long table(long word) {
        return word & -4096L;
    }

    /// As in [Iotlb#rights].
    public static int rights(long word) {
        return (int) word & (Iotlb.READ | Iotlb.WRITE);
    }

    /// @param table the next lower table, hpa
    /// @param rights of all levels from the top to this one
    /// @param origin where the entry came from; not interpreted
    public void insert(int domain, long iova, long table, int rights, long origin) {
        long prefix = iova >>> shift;
        lines.insert(tag(domain, prefix), prefix ^ domain, table | FILLED_WORD | rights, origin);
    }

    /// Removes everything.
    public int removeAll() {
        return lines.remove(_ -> true);
    }

    public int removeDomain(int domain) {
        return lines.remove(tag -> domainOf(tag) == domain);
    }

    /// Removes every entry of a domain on the way to a range.
    ///
    /// @param addressMask the range has 2^addressMask pages and is aligned to its size
    public int removePages(int domain, long iova, int addressMask) {
        int bits = shift - 12;
        return lines.remove(tag ->
                domainOf(tag) == domain
                        && Ranges.touch((tag & PREFIXES) << bits, bits, iova >>> 12, addressMask));
    }

    /// Sets, ways, statistics.
    public SetAssociativeCache lines() {
        return lines;
    }

    /// Domain of a filled line.
    public int domainAt(int line) {
        return domainOf(lines.tag(line));
    }

    /// First iova that a filled line serves.
    public long iovaAt(int line) {
        return (lines.tag(line) & PREFIXES) << shift;
    }

    /// Bytes of iova that one line serves.
    public long coveredBytes() {
        return 1L << shift;
    }

    private static long tag(int domain, long prefix) {
        return FILLED | (long) domain << DOMAIN_SHIFT | prefix;
    }

    private static int domainOf(long tag) {
        return (int) (tag >>> DOMAIN_SHIFT) & 0xffff;
    }
}
