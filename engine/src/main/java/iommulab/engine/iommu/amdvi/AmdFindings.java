package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.SetAssociativeCache;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.FaultRecord;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// What an AMD IOMMU found for its last request, and the events that it logs of it.
public abstract sealed class AmdFindings extends AmdState permits AmdTranslation {
    /*
     * What a request found is left in four words, because a result object would be allocated on every
     * hit and every further field stored:
     *   lastWho    63:32 PASID, -1 for none | 31:16 space | 15:0 requester
     *   lastFacts  31:24 paging probes | 23:20 nested probes | 19:12 reads | 11 space known
     *              10 recorded | 9:8 stage
     *              7:4, 1:0 access | 3 PASID hit | 2 device hit
     *   lastWord   the leaf that served it (see TableEntry), 0 if the address stays as it is, else the
     *              negative answer
     */
    static final int ACCESS = 0xf3;
    static final int DEVICE_HIT = 1 << 2;
    static final int PASID_HIT = 1 << 3;

    /* How far the last request came: two bits of its facts. */
    static final int STAGE_UNTRANSLATED = 0;
    static final int STAGE_DEVICE = 1 << 8;
    static final int STAGE_WALK = 2 << 8;
    static final int STAGE_HIT = 3 << 8;

    static final int SPACE_KNOWN = 1 << 11;
    private static final int READS_AT = 12;
    private static final int NESTED_AT = 20;
    private static final int PROBES_AT = 24;
    static final long UNCHANGED = 0;

    private static final int STAGES = 3 << 8;
    private static final int RECORDED = 1 << 10;
    private static final int MOST_READS = 0xff;

    long lastIova;
    long lastWho;
    int lastFacts;
    long lastWord;
    WalkObserver observer = WalkObserver.NONE;
    /* Whether faults are nobody's business. */
    boolean quiet;
    private @Nullable AmdFault lastFault;
    /* What a walk found of the last fault, null if no walk did. */
    @Nullable StopCause walkCause;
    private @Nullable AmdEvent lastEvent;

    /* Whether somebody only looks: then nothing is written, but told what would be. */
    private final boolean looksOnly;

    AmdFindings(
            AmdCapabilities capabilities,
            PhysicalMemory memory,
            CacheShapes shapes,
            long seed,
            boolean looksOnly) {
        super(capabilities, memory, shapes, seed);
        this.looksOnly = looksOnly;
    }

    // ---- how a request ends

    static long who(int requester, int pasid, long space) {
        return (long) pasid << 32 | space << 16 | requester;
    }

    int requester() {
        return (int) lastWho & 0xffff;
    }

    int pasid() {
        return (int) (lastWho >> 32);
    }

    /// The request ends without a page.
    ///
    /// @param result negative answer, or [#UNCHANGED]
    long ended(int stage, long result) {
        lastFacts |= stage;
        lastWord = result;
        return result == UNCHANGED ? lastIova : result;
    }

    /// The request is stopped.
    ///
    /// @param detail of the device's entry, see [DeviceTableEntry]; 0 if unknown
    /// @param inGuest whether the event names the PASID, not the domain
    /// @param address that the event names
    long stop(AmdFault fault, int stage, long detail, boolean inGuest, long address) {
        lastFault = fault;
        walkCause = null;
        boolean wanted =
                !quiet
                        && (fault.code() != AmdEvent.IO_PAGE_FAULT
                                || logsPageFault(requester(), detail));
        lastEvent = wanted ? event(fault, inGuest, address) : null;
        if (lastEvent != null && (looksOnly ? events().takes() : log(lastEvent))) {
            lastFacts |= RECORDED;
        }
        return ended(stage, -fault.code());
    }

    private AmdEvent event(AmdFault fault, boolean inGuest, long address) {
        boolean pageFault = fault.code() == AmdEvent.IO_PAGE_FAULT;
        int flags =
                fault.flags()
                        | ((lastFacts & WRITE) != 0 ? AmdEvent.WRITE : 0)
                        | ((lastFacts & ASKS) != 0 ? AmdEvent.TRANSLATION : 0);
        if (inGuest) {
            boolean executes = pageFault && (lastFacts & EXECUTE) != 0;
            boolean user = pageFault && (lastFacts & PRIVILEGED) == 0;
            flags |=
                    AmdEvent.GUEST | (executes ? AmdEvent.EXECUTE : 0) | (user ? AmdEvent.USER : 0);
        }
        int number = inGuest ? Math.max(0, pasid()) : Math.max(0, lastDomain());
        long said = pageFault ? address : address & -4L;
        return AmdEvent.ofRequest(fault.code(), requester(), number, flags, said);
    }

