package iommulab.engine.iommu.smmuv3;

/// One entry of the event queue: 256 bits that say which request was stopped, and why.
/// Spec: SMMUv3, "Event records".
///
/// @param word0 63:32 stream | 31:12 substream | 11 SSV | 7:0 type
/// @param word1 41:40 class | 39 S2 | 35 RnW | 34 InD | 33 PnU | 31 Stall | 15:0 STAG
/// @param word2 the address as the device gave it
/// @param word3 51:12 intermediate address, or 51:3 address of the fetch that failed
public record EventRecord(long word0, long word1, long word2, long word3) {
    static final int BYTES = 32;

    /* The smallest granule. */
    private static final int PAGE_SHIFT = 12;

    static final long STALL = 1L << 31;
    static final long PRIVILEGED = 1L << 33;
    static final long INSTRUCTION = 1L << 34;
    static final long READ = 1L << 35;
    static final long SECOND_STAGE = 1L << 39;
    static final int CLASS_AT = 40;
    static final long SUBSTREAM_VALID = 1 << 11;

    /// Type, as [SmmuFault#code].
    public int type() {
        return (int) word0 & 0xff;
    }

    /// Stream of the request.
    public int stream() {
        return (int) (word0 >>> 32);
    }

    /// Substream of the request, -1 if it had none.
    public int substream() {
        return (word0 & SUBSTREAM_VALID) != 0 ? (int) (word0 >>> 12) & 0xf_ffff : -1;
    }

    /// Whether the request waits for a command.
    public boolean isStalled() {
        return (word1 & STALL) != 0;
    }

    /// STAG: under which number it waits.
    public int tag() {
        return (int) word1 & 0xffff;
    }

    /// Whether the request read.
    public boolean isRead() {
        return (word1 & READ) != 0;
    }

    /// Whether stage 2 stopped it.
    public boolean isSecondStage() {
        return (word1 & SECOND_STAGE) != 0;
    }

    /// Whether it read to execute.
    public boolean isInstruction() {
        return (word1 & INSTRUCTION) != 0;
    }

    /// Whether it acted for a supervisor.
    public boolean isPrivileged() {
        return (word1 & PRIVILEGED) != 0;
    }

    /// 0 context descriptor, 1 translation table, 2 the request's own address.
    public int eventClass() {
        return (int) (word1 >>> CLASS_AT) & 3;
    }

    /// Whether a record of this event says all that one of another would: of a stream that may merge them, by
    /// the same access to the same page. A request that waits has a record of its own.
    /// Spec: SMMUv3, "Event record merging"; "Stream Table Entry", MEV.
    boolean standsFor(EventRecord other) {
        return !isStalled()
                && !other.isStalled()
                && word0 == other.word0
                && word1 == other.word1
                && word2 >>> PAGE_SHIFT == other.word2 >>> PAGE_SHIFT
                && word3 == other.word3;
    }

    /// `F_TRANSLATION, stream 0x0020, read at 0x1000, stage 1`
    @Override
    public String toString() {
        var fault = SmmuFault.ofCode(type());
        String name = fault.map(SmmuFault::kernelText).orElse("type 0x%02x".formatted(type()));
        String who =
                substream() < 0
                        ? "stream 0x%04x".formatted(stream())
                        : "stream 0x%04x, substream %d".formatted(stream(), substream());
        boolean addressed = type() >= SmmuFault.WALK_ABORT.code();
        return !addressed
                ? "%s, %s".formatted(name, who)
                : "%s, %s, %s at 0x%x, stage %d%s"
                        .formatted(
                                name,
                                who,
                                isRead() ? "read" : "write",
                                word2,
                                isSecondStage() ? 2 : 1,
                                isStalled() ? ", stalled as %d".formatted(tag()) : "");
    }
}
