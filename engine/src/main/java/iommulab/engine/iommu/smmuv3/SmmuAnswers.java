package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.FaultRecord;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// What the last request found, as an SMMU remembers it until the next.
public abstract sealed class SmmuAnswers extends SmmuState permits SmmuUnit {
    /*
     * Four words, because a result object would be allocated on every hit and every further field
     * stored:
     *   lastWho    stream << 32 | substream, negative for none
     *   lastFacts  47:32 space | 31:24 paging probes | 23:16 reads | 11 recorded | 10:9 stage | 8 device
     *              hit | 7:0 access
     *   lastWord   the leaf that served it (see TableEntry), 0 if the address stays as it is, else the
     *              negative answer
     */
    /* How far the last request came: two bits of its facts. */
    static final int STAGE_UNTRANSLATED = 0;
    static final int STAGE_DEVICE = 1 << 9;
    static final int STAGE_WALK = 2 << 9;
    static final int STAGE_HIT = 3 << 9;

    static final int ACCESS = 0xff;
    static final int DEVICE_HIT = 1 << 8;
    static final int RECORDED = 1 << 11;
    static final int READS_AT = 16;
    static final int PROBES_AT = 24;
    static final int SPACE_AT = 32;
    static final long UNCHANGED = 0;

    long lastIova;
    long lastWho;
    long lastFacts;
    long lastWord;
    private @Nullable SmmuView view;

    SmmuAnswers(
            SmmuCapabilities capabilities,
            PhysicalMemory memory,
            CacheShapes shapes,
            long seed,
            boolean rehearses) {
        super(capabilities, memory, shapes, seed, rehearses);
    }

    final int stream() {
        return (int) (lastWho >>> 32);
    }

    final int substream() {
        return (int) lastWho;
    }

    /// The request ends without a page.
    ///
    /// @param result negative answer, or [#UNCHANGED]
    final long ended(int stage, long result) {
        lastFacts |= stage;
        lastWord = result;
        return lastAnswer();
    }

    final long lastAnswer() {
        boolean asked = (lastFacts & ASKS) != 0;
        if (lastWord <= 0) {
            return lastWord == UNCHANGED && !asked ? lastIova : lastWord;
        }
        return asked ? lastWord : Iotlb.hpa(lastWord, lastIova);
    }

    /// Why the last request was stopped, null if no fault stopped it.
    @Override
    public @Nullable SmmuFault lastFault() {
        return Iommu.isFault(lastWord) ? SmmuFault.ofCode((int) -lastWord).orElseThrow() : null;
    }

    /// Whether the last fault was recorded: neither silenced by R or S2R nor dropped for want of room.
    @Override
    public boolean lastRecorded() {
        return (lastFacts & RECORDED) != 0;
    }

    @Override
    public FaultRecord lastFaultRecord() {
        var event = events().last();
        return lastRecorded()
                ? new FaultRecord(event.word0(), event.word1(), event.word2(), event.word3())
                : FaultRecord.NONE;
    }

    /// Whether a cache gave the stream entry, or the descriptor of the substream.
    @Override
    public boolean lastDeviceHit() {
        return (lastFacts & DEVICE_HIT) != 0;
    }

    /// Whether the IOTLB gave the translation.
    @Override
    public boolean lastHit() {
        return lastStage() == STAGE_HIT;
    }

    /// VMID, or the ASID if there is no stage 2; -1 if neither was found.
    @Override
    public int lastDomain() {
        int space = lastSpace();
        return space == Tag.NO_SPACE ? -1 : Tag.domain(caches().contexts().spaces(), space);
    }

    final int lastSpace() {
        return (int) (lastFacts >>> SPACE_AT) & 0xffff;
    }

    /// Entries read from memory.
    @Override
    public int lastReads() {
        return (int) (lastFacts >>> READS_AT) & 0xff;
    }

    /// Paging-structure caches asked.
    @Override
    public int lastPagingProbes() {
        return (int) (lastFacts >>> PROBES_AT) & 0xff;
    }

    /// What the last request cost.
    @Override
    public long lastCycles(WalkCosts costs) {
        boolean deviceAsked = lastStage() >= STAGE_DEVICE && !streams.lines().isOff();
        boolean iotlbAsked = lastStage() >= STAGE_WALK && !iotlb.lines().isOff();
        return (deviceAsked ? costs.deviceProbe() : 0)
                + (iotlbAsked ? costs.iotlbProbe() : 0)
                + lastPagingProbes() * costs.pagingProbe()
                + lastReads() * costs.memoryRead();
    }

    /// Bytes of the page that served the request; 0 if no page did.
    @Override
    public long lastPageBytes() {
        return lastWord <= 0 ? 0 : 1L << Iotlb.pageShift(lastWord);
    }

    final int lastStage() {
        return (int) lastFacts & STAGE_HIT;
    }

    final int lastAccess() {
        return (int) lastFacts & ACCESS;
    }

    /// The translation that served the last request, as `TableEntry`; not positive if none did.
    final long lastWord() {
        return lastWord;
    }

    /// Whether a cached entry that no longer agrees with memory made the last answer differ from the one
    /// that memory gives; to be asked before anything changes. See [SmmuView#isStale].
    @Override
    public boolean lastWasStale() {
        return view().isStale(stream(), substream(), lastIova, lastAccess(), lastAnswer());
    }

    /// Shows the unit without disturbing it.
    public SmmuView view() {
        if (view == null) {
            view = new SmmuView((SmmuUnit) this);
        }
        return view;
    }
}
