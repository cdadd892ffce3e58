package iommulab.engine.memory;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/// Host-physical memory: 4 KiB frames over 56 bits, little-endian. A frame exists once something other
/// than zero was written to it; the rest of RAM reads as zero. Where no RAM is, reads give all ones and
/// writes are dropped, as on a bus where nobody answers; [#isBacked] tells the two apart. RAM can be
/// made to fail, see [#fail].
///
/// Not thread-safe: one engine thread owns it. Reads and writes within an existing frame allocate
/// nothing.
public final class PhysicalMemory {
    /// Widest host-physical address, in bits: RISC-V has the widest.
    public static final int ADDRESS_BITS = 56;

    public static final int FRAME_BYTES = 4096;
    static final int FRAME_SHIFT = 12;
    static final int FRAME_WORDS = FRAME_BYTES / Long.BYTES;

    /*
     * Open addressing, at most half full. A probe loads the key and the frame from the same place of two
     * arrays, so that the frame need not wait for the comparison: two dependent loads to the word.
     *
     *   place = hash(pfn)     pfns   [ 0x1003 |   -1   | 0x1001 | ... ]    -1 = free
     *                         frames [   •    |  null  |   •    | ... ]
     *                         marks  [ OWNED  |        | HASHED | ... ]
     *
     * OWNED:  no checkpoint holds the frame; it may be written in place.
     * HASHED: hashes[place] is that of the frame's present content.
     *
     * A frame of which a part fails keeps its place, but its key has SET_ASIDE set: read64 does not find it
     * and goes the longer way, where failures are looked up. So they cost nothing where there are none.
     */
    private static final long FREE = -1;
    private static final long SET_ASIDE = 1L << 62;
    private static final long NOTHING = -1;
    private static final byte OWNED = 1;
    private static final byte HASHED = 2;
    private static final long[] NO_FRAME = new long[0];
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private final AddressMap map;
    private long[] pfns;
    private long[][] frames;
    private byte[] marks;
    private long[] hashes;
    private int shift;
    private int used;
    private long version;
    private FailingRanges failing = FailingRanges.NONE;

    /// Memory of zeroes wherever the map has RAM.
    public PhysicalMemory(AddressMap map) {
        this.map = map;
        makeTable(64);
    }

    /// What answers where.
    public AddressMap map() {
        return map;
    }

    /// Whether RAM answers at an address when it is read.
    public boolean isBacked(long hpa) {
        return (frameAt(hpa) != NO_FRAME || isMemory(hpa)) && !failsReads(hpa);
    }

    /// A frame of which only a part is RAM answers as its first byte does.
    private boolean isMemory(long hpa) {
        return hpa >>> ADDRESS_BITS == 0 && map.isMemory(hpa & -FRAME_BYTES);
    }

    /// Rises whenever a word changes, also by going back: equal numbers mean equal memory. No part of
    /// the machine's state.
    public long version() {
        return version;
    }

    /// Frames that hold anything.
    public int frameCount() {
        return used;
    }

    // ---- words

    /// The aligned 64-bit word that holds the addressed byte.
    ///
    /// @return all ones if nothing answers there
    public long read64(long hpa) {
        long pfn = hpa >>> FRAME_SHIFT;
        int place = (int) (pfn * SPREAD >>> shift);
        long[] frame = frames[place];
        if (pfns[place] == pfn) {
            return frame[(int) (hpa >>> 3) & FRAME_WORDS - 1];
        }
        return read64Further(hpa);
    }

    private long read64Further(long hpa) {
        if (failsReads(hpa)) {
            return NOTHING;
        }
        var frame = frameAt(hpa);
        if (frame != NO_FRAME) {
            return frame[wordIndex(hpa)];
        }
        return isMemory(hpa) ? 0 : NOTHING;
    }

