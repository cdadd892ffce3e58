package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.PageRequest;
import iommulab.engine.iommu.ReadAhead;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// One RISC-V IOMMU: requests in, host addresses or faults out, everything read from the tables in memory or
/// from its caches.
///
/// Not thread-safe: one engine thread owns it. [#translate] allocates nothing, except for the first request
/// of a device or process.
/// Spec: RISC-V IOMMU, "Process to translate an IOVA".
public final class RiscvUnit extends RiscvSteps {
    /*
     * translate, an untranslated request without privilege
     *   device or process cache  -> Path: address space, width of addresses
     *   IOTLB                    -> page, rights
     * everything else, and what these do not give: translateFully, step by step as the specification has it
     */
    private static final int FILLED = (int) Path.FILLED;
    private static final int OWN_WAY = (int) (Path.FILLED | Path.UNCHANGED | Path.DEFAULT_PROCESS);
    private static final int STRAIGHT_HIT = DEVICE_HIT | STAGE_HIT | IOTLB_ASKED | STRAIGHT;

    private @Nullable RiscvView view;

    /// An IOMMU after power-on: `ddtp` Off, queues off, caches empty.
    ///
    /// @param seed of caches with random replacement
    public RiscvUnit(
            RiscvCapabilities capabilities, PhysicalMemory memory, CacheShapes shapes, long seed) {
        super(capabilities, memory, shapes, seed);
        adoptCaches();
    }

    // ---- the path of most requests

    @Override
    public long translate(int requester, int pasid, long iova, int access) {
        if (straight && (Path.beyondCaches(iova) | access & SPECIAL) == 0) {
            long path =
                    pasid < 0
                            ? devices.findByHint(requester)
                            : processes.findByHint(requester, pasid);
            if (((int) path & OWN_WAY) == FILLED) {
                long word = iotlb.findByHint(Path.space(path), Path.key(iova));
                int needs = access | TableEntry.LEAF;
                if ((word & needs) == needs) {
                    lastIova = iova;
                    lastWho = (long) pasid << 32 | requester & 0xffff_ffffL;
                    lastFacts = Path.space(path) | access << ACCESS_AT | STRAIGHT_HIT;
                    lastWord = word;
                    return Iotlb.hpaInSmallest(word, iova);
                }
                return translateSearching(requester, pasid, iova, access, path, word);
            }
        }
        return translateFully(requester, pasid, iova, access);
    }

    /// Away from the way of most requests, which has no call in it.
    ///
    /// @param hinted page that the IOTLB's hint led to, which does not allow the request; or a miss
    private long translateSearching(
            int requester, int pasid, long iova, int access, long path, long hinted) {
        boolean cachable = Path.covers(path, iova);
        if (cachable) {
            int space = Path.space(path);
            long key = Path.key(iova);
            long word = hinted == Iotlb.MISS ? iotlb.findElsewhere(space, key) : hinted;
            int needs = access | TableEntry.LEAF;
            if ((word & needs) == needs) {
                lastIova = iova;
                lastWho = (long) pasid << 32 | requester & 0xffff_ffffL;
                lastFacts = space | access << ACCESS_AT | STRAIGHT_HIT;
                lastWord = word;
                return Iotlb.hpa(word, iova);
            }
            if (word != Iotlb.MISS) {
                iotlb.removePages(space, key, 0);
            }
        }
        return translateAfterMiss(requester, pasid, iova, access, path, cachable);
    }

    @Override
    public void foresee(int requester, int pasid, long iova, ReadAhead ahead) {
        long device = devices.peek(requester);
        long way = pasid < 0 ? device : processes.peek(requester, pasid);
        if (levels == 0
                || device == DeviceEntryCache.MISS
                || ((int) way & OWN_WAY) != FILLED
                || !Path.covers(way, iova)
                || iotlb.peek(Path.space(way), Path.key(iova)) != Iotlb.MISS) {
            return;
        }
        var context = caches().deviceContext(Path.context(device));
        long firstStage = context.has(DeviceContext.PDTV) ? 0 : context.fsc();
        if (pasid >= 0) {
            firstStage = caches().processContext(Path.context(way)).fsc();
        }
        stages.foresee(context, control(), firstStage, iova, ahead);
    }

