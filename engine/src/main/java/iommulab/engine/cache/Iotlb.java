package iommulab.engine.cache;

/// The IOTLB: finished translations, tagged by address space, pages of all sizes side by side. A device
/// finds what another device of its address space has walked for.
///
/// A *space* is 16 bits that stand for what the architecture tags with: the domain where that is all, else
/// a number from [Spaces].
///
/// Not thread-safe: one engine thread owns it. [#find] and [#insert] allocate nothing.
public final class Iotlb {
    /*
     *   tag   63 filled | 62 page of 2 KiB | 61:46 space
     *         | 45:0 first page and size: the lowest bit set tells the size, bit 0 for 4 KiB, bit 1 for
     *           8 KiB ...; the bits above it are the address. Of a page of 2 KiB: its number
     *   word  see iommu.TableEntry: 55:12 first byte of the page | 11 of a page of 2 KiB too
     *         | 10:5 page shift | rights
     *
     * The set is chosen by the number of the page in its own size and the space. A lookup probes for
     * 4 KiB, then for the other sizes that were inserted since the last removal found none.
     */
    /// No line translates the address.
    public static final long MISS = SetAssociativeCache.MISS;

    /// Bit of a word: reads are allowed.
    public static final int READ = 1;

    /// Bit of a word: writes are allowed.
    public static final int WRITE = 2;

    /// Bits of a word: all rights, of both privileges.
    public static final long RIGHTS = 0x0700_0000_0000_0013L;

    /// Bits of a word: first byte of the page.
    public static final long ADDRESS = (1L << 56) - 4096;

    /// Lowest of the six bits of a word that tell the page size.
    public static final int PAGE_SHIFT_AT = 5;

    /// Most bits of an address that can be cached.
    public static final int ADDRESS_BITS = 57;

    private static final long FILLED = 1L << 63;
    private static final long HALF = 1L << 62;
    private static final int HALF_SHIFT = 11;
    private static final long PAGE_SHIFT = 63L << PAGE_SHIFT_AT;
    private static final long SMALLEST = 12L << PAGE_SHIFT_AT;
    private static final int SPACE_SHIFT = 46;
    private static final long PAGES = (1L << SPACE_SHIFT) - 1;

    private final SetAssociativeCache lines;
    /* A bit per page shift other than 12 of which there may be lines. */
    private long otherSizes;

    /// @param seed of random replacement
    public Iotlb(CacheGeometry geometry, long seed) {
        this(new SetAssociativeCache(geometry, seed));
    }

    private Iotlb(SetAssociativeCache lines) {
        this.lines = lines;
        noteOtherSizes();
    }

    public Iotlb copy() {
        return new Iotlb(lines.copy());
    }

    /// Empty, in another shape.
    public Iotlb reshaped(CacheGeometry geometry) {
        return new Iotlb(lines.reshaped(geometry));
    }

    /// Whether an address can be cached: it has at most 57 bits. No other may be looked for.
    public static boolean covers(long iova) {
        return iova >>> ADDRESS_BITS == 0;
    }

    /// Looks for a page of 4 KiB, and only where it was seen last. After a miss, [#findElsewhere] is to be
    /// asked.
    ///
    /// @param space 16 bits
    /// @param iova see [#covers]
    public long findByHint(long space, long iova) {
        return lines.lookupByHint(smallestTag(space, iova));
    }

    /// Looks for a page of any size, and counts a miss if there is none.
    ///
    /// @param space 16 bits
    /// @param iova see [#covers]
    /// @return what translates it: see [#hpa], [#rights], [#pageShift]; or [#MISS]
    public long find(int space, long iova) {
        long word = lines.lookup(smallestTag(space, iova), iova >>> 12 ^ space);
        return word == MISS ? findLarger(space, iova) : word;
    }

    /// As [#find], where [#findByHint] has found nothing.
    public long findElsewhere(int space, long iova) {
        long word = lines.lookupElsewhere(smallestTag(space, iova), iova >>> 12 ^ space);
        return word == MISS ? findLarger(space, iova) : word;
    }

    /// Whether there is a page of 4 KiB, as [#find] would give it. Counts nothing.
    public long peek(int space, long iova) {
        return lines.peek(smallestTag(space, iova), iova >>> 12 ^ space);
    }

    private long findLarger(int space, long iova) {
        for (long sizes = otherSizes; sizes != 0; sizes &= sizes - 1) {
            int shift = Long.numberOfTrailingZeros(sizes);
            long word = lines.lookup(tag(space, iova, shift), index(space, iova, shift));
            if (word != MISS) {
                return word;
            }
        }
        lines.countMiss(iova >>> 12 ^ space);
        return MISS;
    }

    /// What a filled line gives, as [#find].
    public long word(int line) {
        return lines.word(line);
    }

