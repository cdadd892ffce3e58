package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

import java.util.Optional;

/// How a RISC-V IOMMU translates a request, step by step as the specification has it, and what the last one
/// found.
/// Spec: RISC-V IOMMU, "Process to translate an IOVA".
public abstract sealed class RiscvSteps extends RiscvState permits RiscvUnit {
    /*
     * What a request found is left in four words:
     *   lastIova
     *   lastWho    63:32 process_id, negative if there is none | 31:0 device_id
     *   lastFacts  15:0 address space | 23:16 access flags | 24 device hit | 25 recorded | 27:26 stage
     *              28 the address is that of a notice, the interrupt file lies in memory
     *              29 the IOTLB was asked | 30 it was a straight hit
     *   lastWord   the leaf that served it (see TableEntry), 0 if the address stays as it is, else the
     *              negative answer
     */
    static final int RWX = READ | WRITE | EXECUTE;
    static final int SPECIAL = PRIVILEGED | TRANSLATED | ASKS;
    static final int ACCESS_AT = 16;
    static final int DEVICE_HIT = 1 << 24;
    static final int RECORDED = 1 << 25;
    static final int IN_MEMORY = 1 << 28;
    static final int IOTLB_ASKED = 1 << 29;
    static final int STRAIGHT = 1 << 30;
    static final long UNCHANGED = 0;

    /* How far the last request came: two bits of its facts. */
    static final int STAGE_DEVICE = 1 << 26;
    static final int STAGE_WALK = 2 << 26;
    static final int STAGE_HIT = 3 << 26;

    /* Last word of an ATS request to which nothing is granted. */
    static final long NOTHING_GRANTED = -0x1003;

    final Directories directories;
    final Stages stages;
    final InterruptFiles interruptFiles;
    WalkObserver observer = WalkObserver.NONE;

    long lastIova;
    long lastWho;
    int lastFacts;
    long lastWord;
    /* Of the last request that was not a straight hit. */
    private int directoryReads;
    int reads;
    int probes;
    /* Code of the fault, 0 if there was none. */
    int cause;
    /* Ways of the device, of the process, of the address space; 0 if none was found. */
    long deviceWay;
    long processWay;
    long path;
    long fsc;
    long answer;

    RiscvSteps(
            RiscvCapabilities capabilities, PhysicalMemory memory, CacheShapes shapes, long seed) {
        super(capabilities, memory, shapes, seed);
        directories = new Directories(this, memory);
        stages = new Stages(memory, capabilities);
        interruptFiles = new InterruptFiles(memory, capabilities);
    }

    @Override
    final void goStraight() {
        straight = levels != 0 && observer == WalkObserver.NONE;
    }

    private void begin(int requester, int pasid, long iova, int access) {
        lastIova = iova;
        lastWho = (long) pasid << 32 | requester & 0xffff_ffffL;
        lastFacts = access << ACCESS_AT;
        directoryReads = 0;
        reads = 0;
        probes = 0;
        cause = 0;
        deviceWay = 0;
        processWay = 0;
        path = 0;
        fsc = 0;
    }

    /// A plain request for which the caches gave the way, but no page that allows it.
    ///
    /// @param way of its device, or of its process if it names one
    /// @param cachable whether the address can be in the IOTLB, which was asked then
    final long translateAfterMiss(
            int requester, int pasid, long iova, int access, long way, boolean cachable) {
        begin(requester, pasid, iova, access);
        if (pasid >= 0) {
            return translateAfterMiss(iova, way, cachable);
        }
        lastFacts |= STAGE_DEVICE | DEVICE_HIT | (cachable ? IOTLB_ASKED : 0);
        deviceWay = way;
        var context = caches().deviceContext(Path.context(way));
        long firstStage = context.has(DeviceContext.PDTV) ? 0 : context.fsc();
        enterSecond(context);
        return walk(context, firstStage, false, way, iova, Intent.wanted(access, pasid), cachable);
    }

    /// The same for a request that names a process.
    private long translateAfterMiss(long iova, long way, boolean cachable) {
        long contextWay = directories.device(lastRequester());
        if (contextWay == DeviceEntryCache.MISS) {
            return stop(directories.fault());
        }
        directoryReads = directories.reads();
        int hit = directories.hitDevice() ? DEVICE_HIT : 0;
        lastFacts |= STAGE_DEVICE | hit | (cachable ? IOTLB_ASKED : 0);
        deviceWay = contextWay;
        processWay = way;
        var context = caches().deviceContext(Path.context(contextWay));
        var process = caches().processContext(Path.context(way));
        enterSecond(context);
        int rights = Intent.wanted(lastFacts >>> ACCESS_AT & RWX, lastPasid());
        return walk(context, process.fsc(), process.sum(), way, iova, rights, cachable);
    }

