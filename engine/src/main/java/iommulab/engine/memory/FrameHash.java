package iommulab.engine.memory;

/// Hash of what a frame holds, at the place where it lies: hashes of frames are added up, so that neither
/// their order nor frames of zeroes matter.
final class FrameHash {
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private FrameHash() {}

    /// 0 for a frame of zeroes.
    static long of(long pfn, long[] frame) {
        long hash = 0;
        for (int word = 0; word < frame.length; word++) {
            if (frame[word] != 0) {
                hash += mix(frame[word] ^ mix((pfn << 9) + word + 1));
            }
        }
        return hash;
    }

    static long mix(long value) {
        long folded = (value ^ value >>> 32) * SPREAD;
        return (folded ^ folded >>> 29) * 0xbf58_476d_1ce4_e5b9L;
    }
}