    // ---- page requests

    /// A device asks software for a page (PCIe PRI).
    ///
    /// @param pasid 20 bits, or [Iommu#NO_PASID]
    /// @param access [Iommu#PRIVILEGED] and [Iommu#EXECUTE], which count with a PASID
    /// @param payload page address 63:12, page request group index 11:3, last 2, write 1, read 0
    public PageRequests.Outcome requestPage(int requester, int pasid, int access, long payload) {
        return new PageRequests(this, directories).request(requester, pasid, access, payload);
    }

    /// As [#requestPage(int, int, int, long)].
    @Override
    public Optional<RiscvFault> requestPage(PageRequest request) {
        var prefix = request.prefix();
        int access = (prefix.privileged() ? PRIVILEGED : 0) | (prefix.execute() ? EXECUTE : 0);
        long payload =
                request.iova()
                        | (long) request.group() << 3
                        | (request.last() ? 4 : 0)
                        | (request.write() ? 2 : 0)
                        | (request.read() ? 1 : 0);
        return requestPage(request.requester(), prefix.pasid(), access, payload).fault();
    }

    /// See [RiscvView#fresh].
    @Override
    public long fresh(int requester, int pasid, long iova, int access) {
        return view().fresh(requester, pasid, iova, access);
    }

    // ---- what the last request found

    @Override
    public @Nullable RiscvFault lastFault() {
        return lastWord >= 0 ? null : RiscvFault.ofCode(cause).orElseThrow();
    }

    @Override
    public Optional<StopCause> lastCause() {
        return Optional.ofNullable(lastFault())
                .map(fault ->
                        switch (fault) {
                            case EXECUTE_PAGE,
                                    READ_PAGE,
                                    WRITE_PAGE,
                                    EXECUTE_GUEST_PAGE,
                                    READ_GUEST_PAGE,
                                    WRITE_GUEST_PAGE ->
                                    stages.cause();
                            case TYPE_DISALLOWED -> whatIsDisallowed();
                            case PDT_INVALID ->
                                    lastPasid() >= 0 ? StopCause.PASID : StopCause.BLOCKED;
                            default -> fault.causes().iterator().next();
                        });
    }

    /// Without a device context the number of the device was too wide, or there are no contexts at all.
    private StopCause whatIsDisallowed() {
        int access = lastFacts >>> ACCESS_AT;
        var context = lastDevice();
        if ((access & (TRANSLATED | ASKS)) != 0) {
            return StopCause.OTHER;
        }
        if (context.isEmpty()) {
            return StopCause.BLOCKED;
        }
        return (access & PRIVILEGED) != 0 && processWay != 0 ? StopCause.OTHER : StopCause.PASID;
    }

    @Override
    public boolean lastRecorded() {
        return (lastFacts & RECORDED) != 0;
    }

    @Override
    public iommulab.engine.iommu.FaultRecord lastFaultRecord() {
        var record = lastRecord();
        return lastRecorded()
                ? new iommulab.engine.iommu.FaultRecord(
                        record.head(), 0, record.iotval(), record.iotval2())
                : iommulab.engine.iommu.FaultRecord.NONE;
    }

    @Override
    public boolean lastDeviceHit() {
        return (lastFacts & DEVICE_HIT) != 0;
    }

    @Override
    public boolean lastHit() {
        return lastStage() == STAGE_HIT;
    }

    /// GSCID, or the PSCID of a device that has no guest; -1 if there is neither.
    @Override
    public int lastDomain() {
        if (lastStage() < STAGE_WALK) {
            return -1;
        }
        int space = lastFacts & 0xffff;
        int owner = caches().owner(space);
        return owner == RiscvCaches.HOST ? caches().pscid(space) : owner;
    }

    @Override
    public int lastReads() {
        return isStraight() ? 0 : reads;
    }

    @Override
    public int lastPagingProbes() {
        return isStraight() ? 0 : probes;
    }

