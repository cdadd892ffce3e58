package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// What the last request to a VT-d unit found, in either mode, and how a request ends.
public abstract sealed class VtdOutcome extends VtdState permits LegacyRequests {
    /*
     * What a request found is left in four words, because a result object would be allocated on every
     * hit and every further field stored:
     *   lastWho    domain << 16 | requester; domain -1 if unknown;
     *              in scalable mode 63:32 PASID | 31:16 space, see ScalableCaches | 15:0 requester
     *   lastFacts  31:16 paging probes | 15 the space is not known | 14:8 reads | 7 lastAccess is set
     *              6 asks for a translation
     *              5 recorded | 4:3 stage | 2 device hit | 1:0 access
     *   lastWord   the leaf that served it (see TableEntry), 0 if the address stays as it is, else the
     *              negative answer
     *   lastAccess of requests that are more than a plain read or write; in legacy mode with lastPasid
     */
    static final int ACCESS = READ | WRITE;
    static final int DEVICE_HIT = 1 << 2;

    /* How far the last request came: two bits of its facts. */
    static final int STAGE_UNTRANSLATED = 0;
    static final int STAGE_DEVICE = 1 << 3;
    static final int STAGE_WALK = 2 << 3;
    static final int STAGE_HIT = 3 << 3;

    private static final int RECORDED = 1 << 5;
    static final int QUESTION = 1 << 6;
    static final int HOW = 1 << 7;
    static final int READS_AT = 8;
    static final int NO_SPACE = 1 << 15;
    static final int PROBES_AT = 16;
    static final long NO_DOMAIN = -1L << 16;
    static final long UNCHANGED = 0;

    /* In place of the leaf, for a device that asked and is granted nothing. */
    static final long NOTHING = TableEntry.leaf(0, 12, 0);

    /* See the head of the class. */
    long lastIova;
    long lastWho;
    int lastAccess;
    int lastPasid;
    int lastFacts;
    /* Of the last walk; those of a request that walked. */
    int lastNestedProbes;
    long lastWord;

    VtdOutcome(VtdCapabilities capabilities, PhysicalMemory memory, CacheShapes shapes, long seed) {
        super(capabilities, memory, shapes, seed);
    }

    // ---- the end of a request

    /// @param silent FPD of the context entry
    /// @param kind see [FaultRecording#kind]
    long stop(VtdFault fault, int stage, boolean silent, long kind) {
        boolean read = (lastFacts & WRITE) == 0;
        if (!(silent && fault.qualified())
                && faults.record(fault.code(), (int) lastWho & 0xffff, lastIova, read, kind)) {
            lastFacts |= RECORDED;
        }
        return ended(stage, -fault.code());
    }

    /// The request ends without a page.
    ///
    /// @param result negative answer, or [#UNCHANGED]
    long ended(int stage, long result) {
        lastFacts |= stage;
        lastWord = result;
        return lastAnswer();
    }

    // ---- what the last request found

    long lastAnswer() {
        if ((lastFacts & QUESTION) != 0 && lastWord > 0) {
            return lastWord == NOTHING ? 0 : lastWord;
        }
        if (lastWord <= 0) {
            return lastWord == UNCHANGED ? lastIova : lastWord;
        }
        return Iotlb.hpa(lastWord, lastIova);
    }

    /// Why the last request was stopped, null if no fault stopped it.
    @Override
    public @Nullable VtdFault lastFault() {
        return Iommu.isFault(lastWord) ? VtdFault.ofCode((int) -lastWord).orElseThrow() : null;
    }

    /// Whether the last fault was recorded: neither silenced by FPD nor dropped for want of room.
    @Override
    public boolean lastRecorded() {
        return (lastFacts & RECORDED) != 0;
    }

    /// Whether the context cache gave the device entry.
    @Override
    public boolean lastDeviceHit() {
        return (lastFacts & DEVICE_HIT) != 0;
    }

    /// Whether the IOTLB gave the translation.
    @Override
    public boolean lastHit() {
        return lastStage() == STAGE_HIT;
    }

    /// Domain of the requester, -1 if it was not found.
    @Override
    public int lastDomain() {
        if (!isScalable()) {
            return (int) (lastWho >> 16);
        }
        int space = (int) (lastWho >>> 16) & 0xffff;
        return (lastFacts & NO_SPACE) != 0 ? -1 : caches().scalable().spaces().owner(space);
    }

    /// Entries read from memory.
    @Override
    public int lastReads() {
        return lastFacts >>> READS_AT & 0x7f;
    }

    /// Paging-structure caches asked.
    @Override
    public int lastPagingProbes() {
        return lastFacts >>> PROBES_AT;
    }

    /// What the last request cost.
    @Override
    public long lastCycles(WalkCosts costs) {
        if (isScalable()) {
            return scalableCycles(costs);
        }
        boolean deviceAsked = lastStage() >= STAGE_DEVICE && !contexts.lines().isOff();
        boolean iotlbAsked = lastStage() >= STAGE_WALK && !iotlb.lines().isOff();
        return (deviceAsked ? costs.deviceProbe() : 0)
                + (iotlbAsked ? costs.iotlbProbe() : 0)
                + lastPagingProbes() * costs.pagingProbe()
                + lastReads() * costs.memoryRead();
    }

    /// The PASID cache is asked first, the context cache if that has nothing.
    private long scalableCycles(WalkCosts costs) {
        var scalable = caches().scalable();
        boolean asked = lastStage() >= STAGE_DEVICE;
        boolean pasidAsked = asked && !scalable.pasids().lines().isOff();
        boolean contextAsked = asked && !lastDeviceHit() && !scalable.contexts().lines().isOff();
        boolean iotlbAsked = lastStage() >= STAGE_WALK && !scalable.iotlb().lines().isOff();
        int nestedProbes = lastStage() == STAGE_WALK ? lastNestedProbes : 0;
        return ((pasidAsked ? 1 : 0) + (contextAsked ? 1 : 0)) * costs.deviceProbe()
                + ((iotlbAsked ? 1 : 0) + nestedProbes) * costs.iotlbProbe()
                + lastPagingProbes() * costs.pagingProbe()
                + lastReads() * costs.memoryRead();
    }

    /// Whether requests go through scalable mode.
    public abstract boolean isScalable();

    /// Bytes of the page that served the request; 0 if no page did.
    @Override
    public long lastPageBytes() {
        return lastWord <= 0 ? 0 : 1L << Iotlb.pageShift(lastWord);
    }

    int lastStage() {
        return lastFacts & STAGE_HIT;
    }

    /// The translation that served the last request, as [TableEntry]; not positive if none did.
    long lastWord() {
        return lastWord;
    }
}
