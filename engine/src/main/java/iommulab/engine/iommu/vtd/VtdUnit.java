package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.SetAssociativeCache;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableWalker;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// One VT-d remapping unit in legacy mode: requests in, host addresses or faults out, everything read
/// from the tables in memory or from its caches.
///
/// Not thread-safe: one engine thread owns it. [#translate] allocates nothing.
/// Spec: VT-d, "DMA Remapping", "Legacy Mode Address Translation".
public final class VtdUnit {
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

    private static final int INTERRUPTS = 0xfee;
    private static final int TABLE_MODE = 3 << 10;
    private static final int ABORT_MODE = 3 << 10;

    private final VtdCapabilities capabilities;
    private final PhysicalMemory memory;
    private final DeviceTables deviceTables;
    private final TableWalker walker;
    private final InvalidationQueue queue;
    private final VtdRegisters registers;
    private final int iovaBits;
    private VtdCaches caches;
    private FaultRecording faults;
    private DeviceEntryCache contexts;
    private Iotlb iotlb;
    private PagingStructureCache[] paging;
    private boolean translating;
    private long rootTableAddress;
    private WalkObserver observer = WalkObserver.NONE;

    private @Nullable VtdFault lastFault;
    private boolean lastRecorded;
    private boolean lastDeviceHit;
    private boolean lastHit;
    private int lastDomain;
    private int lastReads;
    private int lastProbes;
    private long lastWord;

