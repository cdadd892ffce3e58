package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.SetAssociativeCache;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableWalker;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// One VT-d remapping unit in legacy mode: requests in, host addresses or faults out, everything read
/// from the tables in memory or from its caches.
///
/// Not thread-safe: one engine thread owns it. [#translate] allocates nothing.
/// Spec: VT-d, "DMA Remapping", "Legacy Mode Address Translation".
public final class VtdUnit extends VtdState {
    /*
     * translate
     *   0xfeexxxxx?       -> interrupt window, never remapped
     *   translation off?  -> the address as it is
     *   context cache     -> context entry   (else root table, context table: DeviceTables)
     *   width, pass-through
     *   IOTLB             -> page, rights    (else paging-structure caches and tables: TableWalker)
     *
     * What a request found is left in fields, because a result object would be allocated on every hit.
     */
    /// Answer of [#translate] to a request for 0xfeexxxxx: it is an interrupt, or stopped.
    public static final long INTERRUPT_WINDOW = -0x100;

    /// Answer of [#translate] if the root table address says that all requests are stopped.
    public static final long ABORTED = -0x101;

    /// Answer of [#translate] to an untranslated address with bit 63 set: nothing can be there.
    public static final long NOWHERE = -0x102;

    /// Rights that a request can need.
    public static final int READ = TableEntry.READ;

    public static final int WRITE = TableEntry.WRITE;

    private static final int TABLE_MODE = 3 << 10;
    private static final int ABORT_MODE = 3 << 10;

    /* How far the last request came. */
    static final int STAGE_UNTRANSLATED = 0;
    static final int STAGE_DEVICE = 1;
    static final int STAGE_WALK = 2;
    static final int STAGE_HIT = 3;

    private final DeviceTables deviceTables;
    private final TableWalker walker;
    private final int iovaBits;
    private WalkObserver observer = WalkObserver.NONE;
    private @Nullable VtdView view;

    private boolean lastRecorded;
    private long lastAnswer;
    private int lastRequester;
    private long lastIova;
    private int lastAccess;
    private boolean lastDeviceHit;
    private int lastStage;
    private int lastDomain;
    private int lastReads;
    private int lastProbes;
    private long lastWord;

    /// A unit after power-on: translation off, caches empty.
    ///
    /// @param seed of caches with random replacement
    public VtdUnit(
            VtdCapabilities capabilities, PhysicalMemory memory, CacheShapes shapes, long seed) {
        super(capabilities, memory, shapes, seed);
        deviceTables = new DeviceTables(memory, capabilities);
        walker = new TableWalker(memory, format());
        iovaBits = capabilities.iovaBits();
    }

    // ---- the path of one request

    /// Translates one request that lies within a 4 KiB page of iova. A fault is recorded as hardware
    /// does.
    ///
    /// @param requester 16 bits
    /// @param access [#READ] or [#WRITE]
    /// @return the hpa; or the negative code of a [VtdFault]; or [#INTERRUPT_WINDOW], [#ABORTED],
    ///     [#NOWHERE]
    public long translate(int requester, long iova, int access) {
        lastRequester = requester;
        lastIova = iova;
        lastAccess = access;
        lastReads = 0;
        lastProbes = 0;
        if (InterruptWindow.contains(iova) || !translating) {
            return untranslated(iova);
        }
        long low;
        long high;
        int device = contexts.find(requester);
        lastDeviceHit = device >= 0;
        if (device >= 0) {
            low = contexts.low(device);
            high = contexts.high(device);
            if (observer != WalkObserver.NONE) {
                probed(CacheKind.DEVICE_ENTRY, contexts.lines(), device);
            }
        } else {
            long answer = readDeviceEntry(requester, iova, access);
            if (answer != 0) {
                return answer;
            }
            low = deviceTables.low();
            high = deviceTables.high();
        }
        int domain = ContextEntry.domain(high);
        lastDomain = domain;
        if (iova >>> Math.min(iovaBits, ContextEntry.addressBits(high)) != 0) {
            return stopAtDevice(VtdFault.BEYOND_WIDTH, requester, iova, access, low);
        }
        if ((low & ContextEntry.TYPE) == ContextEntry.PASS_THROUGH) {
            return atDevice(iova);
        }
        int line = iotlb.find(domain, iova);
        if (observer != WalkObserver.NONE) {
            probed(CacheKind.IOTLB, iotlb.lines(), line);
        }
        if (line < 0) {
            return walk(requester, iova, access, low, high);
        }
        long word = iotlb.word(line);
        lastStage = STAGE_HIT;
        lastWord = word;
        if ((word & access) != access) {
            return stop(VtdFault.missingRight(access), requester, iova, access, low);
        }
        return lastAnswer = Iotlb.hpa(word, iova);
    }

    private long untranslated(long iova) {
        lastDeviceHit = false;
        lastDomain = -1;
        lastStage = STAGE_UNTRANSLATED;
        lastWord = 0;
        if (InterruptWindow.contains(iova)) {
            return lastAnswer = INTERRUPT_WINDOW;
        }
        return lastAnswer = iova < 0 ? NOWHERE : iova;
    }

    /// The request ends with its device entry.
    private long atDevice(long answer) {
        lastStage = STAGE_DEVICE;
        lastWord = 0;
        return lastAnswer = answer;
    }

    private long stopAtDevice(VtdFault fault, int requester, long iova, int access, long low) {
        return atDevice(stop(fault, requester, iova, access, low));
    }

