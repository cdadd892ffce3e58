package iommulab.engine.cache;

/// The IOTLB: finished translations, tagged by domain, pages of 4 KiB, 2 MiB and 1 GiB side by side. A
/// device finds what another device of its domain has walked for.
///
/// Not thread-safe: one engine thread owns it. [#find] and [#insert] allocate nothing.
public final class Iotlb {
    /*
     *   tag   63 filled | 62:61 size | 60:45 domain | 44:0 first page (iova >> 12)
     *   word  51:12 first byte of the page, hpa | 10:5 page shift | 1 write | 0 read
     *   size  0 4 KiB, 1 2 MiB, 2 1 GiB
     *
     * The set is chosen by the number of the page in its own size and the domain. A lookup probes for
     * 4 KiB, then for the larger sizes that were inserted since the last removal found none.
     */
    /// No line translates the address.
    public static final long MISS = SetAssociativeCache.MISS;

    /// Bit of a word: reads are allowed.
    public static final int READ = 1;

    /// Bit of a word: writes are allowed.
    public static final int WRITE = 2;

    /// Lowest of the six bits of a word that tell the page size.
    public static final int PAGE_SHIFT_AT = 5;

    private static final long FILLED = 1L << 63;
    private static final int SIZES = 3;
    private static final int DOMAIN_SHIFT = 45;
    private static final long PAGES = (1L << DOMAIN_SHIFT) - 1;

    private final SetAssociativeCache lines;
    private int largerSizes;

    /// @param seed of random replacement
    public Iotlb(CacheGeometry geometry, long seed) {
        this(new SetAssociativeCache(geometry, seed));
    }

    private Iotlb(SetAssociativeCache lines) {
        this.lines = lines;
        noteLargerSizes();
    }

    public Iotlb copy() {
        return new Iotlb(lines.copy());
    }

    /// Empty, in another shape.
    public Iotlb reshaped(CacheGeometry geometry) {
        return new Iotlb(lines.reshaped(geometry));
    }

    /// As [#find], but looks only where the page was seen last: after a miss, [#find] is to be asked.
    ///
    /// @param domain 16 bits
    /// @param iova at most 57 bits
    public long findByHint(int domain, long iova) {
        return lines.lookupByHint(FILLED | (long) domain << DOMAIN_SHIFT | iova >>> 12);
    }

    /// Looks for a page of 4 KiB. After a miss, [#findLarger] is to be asked.
    ///
    /// @param domain 16 bits
    /// @param iova at most 57 bits
    /// @return what translates it: see [#hpa], [#rights], [#pageShift]; or [#MISS]
    public long find(int domain, long iova) {
        long page = iova >>> 12;
        return lines.lookup(FILLED | (long) domain << DOMAIN_SHIFT | page, page ^ domain);
    }

    /// Looks for a larger page, and counts a miss if there is none either. Apart from [#find], so that the
    /// way of the most frequent hits stays short.
    ///
    /// @return as [#find]
    public long findLarger(int domain, long iova) {
        long page = iova >>> 12;
        for (int size = 1; size < SIZES; size++) {
            if ((largerSizes >>> size & 1) != 0) {
                long word = lines.lookup(tag(domain, page, size), index(domain, page, size));
                if (word != MISS) {
                    return word;
                }
            }
        }
        lines.countMiss(page ^ domain);
        return MISS;
    }

    /// What a filled line gives, as [#find].
    public long word(int line) {
        return lines.word(line);
    }

    /// The address that a word gives an iova.
    public static long hpa(long word, long iova) {
        return word & -4096L | iova & (1L << pageShift(word)) - 1;
    }

    /// As [#hpa], for what [#find] gives: pages of 4 KiB.
    public static long hpaInSmallest(long word, long iova) {
        return word & -4096L | iova & 4095;
    }

    /// [#READ], [#WRITE], both or none.
    public static int rights(long word) {
        return (int) word & (READ | WRITE);
    }

    /// 12, 21 or 30.
    public static int pageShift(long word) {
        return (int) word >>> PAGE_SHIFT_AT & 63;
    }

    /// @param word as [#word] will give it; page shift 12, 21 or 30
    /// @param origin where the translation came from; not interpreted
    public void insert(int domain, long iova, long word, long origin) {
        long page = iova >>> 12;
        if (pageShift(word) == 12) {
            lines.insert(tag(domain, page, 0), page ^ domain, word, origin);
            return;
        }
        int size = (pageShift(word) - 12) / 9;
        lines.insert(tag(domain, page, size), index(domain, page, size), word, origin);
        largerSizes |= 1 << size;
    }

    /// Removes everything.
    public int removeAll() {
        return removed(lines.remove(_ -> true));
    }

    public int removeDomain(int domain) {
        return removed(lines.remove(tag -> domainOf(tag) == domain));
    }

    /// Removes every page of a domain that shares an address with a range.
    ///
    /// @param addressMask the range has 2^addressMask pages and is aligned to its size
    public int removePages(int domain, long iova, int addressMask) {
        return removed(
                lines.remove(tag ->
                        domainOf(tag) == domain
                                && Ranges.touch(
                                        pageOf(tag), 9 * sizeOf(tag), iova >>> 12, addressMask)));
    }

    private int removed(int count) {
        noteLargerSizes();
        return count;
    }

    private void noteLargerSizes() {
        largerSizes = 0;
        for (int line = 0; line < lines.lines(); line++) {
            if (lines.tag(line) != 0) {
                largerSizes |= 1 << sizeOf(lines.tag(line)) & ~1;
            }
        }
    }

    /// Sets, ways, statistics.
    public SetAssociativeCache lines() {
        return lines;
    }

    /// Domain of a filled line.
    public int domainAt(int line) {
        return domainOf(lines.tag(line));
    }

    /// First iova that a line translates.
    public long iovaAt(int line) {
        return pageOf(lines.tag(line)) << 12;
    }

    private static long tag(int domain, long page, int size) {
        long first = page & -1L << 9 * size;
        return FILLED | (long) size << 61 | (long) domain << DOMAIN_SHIFT | first;
    }

    private static long index(int domain, long page, int size) {
        return page >>> 9 * size ^ domain;
    }

    private static int sizeOf(long tag) {
        return (int) (tag >>> 61) & 3;
    }

    private static int domainOf(long tag) {
        return (int) (tag >>> DOMAIN_SHIFT) & 0xffff;
    }

    private static long pageOf(long tag) {
        return tag & PAGES;
    }
}