    /// A unit after power-on: translation off, caches empty.
    ///
    /// @param seed of caches with random replacement
    public VtdUnit(
            VtdCapabilities capabilities, PhysicalMemory memory, CacheShapes shapes, long seed) {
        this.capabilities = capabilities;
        this.memory = memory;
        deviceTables = new DeviceTables(memory, capabilities);
        walker = new TableWalker(memory, new SecondStageFormat(capabilities));
        queue = new InvalidationQueue(memory, capabilities);
        registers = new VtdRegisters(this);
        faults = new FaultRecording(capabilities.faultRecords());
        iovaBits = capabilities.iovaBits();
        caches = new VtdCaches(shapes, capabilities.deepestLevels(), seed);
        contexts = caches.contexts();
        iotlb = caches.iotlb();
        paging = caches.pagingInUse();
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
        lastReads = 0;
        lastProbes = 0;
        if (iova >>> 20 == INTERRUPTS) {
            return untranslated(INTERRUPT_WINDOW);
        }
        if (!translating) {
            return untranslated(iova < 0 ? NOWHERE : iova);
        }
        long low;
        long high;
        int device = contexts.find(requester);
        if (device >= 0) {
            lastDeviceHit = true;
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
        if (iova >>> Math.min(iovaBits, ContextEntry.addressBits(high)) != 0) {
            return stop(VtdFault.BEYOND_WIDTH, requester, iova, access, low);
        }
        int domain = ContextEntry.domain(high);
        lastDomain = domain;
        if ((low & ContextEntry.TYPE) == ContextEntry.PASS_THROUGH) {
            lastHit = false;
            lastWord = 0;
            return iova;
        }
        int line = iotlb.find(domain, iova);
        if (observer != WalkObserver.NONE) {
            probed(CacheKind.IOTLB, iotlb.lines(), line);
        }
        if (line < 0) {
            return walk(requester, iova, access, low, high);
        }
        long word = iotlb.word(line);
        lastHit = true;
        lastWord = word;
        if ((word & access) != access) {
            return stop(missingRight(access), requester, iova, access, low);
        }
        return Iotlb.hpa(word, iova);
    }

    private long untranslated(long answer) {
        lastFault = null;
        lastDeviceHit = false;
        lastHit = false;
        lastDomain = -1;
        lastWord = 0;
        return answer;
    }

    /// The context cache has no entry: reads it from memory.
    ///
    /// @return 0, or why the request ends here
    private long readDeviceEntry(int requester, long iova, int access) {
        lastDeviceHit = false;
        lastHit = false;
        lastDomain = -1;
        lastWord = 0;
        contexts.countMiss(requester);
        if (observer != WalkObserver.NONE) {
            probed(CacheKind.DEVICE_ENTRY, contexts.lines(), -1);
        }
        if ((rootTableAddress & TABLE_MODE) != 0) {
            return (rootTableAddress & TABLE_MODE) == ABORT_MODE
                    ? untranslated(ABORTED)
                    : stop(VtdFault.ROOT_MODE_INVALID, requester, iova, access, 0);
        }
        var fault = deviceTables.read(rootTableAddress & -4096L, requester, observer);
        lastReads = deviceTables.reads();
        if (fault != null) {
            return stop(fault, requester, iova, access, deviceTables.low());
        }
        contexts.insert(requester, deviceTables.low(), deviceTables.high());
        return 0;
    }

    private long walk(int requester, long iova, int access, long low, long high) {
        lastHit = false;
        lastWord = 0;
        long table = ContextEntry.table(low);
        int levels = ContextEntry.levels(high);
        int domain = ContextEntry.domain(high);
        long origin = Origin.of(table, levels, requester);
        long leaf = walker.walk(table, levels, paging, domain, iova, access, origin);
        lastReads += walker.reads();
        lastProbes = walker.probes();
        if (leaf < 0) {
            return stop(faultOf(leaf, access), requester, iova, access, low);
        }
        long hpa = Iotlb.hpa(leaf, iova);
        if (hpa >>> 20 == INTERRUPTS) {
            return stop(VtdFault.OUTPUT_IS_INTERRUPT, requester, iova, access, low);
        }
        lastWord = leaf;
        iotlb.insert(domain, iova, cachable(leaf, hpa), origin);
        return hpa;
    }

    /// A large page around the interrupt window is cached in pieces of 4 KiB, so that a hit need not ask
    /// whether it leads there.
    private static long cachable(long leaf, long hpa) {
        long window = (long) INTERRUPTS << 20;
        int pageShift = Iotlb.pageShift(leaf);
        boolean apart = (TableEntry.address(leaf) ^ window) >>> Math.max(pageShift, 20) != 0;
        return apart ? leaf : TableEntry.leaf(hpa & -4096L, 12, TableEntry.rights(leaf));
    }

    private static VtdFault faultOf(long failure, int access) {
        if (failure == TableWalker.NO_RIGHT) {
            return missingRight(access);
        }
        if (failure == TableWalker.RESERVED_BIT) {
            return VtdFault.TABLE_RESERVED;
        }
        return failure == TableWalker.NO_TABLE
                ? VtdFault.TABLE_UNREADABLE
                : VtdFault.CONTEXT_INVALID;
    }

    private static VtdFault missingRight(int access) {
        return (access & WRITE) != 0 ? VtdFault.NO_WRITE_RIGHT : VtdFault.NO_READ_RIGHT;
    }

    private long stop(VtdFault fault, int requester, long iova, int access, long contextLow) {
        boolean silent = fault.qualified() && ContextEntry.isSilent(contextLow);
        lastFault = fault;
        lastRecorded =
                !silent && faults.record(fault.code(), requester, iova, (access & WRITE) == 0);
        return -fault.code();
    }

    private void probed(CacheKind kind, SetAssociativeCache lines, int line) {
        if (!lines.isOff()) {
            observer.cacheProbed(kind, 0, lines.lastSet(), line < 0 ? -1 : lines.wayOf(line));
        }
    }

    // ---- what the last request found

    /// Why the last request was stopped; meaningful if [#translate] answered a fault's negative code.
    public @Nullable VtdFault lastFault() {
        return lastFault;
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
        return lastHit;
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

    /// Bytes of the page that served the request; 0 if no page did.
    public long lastPageBytes() {
        return lastWord == 0 ? 0 : 1L << Iotlb.pageShift(lastWord);
    }

    // ---- parts

    public VtdCapabilities capabilities() {
        return capabilities;
    }

    public VtdRegisters registers() {
        return registers;
    }

    public FaultRecording faults() {
        return faults;
    }

    public InvalidationQueue queue() {
        return queue;
    }

    public VtdCaches caches() {
        return caches;
    }

    public boolean isTranslating() {
        return translating;
    }

    /// The root table address in force: what RTADDR_REG held when software last set the root pointer.
    public long rootTableAddress() {
        return rootTableAddress;
    }

    /// Gives the caches of a kind another shape; they are empty afterwards.
    public void reshape(CacheKind kind, CacheGeometry geometry) {
        caches.reshape(kind, geometry);
        adoptCaches();
    }

    private void adoptCaches() {
        contexts = caches.contexts();
        iotlb = caches.iotlb();
        paging = caches.pagingInUse();
    }

    // ---- what registers do

    void setRootTableAddress(long address) {
        rootTableAddress = address;
        if (capabilities.rootPointerEmptiesCaches()) {
            caches.removeAll();
        }
    }

    /// Switching translation, either way, empties the caches.
    void setTranslating(boolean value) {
        if (translating != value) {
            translating = value;
            caches.removeAll();
        }
    }

    void setQueueTail(long offset) {
        queue.setTail(offset, caches, faults);
    }

    void runQueue() {
        queue.run(caches, faults);
    }
}
