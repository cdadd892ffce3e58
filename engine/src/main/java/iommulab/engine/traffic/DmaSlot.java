package iommulab.engine.traffic;

/// One DMA request on its way between a device and the machine; the same slot is used again and again.
///
/// The device fills it ([TrafficMix#next]), the machine carries it out, for a read that wants them the
/// machine puts in the words that were read, and the device takes note ([TrafficMix#finish]). Its
/// fields are public because both sides touch them for every request.
public final class DmaSlot {
    /// Words that a slot can carry: a submission entry of 64 bytes.
    public static final int MOST_WORDS = 8;

    /// Number of the source, as in [TrafficSource#id].
    public int source;

    /// First address asked for. The request never crosses a border of 4 KiB.
    public long iova;

    /// Length in bytes, 1 to 4096.
    public int bytes;

    public boolean write;

    /// How many words of `data` count: a write stores them, a read must deliver them. 0 if the content
    /// does not matter. If not 0, `iova` is a multiple of 4 and `bytes` what the words hold: 8 each, but
    /// an interrupt's single word has 4 bytes.
    public int words;

    /// The content, 64-bit words, lowest address first.
    public final long[] data = new long[MOST_WORDS];

    public DmaSlot() {}

    void plain(long iova, int bytes, boolean write) {
        this.iova = iova;
        this.bytes = bytes;
        this.write = write;
        words = 0;
    }

    void fetch(long iova, int words) {
        this.iova = iova;
        this.bytes = words * Long.BYTES;
        write = false;
        this.words = words;
    }

    /// The content goes into [#data].
    void store(long iova, int words) {
        fetch(iova, words);
        write = true;
    }
}
