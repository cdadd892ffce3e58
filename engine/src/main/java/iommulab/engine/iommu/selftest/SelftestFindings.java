package iommulab.engine.iommu.selftest;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.FaultRecord;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/// What the self-test's IOMMU found for its last request.
public abstract sealed class SelftestFindings extends SelftestState permits SelftestUnit {
    private static final int NO_DOMAIN = -1;

    private final boolean looksOnly;
    int requester;
    int pasid;
    long iova;
    int access;
    int reads;
    int deviceProbes;
    int pageProbes;
    boolean deviceHit;
    boolean hit;
    /* The leaf that served it, 0 if none did. */
    long word;
    long answer;
    @Nullable TranslationEntry entry;
    private @Nullable SelftestFault fault;
    private boolean recorded;
    private FaultRecord record = FaultRecord.NONE;

    /// @param looksOnly whether it leaves memory as it is: no accessed or dirty bit, no record
    SelftestFindings(PhysicalMemory memory, CacheShapes shapes, long seed, boolean looksOnly) {
        super(memory, shapes, seed);
        this.looksOnly = looksOnly;
    }

    void begin(int newRequester, int newPasid, long newIova, int newAccess) {
        requester = newRequester;
        pasid = newPasid;
        iova = newIova;
        access = newAccess;
        reads = 0;
        deviceProbes = 0;
        pageProbes = 0;
        deviceHit = false;
        hit = false;
        word = 0;
        entry = null;
        fault = null;
        recorded = false;
        record = FaultRecord.NONE;
    }

    long ended(long result) {
        answer = result;
        return result;
    }

    /// A page serves the request.
    long served(long leaf) {
        word = leaf;
        return ended(Iotlb.hpa(leaf, iova));
    }

    /// The address stays as it is.
    long unchanged() {
        return ended(iova < 0 ? NOWHERE : iova);
    }

    long stop(SelftestFault why) {
        fault = why;
        record = FaultLog.record(why, requester, pasid, (access & WRITE) != 0, iova);
        recorded = looksOnly ? log().takes() : log().write(memory(), record);
        return ended(-why.code());
    }

    // ---- what the last request found

    @Override
    public @Nullable SelftestFault lastFault() {
        return fault;
    }

    @Override
    public Optional<StopCause> lastCause() {
        return Optional.ofNullable(fault).map(SelftestFault::cause);
    }

    @Override
    public boolean lastRecorded() {
        return recorded;
    }

    @Override
    public FaultRecord lastFaultRecord() {
        return recorded ? record : FaultRecord.NONE;
    }

    @Override
    public boolean lastDeviceHit() {
        return deviceHit;
    }

    @Override
    public boolean lastHit() {
        return hit;
    }

    @Override
    public int lastDomain() {
        return entry == null ? NO_DOMAIN : entry.tag();
    }

    @Override
    public int lastReads() {
        return reads;
    }

    /// None: it has no such caches.
    @Override
    public int lastPagingProbes() {
        return 0;
    }

    @Override
    public long lastCycles(WalkCosts costs) {
        return deviceProbes * costs.deviceProbe()
                + pageProbes * costs.iotlbProbe()
                + reads * costs.memoryRead();
    }

    @Override
    public long lastPageBytes() {
        return word == 0 ? 0 : 1L << Iotlb.pageShift(word);
    }
}
