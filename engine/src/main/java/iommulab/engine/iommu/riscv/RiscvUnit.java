package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;

/// One RISC-V IOMMU: requests in, host addresses or faults out, everything read from the tables in memory or
/// from its caches.
///
/// Not thread-safe: one engine thread owns it. [#translate] allocates nothing, except for the first request
/// of a device or process.
/// Spec: RISC-V IOMMU, "Process to translate an IOVA".
public final class RiscvUnit extends RiscvState implements Iommu {
    /*
     * translate, an untranslated request without privilege
     *   device or process cache  -> Path: address space, width of addresses
     *   IOTLB                    -> page, rights
     * everything else, and what these do not give: translateFully, step by step as the specification has it
     *
     * What a request found is left in five words:
     *   lastIova, lastRequester, lastPasid
     *   lastFacts  15:0 address space | 23:16 access flags | 24 device hit | 25 recorded | 27:26 stage
     *              28 the address is that of a notice, the interrupt file lies in memory
     *   lastWord   the leaf that served it (see TableEntry), 0 if the address stays as it is, else the
     *              negative answer
     */
    /// Bit of an answer to an ATS request: the device has to use the address untranslated.
    public static final long UNTRANSLATED_ONLY = 1 << 11;

    private static final int RWX = READ | WRITE | EXECUTE;
    private static final int SPECIAL = PRIVILEGED | TRANSLATED | ASKS;
    private static final int ACCESS_AT = 16;
    private static final int DEVICE_HIT = 1 << 24;
    private static final int RECORDED = 1 << 25;
    private static final int IN_MEMORY = 1 << 28;
    private static final long UNCHANGED = 0;

    /* How far the last request came: two bits of its facts. */
    static final int STAGE_DEVICE = 1 << 26;
    static final int STAGE_WALK = 2 << 26;
    static final int STAGE_HIT = 3 << 26;

    /* Last word of an ATS request to which nothing is granted. */
    private static final long NOTHING_GRANTED = -0x1003;

    private final Directories directories;
    private final Stages stages;
    private WalkObserver observer = WalkObserver.NONE;

    private long lastIova;
    private int lastRequester;
    private int lastPasid;
    private int lastFacts;
    private long lastWord;
    /* Of the last request that was not a straight hit. */
    private int reads;
    private int probes;
    private @Nullable RiscvFault cause;
    private @Nullable DeviceContext device;
    private long answer;

    /// An IOMMU after power-on: `ddtp` Off, queues off, caches empty.
    ///
    /// @param seed of caches with random replacement
    public RiscvUnit(
            RiscvCapabilities capabilities, PhysicalMemory memory, CacheShapes shapes, long seed) {
        super(capabilities, memory, shapes, seed);
        directories = new Directories(this, memory);
        stages = new Stages(memory, capabilities);
        adoptCaches();
    }

    // ---- the path of most requests

    @Override
    public long translate(int requester, int pasid, long iova, int access) {
        if ((access & SPECIAL) == 0 && levels != 0 && observer == WalkObserver.NONE) {
            long path =
                    pasid < 0
                            ? devices.findByHint(requester)
                            : processes.findByHint(requester, pasid);
            int special = (int) (Path.UNCHANGED | Path.DEFAULT_PROCESS);
            if (path != 0 && ((int) path & special) == 0 && Path.covers(path, iova)) {
                long word = iotlb.findByHint(Path.space(path), Path.key(iova));
                if ((word & access) == access && word != Iotlb.MISS) {
                    lastIova = iova;
                    lastRequester = requester;
                    lastPasid = pasid;
                    lastFacts =
                            Path.space(path) | access << ACCESS_AT | DEVICE_HIT | STAGE_HIT;
                    lastWord = word;
                    return Iotlb.hpaInSmallest(word, iova);
                }
            }
        }
        return translateFully(requester, pasid, iova, access);
    }

    // ---- every request, step by step

    private long translateFully(int requester, int pasid, long iova, int access) {
        lastIova = iova;
        lastRequester = requester;
        lastPasid = pasid;
        boolean privileged = pasid >= 0 && (access & PRIVILEGED) != 0;
        int kind = access & (TRANSLATED | ASKS) | (privileged ? PRIVILEGED : 0);
        lastFacts = (access & RWX | kind) << ACCESS_AT;
        reads = 0;
        probes = 0;
        cause = null;
        device = null;
        if (levels == 0) {
            return withoutDirectory(kind);
        }
        caches().makeRoom();
        long path = directories.device(requester);
        lastFacts |= STAGE_DEVICE | (directories.hitDevice() ? DEVICE_HIT : 0);
        reads = directories.reads();
        var fault = directories.fault();
        if (fault != null) {
            return stop(fault);
        }
        device = caches().deviceContext(Path.context(path));
        return inDevice(device, path, wanted(access, pasid) | kind);
    }