    private void enterSecond(DeviceContext context) {
        boolean guest = context.secondMode() != DeviceContext.BARE;
        int guestSpace = guest ? directories.guestSpace(context) : 0;
        stages.enterSecond(context, control(), guestSpace, origin());
    }

    final long translateFully(int requester, int pasid, long iova, int access) {
        boolean privileged = pasid >= 0 && (access & PRIVILEGED) != 0;
        int kind = access & (TRANSLATED | ASKS) | (privileged ? PRIVILEGED : 0);
        begin(requester, pasid, iova, access & RWX | kind);
        if (levels == 0) {
            return withoutDirectory(kind);
        }
        if (directories.isTooWide(requester)) {
            return stop(RiscvFault.TYPE_DISALLOWED);
        }
        caches().makeRoom();
        long way = directories.device(requester);
        lastFacts |= STAGE_DEVICE | (directories.hitDevice() ? DEVICE_HIT : 0);
        directoryReads = directories.reads();
        reads = directoryReads;
        var fault = directories.fault();
        if (fault != null) {
            return stop(fault);
        }
        deviceWay = way;
        var context = caches().deviceContext(Path.context(way));
        return inDevice(context, way, Intent.wanted(access, pasid) | kind);
    }

    private long withoutDirectory(int kind) {
        if (mode() == OFF) {
            return stop(RiscvFault.ALL_DISALLOWED);
        }
        return (kind & (TRANSLATED | ASKS)) != 0 ? stop(RiscvFault.TYPE_DISALLOWED) : unchanged();
    }

    private long inDevice(DeviceContext context, long way, int access) {
        boolean translated = (access & TRANSLATED) != 0;
        boolean processes = context.has(DeviceContext.PDTV);
        if ((access & (TRANSLATED | ASKS)) != 0 && !context.has(DeviceContext.EN_ATS)
                || lastPasid() >= 0 && (!processes || isTooWide(context, lastPasid()))) {
            return stop(RiscvFault.TYPE_DISALLOWED);
        }
        if (translated && !context.has(DeviceContext.T2GPA)) {
            return unchanged();
        }
        enterSecond(context);
        if (translated) {
            return inSpace(context, 0, false, directories.guestPath(context), access);
        }
        int pid = lastPasid() >= 0 || !context.has(DeviceContext.DPE) ? lastPasid() : 0;
        if (!processes) {
            return inSpace(context, context.fsc(), false, way, access);
        }
        return pid < 0 || context.firstMode() == DeviceContext.BARE
                ? inSpace(context, 0, false, way, access)
                : inProcess(context, pid, access);
    }

    private static boolean isTooWide(DeviceContext context, int process) {
        int mode = context.firstMode();
        return mode != DeviceContext.BARE && process >>> ProcessDirectory.processIdBits(mode) != 0;
    }

    private long inProcess(DeviceContext context, int pid, int access) {
        long judged = Intent.judged(access, lastPasid());
        long way = directories.process(lastRequester(), context, pid, stages, judged);
        directoryReads = directories.reads();
        reads = directoryReads + stages.reads();
        probes = stages.probes();
        var fault = directories.fault();
        if (fault != null) {
            return stop(fault);
        }
        if ((access & PRIVILEGED) != 0 && (way & Path.SUPERVISOR) == 0) {
            return stop(RiscvFault.TYPE_DISALLOWED);
        }
        processWay = way;
        var process = caches().processContext(Path.context(way));
        return inSpace(context, process.fsc(), process.sum(), way, access);
    }

    private long inSpace(
            DeviceContext context, long firstStage, boolean sum, long way, int access) {
        fsc = firstStage;
        path = way;
        lastFacts = lastFacts & ~0xffff | Path.space(way);
        boolean asks = (access & ASKS) != 0;
        if ((way & Path.UNCHANGED) != 0 && !asks) {
            return unchanged();
        }
        boolean cachable = !asks && Path.covers(way, lastIova);
        return cachable && isHit(Path.space(way), Intent.rights(access))
                ? answered()
                : walk(context, firstStage, sum, way, lastIova, access, cachable);
    }