    /// Writes the aligned 64-bit word that holds the addressed byte.
    ///
    /// @return whether anything was there to be written
    public boolean write64(long hpa, long value) {
        if (!isBacked(hpa) || failureAt(hpa) != null) {
            return false;
        }
        long old = read64(hpa);
        if (old != value) {
            int place = writablePlace(hpa >>> FRAME_SHIFT);
            frames[place][wordIndex(hpa)] = value;
            version++;
        }
        return true;
    }

    // ---- failures

    /// What goes wrong at addresses that fail.
    public enum Failure {
        /// Nobody answers: an access fault, for reads and writes.
        ACCESS,
        /// The data are known to be damaged: an uncorrectable error.
        POISON,
        /// Reads succeed, writes do not.
        WRITE
    }

    /// Makes a range fail from now on; its content stays. Where several ranges overlap, the first counts.
    public void fail(AddressRange range, Failure failure) {
        setFailing(failing.with(range, failure));
    }

    /// Nothing fails any more.
    public void mend() {
        setFailing(FailingRanges.NONE);
    }

    private void setFailing(FailingRanges ranges) {
        failing = ranges;
        for (int place = 0; place < pfns.length; place++) {
            if (pfns[place] != FREE) {
                pfns[place] = keyOf(pfns[place] & ~SET_ASIDE);
            }
        }
        version++;
    }

    /// What fails in the aligned 64-bit word that holds the addressed byte; null if nothing does, or if no
    /// RAM is there.
    public @Nullable Failure failureAt(long hpa) {
        return failing.at(hpa);
    }

    private boolean failsReads(long hpa) {
        return failing.failsReads(hpa);
    }

    private long keyOf(long pfn) {
        boolean fails = failing.overlap(AddressRange.of(pfn << FRAME_SHIFT, FRAME_BYTES));
        return fails ? pfn | SET_ASIDE : pfn;
    }

    // ---- narrower

    public int read8(long hpa) {
        return (int) (read64(hpa) >>> bitOf(hpa)) & 0xff;
    }

    /// @param hpa need not be aligned
    public int read16(long hpa) {
        return read8(hpa) | read8(hpa + 1) << 8;
    }

    /// @param hpa need not be aligned
    public int read32(long hpa) {
        return read16(hpa) | read16(hpa + 2) << 16;
    }

    /// @return whether anything was there to be written
    public boolean write8(long hpa, int value) {
        int bit = bitOf(hpa);
        long others = read64(hpa) & ~(0xffL << bit);
        return write64(hpa, others | (value & 0xffL) << bit);
    }

    /// @param hpa need not be aligned
    /// @return whether all of it was there to be written
    public boolean write16(long hpa, int value) {
        return write8(hpa, value) & write8(hpa + 1, value >>> 8);
    }

    /// @param hpa need not be aligned
    /// @return whether all of it was there to be written
    public boolean write32(long hpa, int value) {
        return write16(hpa, value) & write16(hpa + 2, value >>> 16);
    }

    // ---- all of it

    /// Receives the words of memory that are not zero.
    public interface WordVisitor {
        void word(long hpa, long value);
    }

    /// Visits every word that is not zero, by rising address.
    public void forEachWord(WordVisitor visitor) {
        for (long pfn : sortedPfns()) {
            var frame = frameAt(pfn << FRAME_SHIFT);
            for (int word = 0; word < FRAME_WORDS; word++) {
                if (frame[word] != 0) {
                    visitor.word((pfn << FRAME_SHIFT) + word * 8L, frame[word]);
                }
            }
        }
    }

    private long[] sortedPfns() {
        var present =
                Arrays.stream(pfns)
                        .filter(pfn -> pfn != FREE)
                        .map(pfn -> pfn & ~SET_ASIDE)
                        .toArray();
        Arrays.sort(present);
        return present;
    }