    /// The address that a word gives an iova.
    public static long hpa(long word, long iova) {
        // To branch is quicker than to compute with the size, for which the address would wait.
        if ((word & PAGE_SHIFT) == SMALLEST) {
            return hpaInSmallest(word, iova);
        }
        long within = (1L << pageShift(word)) - 1;
        return word & (ADDRESS | 1 << HALF_SHIFT) & ~within | iova & within;
    }

    /// As [#hpa], for what [#find] gives: pages of 4 KiB.
    public static long hpaInSmallest(long word, long iova) {
        return word & ADDRESS | iova & 4095;
    }

    /// Of [#RIGHTS].
    public static long rights(long word) {
        return word & RIGHTS;
    }

    /// Bits of the address within the page: 12 for 4 KiB.
    public static int pageShift(long word) {
        return (int) word >>> PAGE_SHIFT_AT & 63;
    }

    /// Fills a line with what a lookup did not find.
    ///
    /// @param word as [#word] will give it
    /// @param origin where the translation came from; not interpreted
    public void insert(int space, long iova, long word, long origin) {
        if ((word & PAGE_SHIFT) == SMALLEST) {
            // Nothing here waits for the word.
            lines.insert(smallestTag(space, iova), iova >>> 12 ^ space, word, origin);
            return;
        }
        int shift = pageShift(word);
        noteSize(shift);
        lines.insert(tag(space, iova, shift), index(space, iova, shift), word, origin);
    }

    private static long smallestTag(long space, long iova) {
        return FILLED | space << SPACE_SHIFT | iova >>> 11 | 1;
    }

    /// As [#insert], but a line of that page may be there: it gets the new word.
    public void replace(int space, long iova, long word, long origin) {
        int shift = pageShift(word);
        noteSize(shift);
        lines.replace(tag(space, iova, shift), index(space, iova, shift), word, origin);
    }

    private void noteSize(int shift) {
        otherSizes |= 1L << shift & ~(1L << 12);
    }

    /// Removes everything.
    public int removeAll() {
        return removed(lines.remove(_ -> true));
    }

    /// Removes every page of a space.
    public int removeSpace(int space) {
        return removed(lines.remove(tag -> spaceOf(tag) == space));
    }

    /// Removes every page of a space that shares an address with a range.
    ///
    /// @param addressMask the range has 2^addressMask pages and is aligned to its size
    public int removePages(int space, long iova, int addressMask) {
        return remove((other, _) -> other == space, iova, addressMask);
    }

    /// Chooses lines by their space and what they give.
    public interface LineTest {
        /// @param word see [Iotlb#word]
        boolean covers(int space, long word);
    }

    /// Removes every covered line.
    public int remove(LineTest test) {
        int removed = 0;
        for (int line = 0; line < lines.lines(); line++) {
            if (lines.tag(line) != 0 && test.covers(spaceAt(line), word(line))) {
                lines.remove(line);
                removed++;
            }
        }
        return removed(removed);
    }

    /// Removes every covered line that shares an address with a range.
    ///
    /// @param addressMask the range has 2^addressMask pages and is aligned to its size
    public int remove(LineTest test, long iova, int addressMask) {
        int removed = 0;
        for (int line = 0; line < lines.lines(); line++) {
            if (lines.tag(line) != 0
                    && Ranges.touch(
                            iovaAt(line) >>> 12,
                            Math.max(0, shiftAt(line) - 12),
                            iova >>> 12,
                            addressMask)
                    && test.covers(spaceAt(line), word(line))) {
                lines.remove(line);
                removed++;
            }
        }
        return removed(removed);
    }

    private int removed(int count) {
        noteOtherSizes();
        return count;
    }

    private void noteOtherSizes() {
        otherSizes = 0;
        for (int line = 0; line < lines.lines(); line++) {
            if (lines.tag(line) != 0) {
                noteSize(shiftAt(line));
            }
        }
    }

    /// Sets, ways, statistics.
    public SetAssociativeCache lines() {
        return lines;
    }

    /// Space of a filled line.
    public int spaceAt(int line) {
        return spaceOf(lines.tag(line));
    }

    /// First iova that a line translates.
    public long iovaAt(int line) {
        long page = lines.tag(line) & PAGES;
        return ((lines.tag(line) & HALF) != 0 ? page : page & page - 1) << HALF_SHIFT;
    }

    /// Bits of the address within the page of a filled line.
    private int shiftAt(int line) {
        return (lines.tag(line) & HALF) != 0
                ? HALF_SHIFT
                : 12 + Long.numberOfTrailingZeros(lines.tag(line));
    }

    private static long tag(int space, long iova, int shift) {
        if (shift == HALF_SHIFT) {
            return FILLED | HALF | (long) space << SPACE_SHIFT | iova >>> HALF_SHIFT;
        }
        long page = (iova >>> shift << 1 | 1) << shift - 12;
        return FILLED | (long) space << SPACE_SHIFT | page;
    }

    private static long index(int space, long iova, int shift) {
        return iova >>> shift ^ space;
    }

    private static int spaceOf(long tag) {
        return (int) (tag >>> SPACE_SHIFT) & 0xffff;
    }
}