    /// Adds reads of device and GCR3 tables.
    void countReads(int reads) {
        lastFacts += reads << READS_AT;
    }

    /// Adds what a walk took: at most 5 + 6 * 6 reads, as many probes, 11 addresses below.
    void countWalk(AmdWalks walks) {
        lastFacts +=
                walks.reads() << READS_AT
                        | walks.nestedProbes() << NESTED_AT
                        | walks.probes() << PROBES_AT;
    }

    void tellProbe(CacheKind kind, SetAssociativeCache lines) {
        if (observer != WalkObserver.NONE && !lines.isOff()) {
            observer.cacheProbed(kind, 0, lines.lastSet(), lines.lastWay());
        }
    }

    // ---- what the last request found

    @Override
    public @Nullable AmdFault lastFault() {
        return lastWord < 0 && lastWord > INTERRUPT_WINDOW ? lastFault : null;
    }

    /// Whether an event was logged: neither suppressed by SE or SA, nor lost for want of room.
    @Override
    public boolean lastRecorded() {
        return (lastFacts & RECORDED) != 0;
    }

    @Override
    public FaultRecord lastFaultRecord() {
        return lastEvent != null && lastRecorded()
                ? new FaultRecord(lastEvent.low(), lastEvent.high())
                : FaultRecord.NONE;
    }

    /// Whether the cache of device entries, or that of PASIDs, gave the entry.
    @Override
    public boolean lastDeviceHit() {
        return (lastFacts & (DEVICE_HIT | PASID_HIT)) != 0;
    }

    @Override
    public boolean lastHit() {
        return lastStage() == STAGE_HIT;
    }

    @Override
    public int lastDomain() {
        return (lastFacts & SPACE_KNOWN) == 0 ? -1 : caches().spaces().owner(space());
    }

    int space() {
        return (int) (lastWho >>> 16) & 0xffff;
    }

    @Override
    public int lastReads() {
        return lastFacts >>> READS_AT & MOST_READS;
    }

    @Override
    public int lastPagingProbes() {
        return lastFacts >>> PROBES_AT;
    }

    @Override
    public long lastCycles(WalkCosts costs) {
        boolean deviceAsked = lastStage() >= STAGE_DEVICE && !devices.lines().isOff();
        boolean pasidAsked = isGuest() && !pasids.lines().isOff();
        boolean iotlbAsked = lastStage() >= STAGE_WALK && !iotlb.lines().isOff();
        // A hit in the cache of PASIDs leaves that of devices alone.
        boolean both = deviceAsked && pasidAsked && (lastFacts & PASID_HIT) == 0;
        return (deviceAsked || pasidAsked ? costs.deviceProbe() : 0)
                + (both ? costs.deviceProbe() : 0)
                + (iotlbAsked ? costs.iotlbProbe() : 0)
                + (lastFacts >>> NESTED_AT & 0xf) * costs.iotlbProbe()
                + lastPagingProbes() * costs.pagingProbe()
                + lastReads() * costs.memoryRead();
    }

    /// Whether the request goes by a guest table, with its own PASID or with PASID 0.
    boolean isGuest() {
        return pasid() >= 0;
    }

    @Override
    public long lastPageBytes() {
        return lastWord <= 0 ? 0 : 1L << Iotlb.pageShift(lastWord);
    }

    int lastStage() {
        return lastFacts & STAGES;
    }

    /// The translation that served the last request, as [iommulab.engine.iommu.TableEntry]; not positive
    /// if none did.
    long lastWord() {
        return lastWord;
    }

    /// What the last request was answered.
    long lastAnswer() {
        if ((lastFacts & ASKS) != 0 || lastWord < 0) {
            return lastWord;
        }
        return lastWord == UNCHANGED ? lastIova : Iotlb.hpa(lastWord, lastIova);
    }

    int lastAccess() {
        return lastFacts & ACCESS;
    }
}