    private long withoutDirectory(int kind) {
        if (mode() == OFF) {
            return stop(RiscvFault.ALL_DISALLOWED);
        }
        return (kind & (TRANSLATED | ASKS)) != 0 ? stop(RiscvFault.TYPE_DISALLOWED) : unchanged();
    }

    /// The rights that a request wants: what is read untranslated to be executed needs no right to be read;
    /// an ATS request always asks to read.
    private static int wanted(int access, int pasid) {
        int rights = access & RWX;
        if ((access & ASKS) != 0) {
            return rights | READ;
        }
        if ((rights & EXECUTE) == 0) {
            return rights;
        }
        if ((access & TRANSLATED) == 0) {
            return EXECUTE;
        }
        return pasid < 0 ? READ : READ | EXECUTE;
    }

    /// What the cause of a fault is chosen by.
    private static long judged(int access, int pasid) {
        if ((access & ASKS) != 0) {
            return pasid >= 0 && (access & EXECUTE) != 0 ? EXECUTE : READ;
        }
        return access & RWX;
    }

    private long inDevice(DeviceContext context, long path, int access) {
        boolean translated = (access & TRANSLATED) != 0;
        boolean processes = context.has(DeviceContext.PDTV);
        if ((access & (TRANSLATED | ASKS)) != 0 && !context.has(DeviceContext.EN_ATS)
                || lastPasid >= 0 && (!processes || isTooWide(context, lastPasid))) {
            return stop(RiscvFault.TYPE_DISALLOWED);
        }
        if (translated && !context.has(DeviceContext.T2GPA)) {
            return unchanged();
        }
        stages.enterSecond(context, control(), directories.guestSpace(context), origin());
        if (translated) {
            return inSpace(context, 0, false, directories.guestPath(context), access);
        }
        int process = lastPasid >= 0 || !context.has(DeviceContext.DPE) ? lastPasid : 0;
        if (!processes) {
            return inSpace(context, context.fsc(), false, path, access);
        }
        return process < 0 || context.firstMode() == DeviceContext.BARE
                ? inSpace(context, 0, false, path, access)
                : inProcess(context, process, access);
    }

    private static boolean isTooWide(DeviceContext context, int process) {
        int mode = context.firstMode();
        return mode != DeviceContext.BARE && process >>> ProcessDirectory.processIdBits(mode) != 0;
    }

    private long inProcess(DeviceContext context, int process, int access) {
        long judged = judged(access, lastPasid);
        long path = directories.process(lastRequester, context, process, stages, judged);
        reads = directories.reads();
        var fault = directories.fault();
        if (fault != null) {
            return stop(fault);
        }
        if ((access & PRIVILEGED) != 0 && (path & Path.SUPERVISOR) == 0) {
            return stop(RiscvFault.TYPE_DISALLOWED);
        }
        var own = caches().processContext(Path.context(path));
        return inSpace(context, own.fsc(), own.sum(), path, access);
    }

    private long inSpace(DeviceContext context, long fsc, boolean sum, long path, int access) {
        lastFacts = lastFacts & ~0xffff | Path.space(path);
        boolean asks = (access & ASKS) != 0;
        if ((path & Path.UNCHANGED) != 0 && !asks) {
            return unchanged();
        }
        boolean cachable = !asks && Path.covers(path, lastIova);
        if (cachable && isHit(Path.space(path), Stages.rights(access))) {
            return answered();
        }
        lastFacts |= STAGE_WALK;
        long judged = judged(access, lastPasid);
        long leaf =
                stages.translate(
                        context,
                        fsc,
                        access,
                        judged,
                        sum,
                        Path.space(path),
                        lastIova,
                        origin());
        reads = directories.reads() + stages.reads();
        probes = stages.probes();
        if (leaf < 0) {
            return stop(RiscvFault.ofCode((int) -leaf).orElseThrow());
        }
        if (asks) {
            return grant(context, leaf, access);
        }
        lastWord = leaf;
        if (isMrif()) {
            lastFacts |= IN_MEMORY;
            answer = TableEntry.address(leaf);
            return answer;
        }
        if (cachable) {
            iotlb.replace(Path.space(path), Path.key(lastIova), cached(leaf), origin());
        }
        return answered();
    }

    /// A cached page without a right that is needed is given up: the tables may say more now, and have to be
    /// walked to know what a fault is to report.
    private boolean isHit(int space, long needs) {
        long key = Path.key(lastIova);
        long word = iotlb.find(space, key);
        if (word == Iotlb.MISS) {
            word = iotlb.findLarger(space, key);
        }
        if (observer != WalkObserver.NONE && !iotlb.lines().isOff()) {
            observer.cacheProbed(
                    CacheKind.IOTLB, 0, iotlb.lines().lastSet(), iotlb.lines().lastWay());
        }
        if (word == Iotlb.MISS) {
            return false;
        }
        if ((word & needs) != needs) {
            iotlb.removePages(space, key, 0);
            return false;
        }
        lastFacts |= STAGE_HIT;
        lastWord = word;
        return true;
    }