    /// No cached page serves the request.
    ///
    /// @param iova passed along, for reading it back from memory would make the walk wait
    private long walk(
            DeviceContext context,
            long firstStage,
            boolean sum,
            long way,
            long iova,
            int access,
            boolean cachable) {
        fsc = firstStage;
        path = way;
        int space = Path.space(way);
        lastFacts = lastFacts & ~(STAGE_HIT | 0xffff) | STAGE_WALK | space;
        long judged = Intent.judged(access, lastPasid());
        long origin = origin();
        long leaf = stages.translate(context, firstStage, access, judged, sum, space, iova, origin);
        reads = directoryReads + stages.reads();
        probes = stages.probes();
        if (leaf < 0) {
            return stop(RiscvFault.ofCode((int) -leaf).orElseThrow());
        }
        if ((access & ASKS) != 0) {
            return grant(context, leaf, access);
        }
        lastWord = leaf;
        if (isMrif()) {
            lastFacts |= IN_MEMORY;
            answer = TableEntry.address(leaf);
            return answer;
        }
        if (cachable) {
            iotlb.insert(space, Path.key(iova), cached(leaf), origin);
        }
        answer = Iotlb.hpa(leaf, iova);
        return answer;
    }

    /// A message for an interrupt file in memory is stored by the IOMMU itself. No cache holds the way there,
    /// so every access to such a file comes here.
    @Override
    public long serve(long address, int bytes, int data) {
        if ((lastFacts & IN_MEMORY) == 0) {
            return address;
        }
        boolean writes = (lastFacts >>> ACCESS_AT & WRITE) != 0;
        int offset = (int) lastIova & 0xfff;
        long served = interruptFiles.serve(stages.msiTable(), writes, offset, bytes, data);
        recordLostMessage(interruptFiles.lostNotice());
        return Iommu.isFault(served)
                ? stop(RiscvFault.ofCode((int) -served).orElseThrow())
                : served;
    }

    /// A cached page without a right that is needed is given up: the tables may say more now, and have to be
    /// walked to know what a fault is to report.
    private boolean isHit(int space, long needs) {
        lastFacts |= IOTLB_ASKED;
        long key = Path.key(lastIova);
        long word = iotlb.find(space, key);
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
        long rights = Intent.granted(leaf, access);
        long page = TableEntry.address(leaf);
        int shift = Iotlb.pageShift(leaf);
        if (context.has(DeviceContext.T2GPA) && !isMrif()) {
            page = stages.gpa() & -1L << shift;
        }
        // Without a process there are none for which the answer could hold as well.
        long global = lastPasid() < 0 ? 0 : leaf & TableEntry.GLOBAL;
        lastWord =
                TableEntry.leaf(page, shift, rights)
                        | global
                        | leaf & Stages.MEMORY_TYPE
                        | (isMrif() ? UNTRANSLATED_ONLY : 0);
        answer = lastWord;
        return answer;
    }

    private long origin() {
        return Origin.of(lastRequester(), lastPasid(), (lastFacts >>> ACCESS_AT & TRANSLATED) != 0);
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

    private long stop(@Nullable RiscvFault found) {
        var fault = java.util.Objects.requireNonNull(found);
        cause = fault.code();
        int access = lastFacts >>> ACCESS_AT;
        if ((access & ASKS) != 0 && fault.atsAnswer() == RiscvFault.AtsAnswer.NO_ACCESS) {
            lastWord = NOTHING_GRANTED;
            answer = 0;
            return answer;
        }
        boolean silent =
                fault.qualified()
                        && lastDevice()
                                .filter(context -> context.has(DeviceContext.DTF))
                                .isPresent();
        if (!silent && record(recordOf(fault, access))) {
            lastFacts |= RECORDED;
        }
        lastWord = -fault.code();
        answer = lastWord;
        return answer;
    }

    /// The context of the device that made the last request, if it was found.
    final Optional<DeviceContext> lastDevice() {
        return deviceWay == 0
                ? Optional.empty()
                : Optional.of(caches().deviceContext(Path.context(deviceWay)));
    }

    private FaultRecord recordOf(RiscvFault fault, int access) {
        boolean privileged = (access & PRIVILEGED) != 0;
        int type = Intent.transactionType(access, lastPasid());
        long iotval2 = fault.isGuestPage() ? stages.iotval2() : 0;
        return FaultRecord.of(
                fault, type, lastRequester(), lastPasid(), privileged, lastIova, iotval2);
    }

    final int lastRequester() {
        return (int) lastWho;
    }

    final int lastPasid() {
        return (int) (lastWho >> 32);
    }

    private boolean isMrif() {
        return stages.reachedInterruptFile() && stages.msiTable().isMrif();
    }
}