    /// The context cache has no entry: reads it from memory.
    ///
    /// @return 0, or why the request ends here
    private long readDeviceEntry(int requester, long iova, int access) {
        lastDomain = -1;
        contexts.countMiss(requester);
        if (observer != WalkObserver.NONE) {
            probed(CacheKind.DEVICE_ENTRY, contexts.lines(), -1);
        }
        long mode = rootTableAddress & TABLE_MODE;
        if (mode != 0) {
            return mode == ABORT_MODE
                    ? atDevice(ABORTED)
                    : stopAtDevice(VtdFault.ROOT_MODE_INVALID, requester, iova, access, 0);
        }
        var fault = deviceTables.read(rootTableAddress & -4096L, requester, observer);
        lastReads = deviceTables.reads();
        if (fault != null) {
            return stopAtDevice(fault, requester, iova, access, deviceTables.low());
        }
        contexts.insert(requester, deviceTables.low(), deviceTables.high());
        return 0;
    }

    private long walk(int requester, long iova, int access, long low, long high) {
        lastStage = STAGE_WALK;
        lastWord = 0;
        long table = ContextEntry.table(low);
        int levels = ContextEntry.levels(high);
        int domain = ContextEntry.domain(high);
        long origin = Origin.of(table, levels, requester);
        long leaf = walker.walk(table, levels, paging, domain, iova, access, origin);
        lastReads += walker.reads();
        lastProbes = walker.probes();
        if (leaf < 0) {
            return stop(VtdFault.ofWalk(leaf, access), requester, iova, access, low);
        }
        long hpa = Iotlb.hpa(leaf, iova);
        if (InterruptWindow.contains(hpa)) {
            return stop(VtdFault.OUTPUT_IS_INTERRUPT, requester, iova, access, low);
        }
        lastWord = leaf;
        iotlb.insert(domain, iova, InterruptWindow.cachable(leaf, hpa), origin);
        return lastAnswer = hpa;
    }

    private long stop(VtdFault fault, int requester, long iova, int access, long contextLow) {
        boolean silent = fault.qualified() && ContextEntry.isSilent(contextLow);
        lastRecorded =
                !silent && faults.record(fault.code(), requester, iova, (access & WRITE) == 0);
        return lastAnswer = -fault.code();
    }

    private void probed(CacheKind kind, SetAssociativeCache lines, int line) {
        if (!lines.isOff()) {
            observer.cacheProbed(kind, 0, lines.lastSet(), line < 0 ? -1 : lines.wayOf(line));
        }
    }

    // ---- what the last request found

    /// Whether an answer is the code of a fault.
    public static boolean isFault(long answer) {
        return answer < 0 && answer > INTERRUPT_WINDOW;
    }

    /// Why the last request was stopped, null if no fault stopped it.
    public @Nullable VtdFault lastFault() {
        return isFault(lastAnswer) ? VtdFault.ofCode((int) -lastAnswer).orElseThrow() : null;
    }

    /// Whether the last fault was recorded: neither silenced by FPD nor dropped for want of room.
    public boolean lastRecorded() {
        return lastRecorded;
    }

    /// Whether the context cache gave the device entry.
    public boolean lastDeviceHit() {
        return lastDeviceHit;
    }

    /// Whether the IOTLB gave the translation.
    public boolean lastHit() {
        return lastStage == STAGE_HIT;
    }

    /// Domain of the requester, -1 if it was not found.
    public int lastDomain() {
        return lastDomain;
    }

    /// Entries read from memory.
    public int lastReads() {
        return lastReads;
    }

    /// Paging-structure caches asked.
    public int lastPagingProbes() {
        return lastProbes;
    }

    /// What the last request cost.
    public long lastCycles(WalkCosts costs) {
        boolean deviceAsked = lastStage >= STAGE_DEVICE && !contexts.lines().isOff();
        boolean iotlbAsked = lastStage >= STAGE_WALK && !iotlb.lines().isOff();
        return (deviceAsked ? costs.deviceProbe() : 0)
                + (iotlbAsked ? costs.iotlbProbe() : 0)
                + lastProbes * costs.pagingProbe()
                + lastReads * costs.memoryRead();
    }

    /// Bytes of the page that served the request; 0 if no page did.
    public long lastPageBytes() {
        return lastWord == 0 || lastAnswer < 0 ? 0 : 1L << Iotlb.pageShift(lastWord);
    }

    /// Whether a cached entry that no longer agrees with memory made the last answer differ from the one
    /// that memory gives; to be asked before anything changes. See [VtdView#isStale].
    public boolean lastWasStale() {
        return view().isStale(lastRequester, lastIova, lastAccess, lastAnswer);
    }

    int lastStage() {
        return lastStage;
    }

    /// The translation that served the last request, as [TableEntry]; 0 if none did.
    long lastWord() {
        return lastWord;
    }

    // ---- looking into it

    /// Shows the unit without disturbing it.
    public VtdView view() {
        if (view == null) {
            view = new VtdView(this);
        }
        return view;
    }

    /// See [VtdView#caches].
    public List<CacheSnapshot> cacheSnapshots() {
        return view().caches();
    }

    /// See [VtdView#explain].
    public Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches) {
        return view().explain(name, request, costs, withCaches);
    }

    /// Tells `newObserver` every step of every request from now on.
    void observe(WalkObserver newObserver) {
        observer = newObserver;
        walker.observe(newObserver);
    }
}