    /// Hash of the content. Frames of zeroes count as absent, and the order in which frames came to be
    /// does not matter. Only frames written since the last call are read again.
    public long contentHash() {
        long sum = failing.hash();
        for (int place = 0; place < pfns.length; place++) {
            if (pfns[place] != FREE) {
                if ((marks[place] & HASHED) == 0) {
                    hashes[place] = FrameHash.of(pfns[place] & ~SET_ASIDE, frames[place]);
                    marks[place] |= HASHED;
                }
                sum += hashes[place];
            }
        }
        return sum;
    }

    // ---- going back

    /// Memory as it was at one instant. Shares frames with the memory it came from until they are
    /// written.
    public static final class Checkpoint {
        private final long[] pfns;
        private final long[][] frames;
        private final byte[] marks;
        private final long[] hashes;
        private final int used;
        private final FailingRanges failing;

        private Checkpoint(PhysicalMemory memory) {
            pfns = memory.pfns.clone();
            frames = memory.frames.clone();
            marks = memory.marks.clone();
            hashes = memory.hashes.clone();
            used = memory.used;
            failing = memory.failing;
        }
    }

    /// Remembers all content. Costs a copy of the table of frames, of no frame.
    public Checkpoint checkpoint() {
        shareAllFrames();
        return new Checkpoint(this);
    }

    /// Makes the content what it was. The same checkpoint can be restored again.
    public void restore(Checkpoint then) {
        pfns = then.pfns.clone();
        frames = then.frames.clone();
        marks = then.marks.clone();
        hashes = then.hashes.clone();
        shift = shiftFor(pfns.length);
        used = then.used;
        failing = then.failing;
        version++;
    }

    private void shareAllFrames() {
        for (int place = 0; place < marks.length; place++) {
            marks[place] &= ~OWNED;
        }
    }

    // ---- the table of frames

    private long[] frameAt(long hpa) {
        long pfn = hpa >>> FRAME_SHIFT;
        return frames[placeOf(pfn)];
    }

    /// Where a frame is, or where it would be put.
    private int placeOf(long pfn) {
        int place = (int) (pfn * SPREAD >>> shift);
        while ((pfns[place] & ~SET_ASIDE) != pfn && pfns[place] != FREE) {
            place = place + 1 & pfns.length - 1;
        }
        return place;
    }

    private int writablePlace(long pfn) {
        int place = placeOf(pfn);
        if (pfns[place] == FREE) {
            place = addFrame(pfn, new long[FRAME_WORDS]);
        } else if ((marks[place] & OWNED) == 0) {
            frames[place] = frames[place].clone();
        }
        marks[place] = OWNED;
        return place;
    }

    private int addFrame(long pfn, long[] frame) {
        if (++used * 2 > pfns.length) {
            grow();
        }
        int place = placeOf(pfn);
        pfns[place] = keyOf(pfn);
        frames[place] = frame;
        return place;
    }

    private void grow() {
        var oldPfns = pfns;
        var oldFrames = frames;
        var oldMarks = marks;
        var oldHashes = hashes;
        makeTable(oldPfns.length * 2);
        for (int old = 0; old < oldPfns.length; old++) {
            if (oldPfns[old] != FREE) {
                int place = placeOf(oldPfns[old] & ~SET_ASIDE);
                pfns[place] = oldPfns[old];
                frames[place] = oldFrames[old];
                marks[place] = oldMarks[old];
                hashes[place] = oldHashes[old];
            }
        }
    }

    private void makeTable(int places) {
        pfns = new long[places];
        Arrays.fill(pfns, FREE);
        frames = new long[places][];
        Arrays.fill(frames, NO_FRAME);
        marks = new byte[places];
        hashes = new long[places];
        shift = shiftFor(places);
    }

    private static int shiftFor(int places) {
        return Long.SIZE - Integer.numberOfTrailingZeros(places);
    }

    private static int wordIndex(long hpa) {
        return (int) (hpa >>> 3) & FRAME_WORDS - 1;
    }

    private static int bitOf(long hpa) {
        return (int) (hpa & 7) << 3;
    }
}