    @Override
    public long lastCycles(WalkCosts costs) {
        boolean deviceAsked = lastStage() >= STAGE_DEVICE && !devices.lines().isOff();
        boolean iotlbAsked = (lastFacts & IOTLB_ASKED) != 0 && !iotlb.lines().isOff();
        return (deviceAsked ? costs.deviceProbe() : 0)
                + (iotlbAsked ? costs.iotlbProbe() : 0)
                + lastPagingProbes() * costs.pagingProbe()
                + lastReads() * costs.memoryRead();
    }

    @Override
    public long lastPageBytes() {
        return lastWord <= 0 ? 0 : 1L << Iotlb.pageShift(lastWord);
    }

    @Override
    public boolean lastWasStale() {
        int access = lastFacts >>> ACCESS_AT & 0xff;
        return view().isStale(lastRequester(), lastPasid(), lastIova, access, lastAnswer());
    }

    private boolean isStraight() {
        return (lastFacts & STRAIGHT) != 0;
    }

    private long lastAnswer() {
        return isStraight() ? Iotlb.hpa(lastWord, lastIova) : answer;
    }

    int lastStage() {
        return lastFacts & STAGE_HIT;
    }

    /// The translation that served the last request, as [TableEntry]; not positive if none did.
    long lastWord() {
        return lastWord;
    }

    /// What went on in the tables of the last request that was no hit.
    Stages stages() {
        return stages;
    }

    /// What the last request found in the tables, if it was translated.
    public Optional<Mapping> lastMapping() {
        if (lastWord <= 0) {
            return Optional.empty();
        }
        var file =
                (lastFacts & IN_MEMORY) == 0
                        ? Optional.<Mapping.InterruptFile>empty()
                        : Optional.of(stages.msiTable().interruptFile());
        boolean asked = (lastFacts >>> ACCESS_AT & ASKS) != 0;
        return Optional.of(Mapping.of(lastWord, asked, file));
    }

    @Override
    public String lastServed() {
        return (lastFacts & IN_MEMORY) == 0 ? "" : interruptFiles.ended();
    }

    @Override
    public int lastServedAccesses() {
        return (lastFacts & IN_MEMORY) == 0 ? 0 : interruptFiles.accesses();
    }

    /// `iotval2` of the last fault.
    public long lastIotval2() {
        var fault = lastFault();
        return fault != null && fault.isGuestPage() ? stages.iotval2() : 0;
    }

    // ---- looking into it

    private RiscvView view() {
        if (view == null) {
            view = new RiscvView(this);
        }
        return view;
    }

    @Override
    public List<CacheSnapshot> cacheSnapshots() {
        return view().caches();
    }

    @Override
    public Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches) {
        return view().explain(name, request, costs, withCaches);
    }

    @Override
    public void forEachTable(Consumer<TableUse> visitor) {
        new RiscvAtlas(this, visitor).visit();
    }

    /// What the last request, no straight hit, found before the page tables.
    Found found() {
        return new Found(lastDevice().orElse(null), fsc, path);
    }

    Directories directories() {
        return directories;
    }

    /// Requests from now on leave memory as it is.
    void onlyLook() {
        stages.onlyLook();
    }

    /// The context of a device as memory has it, if it is well formed; for a unit without caches.
    Optional<DeviceContext> lookUpDevice(int requester) {
        translate(requester, NO_PASID, 0, 0);
        return lastDevice();
    }

    /// The context of the process of the last request, if there is a well-formed one.
    Optional<ProcessContext> lookUpProcess() {
        return processWay == 0
                ? Optional.empty()
                : Optional.of(caches().processContext(Path.context(processWay)));
    }

    /// Where a guest-physical address of a device leads, if the device still belongs to a guest; else
    /// negative.
    long lookUpGuest(int requester, int gscid, long gpa) {
        var context = lookUpDevice(requester);
        if (context.isEmpty() || context.get().gscid() != gscid) {
            return -1;
        }
        stages.enterSecond(context.get(), control(), 0, 0);
        var second = stages.second();
        return second == null ? -1 : second.place(gpa, 0, 0);
    }

    @Override
    void adoptCaches() {
        super.adoptCaches();
        stages.useCaches(caches());
    }

    /// Tells `newObserver` every step of every request from now on.
    public void observe(WalkObserver newObserver) {
        observer = newObserver;
        goStraight();
        directories.observe(newObserver);
        stages.observe(newObserver);
    }
}