    /// A page whose dirty bit is still to be set is cached without the right to write.
    private static long cached(long leaf) {
        return (leaf & TableEntry.CLEAN) == 0 ? leaf : leaf & ~TableEntry.ANY_WRITE;
    }

    /// Answers an ATS request.
    private long grant(DeviceContext context, long leaf, int access) {
        lastFacts |= isMrif() ? IN_MEMORY : 0;
        long rights = granted(leaf, access);
        long page = TableEntry.address(leaf);
        int shift = Iotlb.pageShift(leaf);
        if (context.has(DeviceContext.T2GPA) && !isMrif()) {
            page = stages.gpa() & -1L << shift;
        }
        // Without a process there are none for which the answer could hold as well.
        long global = lastPasid < 0 ? 0 : leaf & TableEntry.GLOBAL;
        lastWord =
                TableEntry.leaf(page, shift, rights)
                        | global
                        | leaf & Stages.MEMORY_TYPE
                        | (isMrif() ? UNTRANSLATED_ONLY : 0);
        answer = lastWord;
        return answer;
    }

    /// Without the right to read, nothing is granted; nor is writing where the dirty bit is not set.
    private static long granted(long leaf, int access) {
        long mine = (access & PRIVILEGED) == 0 ? leaf : leaf >>> 56 & 3 | leaf >>> 54 & EXECUTE;
        if ((mine & READ) == 0) {
            return 0;
        }
        long write = (leaf & TableEntry.CLEAN) == 0 ? mine & WRITE : 0;
        return READ | write | mine & access & EXECUTE;
    }

    private long origin() {
        return Origin.of(lastRequester, lastPasid, (lastFacts >>> ACCESS_AT & TRANSLATED) != 0);
    }

    private long unchanged() {
        lastWord = UNCHANGED;
        answer = lastIova;
        return answer;
    }

    private long answered() {
        answer = Iotlb.hpa(lastWord, lastIova);
        return answer;
    }

    private long stop(RiscvFault fault) {
        cause = fault;
        int access = lastFacts >>> ACCESS_AT;
        if ((access & ASKS) != 0 && fault.atsAnswer() == RiscvFault.AtsAnswer.NO_ACCESS) {
            lastWord = NOTHING_GRANTED;
            answer = 0;
            return answer;
        }
        boolean silent = fault.qualified() && device != null && device.has(DeviceContext.DTF);
        if (!silent && record(recordOf(fault, access))) {
            lastFacts |= RECORDED;
        }
        lastWord = -fault.code();
        answer = lastWord;
        return answer;
    }

    private FaultRecord recordOf(RiscvFault fault, int access) {
        boolean privileged = (access & PRIVILEGED) != 0;
        int type = transactionType(access, lastPasid);
        long iotval2 = fault.isGuestPage() ? stages.iotval2() : 0;
        return FaultRecord.of(
                fault, type, lastRequester, lastPasid, privileged, lastIova, iotval2);
    }

    private static int transactionType(int access, int pasid) {
        if ((access & ASKS) != 0) {
            return FaultRecord.ATS_REQUEST;
        }
        boolean translated = (access & TRANSLATED) != 0;
        int base = translated ? FaultRecord.TRANSLATED : 0;
        if ((access & EXECUTE) != 0) {
            return base + (translated && pasid < 0 ? FaultRecord.READ : FaultRecord.EXECUTE);
        }
        return base + ((access & WRITE) != 0 ? FaultRecord.WRITE : FaultRecord.READ);
    }

    private boolean isMrif() {
        return stages.reachedInterruptFile() && stages.msiTable().isMrif();
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

    // ---- what the last request found

    @Override
    public @Nullable RiscvFault lastFault() {
        return lastWord > 0 ? null : lastWord == UNCHANGED ? null : cause;
    }

    @Override
    public boolean lastRecorded() {
        return (lastFacts & RECORDED) != 0;
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
        return lastHit() ? 0 : reads;
    }

    @Override
    public int lastPagingProbes() {
        return lastHit() ? 0 : probes;
    }

    @Override
    public long lastCycles(WalkCosts costs) {
        boolean deviceAsked = lastStage() >= STAGE_DEVICE && !devices.lines().isOff();
        boolean iotlbAsked = lastStage() >= STAGE_WALK && !iotlb.lines().isOff();
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
        return false;
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

    /// `iotval2` of the last fault.
    public long lastIotval2() {
        return cause != null && cause.isGuestPage() ? stages.iotval2() : 0;
    }

    // ---- looking into it

    @Override
    public List<CacheSnapshot> cacheSnapshots() {
        return List.of();
    }

    @Override
    public Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches) {
        throw new IllegalStateException();
    }

    @Override
    void adoptCaches() {
        super.adoptCaches();
        stages.useCaches(caches());
    }

    /// Tells `newObserver` every step of every request from now on.
    public void observe(WalkObserver newObserver) {
        observer = newObserver;
        directories.observe(newObserver);
        stages.observe(newObserver);
    }
}
