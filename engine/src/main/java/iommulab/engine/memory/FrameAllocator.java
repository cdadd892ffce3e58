package iommulab.engine.memory;

import java.util.BitSet;

/// Hands out the 4 KiB frames of a range of RAM: the operating system's page allocator, of which the
/// IOMMU driver takes its tables. Always the lowest free frame, so that the same calls give the same
/// addresses.
///
/// Not thread-safe: one engine thread owns it. It touches no memory: a frame comes with the content that
/// it has.
public final class FrameAllocator {
    /// Answer of [#take] when no frame is left.
    public static final long NONE = -1;

    private static final int FRAME_SHIFT = 12;
    private static final long FRAME_BYTES = 1L << FRAME_SHIFT;

    private final long first;
    private final int frames;
    private BitSet taken = new BitSet();
    private int takenCount;

    /// No frame below this one is free.
    private int lowest;

    /// @param range hpa; only frames that lie wholly in it are handed out
    public FrameAllocator(AddressRange range) {
        first = range.start() + FRAME_BYTES - 1 & -FRAME_BYTES;
        long count = (range.last() + 1 >>> FRAME_SHIFT) - (first >>> FRAME_SHIFT);
        frames = Math.clamp(count, 0, Integer.MAX_VALUE);
    }

    /// @return hpa of the lowest free frame, now taken, or [#NONE]
    public long take() {
        int frame = taken.nextClearBit(lowest);
        if (frame >= frames) {
            return NONE;
        }
        taken.set(frame);
        takenCount++;
        lowest = frame + 1;
        return first + ((long) frame << FRAME_SHIFT);
    }

    /// Takes several frames that lie one behind the other, aligned to their size.
    ///
    /// @param count a power of two
    /// @return hpa of the first, or [#NONE]
    public long take(int count) {
        if (count == 1) {
            return take();
        }
        long mask = ((long) count << FRAME_SHIFT) - 1;
        for (long at = first + mask & ~mask; index(at) + count <= frames; at += mask + 1) {
            int start = index(at);
            int next = taken.nextSetBit(start);
            if (next < 0 || next >= start + count) {
                taken.set(start, start + count);
                takenCount += count;
                return at;
            }
        }
        return NONE;
    }

    /// Gives a frame back.
    ///
    /// @throws IllegalStateException if it is not taken
    public void free(long hpa) {
        if (!isTaken(hpa)) {
            throw new IllegalStateException("frame 0x%x is freed but not taken".formatted(hpa));
        }
        taken.clear(index(hpa));
        takenCount--;
        lowest = Math.min(lowest, index(hpa));
    }

    /// Whether `hpa` is the first byte of a frame that was handed out and not given back.
    public boolean isTaken(long hpa) {
        long offset = hpa - first;
        return (hpa & FRAME_BYTES - 1) == 0
                && offset >= 0
                && offset >>> FRAME_SHIFT < frames
                && taken.get(index(hpa));
    }

    private int index(long hpa) {
        return (int) (hpa - first >>> FRAME_SHIFT);
    }

    /// Frames handed out.
    public int taken() {
        return takenCount;
    }

    /// Frames left.
    public int available() {
        return frames - takenCount;
    }

    /// Which frames were taken at one instant.
    public static final class Checkpoint {
        private final BitSet taken;

        private Checkpoint(BitSet taken) {
            this.taken = taken;
        }
    }

    public Checkpoint checkpoint() {
        return new Checkpoint((BitSet) taken.clone());
    }

    /// Makes the same frames taken as then. The same checkpoint can be restored again.
    public void restore(Checkpoint then) {
        taken = (BitSet) then.taken.clone();
        takenCount = taken.cardinality();
        lowest = 0;
    }

    /// Hash of which frames are taken.
    public long stateHash() {
        long hash = 1;
        for (long word : taken.toLongArray()) {
            hash = (hash ^ word) * 0x9e37_79b9_7f4a_7c15L;
            hash ^= hash >>> 32;
        }
        return hash;
    }
}
