package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.SetAssociativeCache;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.PageRequest;
import iommulab.engine.iommu.RequestBatch;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.TableWalker;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// One VT-d remapping unit: requests in, host addresses or faults out, everything read from the tables in
/// memory or from its caches. Legacy mode is here, scalable mode in [ScalableMode]; the root table address
/// says which one is in force.
///
/// Not thread-safe: one engine thread owns it. [#translate] allocates nothing.
/// Spec: VT-d, "DMA Remapping", "Legacy Mode Address Translation".
public final class VtdUnit extends VtdOutcome {
    /*
     * translate
     *   0xfeexxxxx?       -> interrupt window, never remapped
     *   translation off?  -> the address as it is
     *   context cache     -> context entry   (else root table, context table: DeviceTables)
     *   width, pass-through
     *   IOTLB             -> page, rights    (else paging-structure caches and tables: TableWalker)
     */
    private static final int TABLE_MODE = 3 << 10;
    private static final int ABORT_MODE = 3 << 10;
    private static final int SCALABLE_MODE = 1 << 10;
    private static final int MODE_AT = 10;

    /// [#rootTableMode]: a table of legacy mode.
    static final int LEGACY_TABLE = 0;

    /// [#rootTableMode]: a table of scalable mode.
    static final int SCALABLE_TABLE = 1;

    private final DeviceTables deviceTables;
    private final TableWalker walker;
    /* By AW a byte: bits of iova that a table of that many levels translates here. */
    private final long widths;
    private WalkObserver observer = WalkObserver.NONE;
    private @Nullable VtdView view;

    private final ScalableMode scalable;
    private final LegacyDeviceTlb deviceTlb;
    private final PageRequestIntake intake = new PageRequestIntake(this);
    /* Scalable mode while it is in force. */
    private @Nullable ScalableMode inForce;
    /* Translation is on, and not in scalable mode. */
    private boolean legacyInForce;
    private @Nullable LegacyReadAhead readAhead;

    /// A unit after power-on: translation off, caches empty.
    ///
    /// @param seed of caches with random replacement
    public VtdUnit(
            VtdCapabilities capabilities, PhysicalMemory memory, CacheShapes shapes, long seed) {
        this(capabilities, memory, shapes, seed, false);
    }

    /// @param rehearsal whether accessed and dirty bits in memory stay as they are
    VtdUnit(
            VtdCapabilities capabilities,
            PhysicalMemory memory,
            CacheShapes shapes,
            long seed,
            boolean rehearsal) {
        super(capabilities, memory, shapes, seed);
        scalable = new ScalableMode(this, caches().scalable(), rehearsal);
        deviceTables = new DeviceTables(memory, capabilities);
        walker = new TableWalker(memory, format(), Stage.SECOND);
        deviceTlb = new LegacyDeviceTlb(this, walker);
        adoptCaches();
        widths = ContextEntry.widths(capabilities.iovaBits());
    }

    // ---- the path of one request

    @Override
    public long translate(int requester, int pasid, long iova, int access) {
        return legacyInForce && pasid < 0 && access <= ACCESS
                ? translatePlain(requester, iova, access)
                : translateOther(requester, pasid, iova, access);
    }

    /// Away from the way of most requests.
    private long translateOther(int requester, int pasid, long iova, int access) {
        if (inForce != null) {
            return inForce.translate(requester, pasid, iova, access);
        }
        if (pasid < 0 && access <= ACCESS) {
            lastIova = iova;
            return untranslated(requester, iova, access);
        }
        return deviceTlb.translate(requester, pasid, iova, access);
    }

    /// As [Iommu#translate], for a request without PASID.
    ///
    /// @param requester 16 bits
    /// @param access [#READ] or [#WRITE]
    public long translate(int requester, long iova, int access) {
        return translate(requester, NO_PASID, iova, access);
    }

    @Override
    public void translate(RequestBatch batch) {
        if (inForce != null || !translating) {
            super.translate(batch);
            return;
        }
        if (readAhead == null) {
            readAhead = new LegacyReadAhead(this);
        }
        readAhead.translate(batch);
    }

    private long translatePlain(int requester, long iova, int access) {
        lastIova = iova;
        if (InterruptWindow.contains(iova)) {
            return untranslated(requester, iova, access);
        }
        long context = contexts.findByHint(requester);
        if (context == DeviceEntryCache.MISS) {
            return translateSearching(requester, iova, access);
        }
        return translate(requester, iova, access | DEVICE_HIT, context);
    }

    /// Away from the way of most requests, which has no call in it.
    private long translateSearching(int requester, long iova, int access) {
        lastWho = NO_DOMAIN | requester;
        lastFacts = access;
        long context = deviceEntry(requester);
        return context == DeviceEntryCache.MISS
                ? lastAnswer()
                : translate(requester, iova, lastFacts, context);
    }

    /// The context entry of a requester, packed, from the cache or from memory.
    ///
    /// @return [DeviceEntryCache#MISS] if the request ends here
    long deviceEntry(int requester) {
        long context = contexts.find(requester);
        if (context == DeviceEntryCache.MISS) {
            return readDeviceEntry(requester);
        }
        lastFacts |= DEVICE_HIT;
        return context;
    }

    /// @param context packed
    private long translate(int requester, long iova, int facts, long context) {
        int domain = ContextEntry.domain(context);
        lastWho = (long) domain << 16 | requester;
        if (iova >>> (widths >>> ContextEntry.widthAt(context)) != 0) {
            return stopAtDevice(VtdFault.BEYOND_WIDTH, facts, context);
        }
        if (ContextEntry.isPassThrough(context)) {
            return passThrough(facts);
        }
        long word = iotlb.findByHint(domain, iova);
        if (word == Iotlb.MISS) {
            return translateSearching(domain, facts, context);
        }
        if (observer != WalkObserver.NONE) {
            tellProbes();
        }
        lastFacts = facts | STAGE_HIT;
        lastWord = word;
        int access = facts & ACCESS;
        return (word & access) == access ? Iotlb.hpaInSmallest(word, iova) : stopAtHit(context);
    }

    private long translateSearching(int domain, int facts, long context) {
        long word = iotlb.find(domain, lastIova);
        if (word == Iotlb.MISS) {
            word = iotlb.findLarger(domain, lastIova);
        }
        tellProbes();
        return word == Iotlb.MISS ? walk(facts, context) : hit(word, facts, context);
    }

    private long hit(long word, int facts, long context) {
        lastFacts = facts | STAGE_HIT;
        lastWord = word;
        int access = facts & ACCESS;
        return (word & access) == access ? Iotlb.hpa(word, lastIova) : stopAtHit(context);
    }

    private long untranslated(int requester, long iova, int access) {
        lastWho = NO_DOMAIN | requester;
        lastFacts = access;
        return InterruptWindow.contains(iova)
                ? ended(STAGE_UNTRANSLATED, INTERRUPT_WINDOW)
                : untranslated();
    }

    /// The address stays as it is.
    long untranslated() {
        return ended(STAGE_UNTRANSLATED, lastIova < 0 ? NOWHERE : UNCHANGED);
    }

    /// The context cache has no entry: reads it from memory.
    ///
    /// @return the entry, packed; or [DeviceEntryCache#MISS] if the request ends here
    private long readDeviceEntry(int requester) {
        contexts.countMiss(requester);
        if (!isRootTableInForce()) {
            return DeviceEntryCache.MISS;
        }
        var fault = deviceTables.read(rootTableAddress & -4096L, requester, observer);
        lastFacts |= deviceTables.reads() << READS_AT;
        if (fault != null) {
            stop(fault, STAGE_DEVICE, ContextEntry.isSilent(deviceTables.low()), 0);
            return DeviceEntryCache.MISS;
        }
        long packed = ContextEntry.pack(deviceTables.low(), deviceTables.high());
        contexts.insert(requester, packed, deviceTables.high());
        return packed;
    }

    /// RTADDR.TTM as far as the unit has it: [#LEGACY_TABLE], [#SCALABLE_TABLE], or no table at all.
    int rootTableMode() {
        int mode = (int) (rootTableAddress & TABLE_MODE) >>> MODE_AT;
        return mode == SCALABLE_TABLE && !capabilities().scalable() ? -1 : mode;
    }

    /// Whether the root table address names a legacy table; else the request ends here.
    boolean isRootTableInForce() {
        long mode = rootTableAddress & TABLE_MODE;
        if (mode == ABORT_MODE) {
            ended(STAGE_DEVICE, ABORTED);
        } else if (mode != 0) {
            stop(VtdFault.ROOT_MODE_INVALID, STAGE_DEVICE, false, 0);
        }
        return mode == 0;
    }

    /// Whether the last address has more bits than the unit or the requester's tree translates.
    boolean isTooWide(long context) {
        return lastIova >>> (widths >>> ContextEntry.widthAt(context)) != 0;
    }

    private long walk(int facts, long context) {
        long iova = lastIova;
        int access = facts & ACCESS;
        lastFacts = facts;
        long table = ContextEntry.tableOf(context);
        int levels = ContextEntry.levels(context);
        int domain = ContextEntry.domain(context);
        long origin = Origin.of(table, levels, (int) lastWho & 0xffff);
        walker.enter(table, levels, domain, 0);
        long leaf = walker.walk(iova, access, 0, origin);
        lastFacts += walker.reads() << READS_AT | walker.probes() << PROBES_AT;
        if (leaf < 0) {
            return stop(VtdFault.ofWalk(leaf, access), STAGE_WALK, context);
        }
        long hpa = Iotlb.hpa(leaf, iova);
        if (InterruptWindow.contains(hpa)) {
            return stop(VtdFault.OUTPUT_IS_INTERRUPT, STAGE_WALK, context);
        }
        iotlb.insert(domain, iova, InterruptWindow.cachable(leaf, hpa), origin);
        lastFacts |= STAGE_WALK;
        lastWord = leaf;
        return hpa;
    }

    private long stopAtDevice(VtdFault fault, int facts, long context) {
        lastFacts = facts;
        tellDeviceProbe();
        return stop(fault, STAGE_DEVICE, context);
    }

    private long passThrough(int facts) {
        lastFacts = facts;
        tellDeviceProbe();
        return ended(STAGE_DEVICE, UNCHANGED);
    }

    private long stopAtHit(long context) {
        return stop(VtdFault.missingRight(lastFacts & ACCESS), STAGE_HIT, context);
    }

    private long stop(VtdFault fault, int stage, long context) {
        return stop(fault, stage, ContextEntry.isPackedSilent(context), 0);
    }

    void tellProbes() {
        tellDeviceProbe();
        tellProbe(CacheKind.IOTLB, iotlb.lines());
    }

    private void tellDeviceProbe() {
        tellProbe(CacheKind.DEVICE_ENTRY, contexts.lines());
    }

    private void tellProbe(CacheKind kind, SetAssociativeCache lines) {
        if (observer != WalkObserver.NONE && !lines.isOff()) {
            observer.cacheProbed(kind, 0, lines.lastSet(), lines.lastWay());
        }
    }

    // ---- looking into it

    /// Whether a cached entry that no longer agrees with memory made the last answer differ from the one
    /// that memory gives; to be asked before anything changes. See [VtdView#isStale].
    @Override
    public boolean lastWasStale() {
        boolean special = (lastFacts & HOW) != 0;
        int access = special ? lastAccess : lastFacts & ACCESS;
        int pasid = isScalable() ? (int) (lastWho >> 32) : special ? lastPasid : NO_PASID;
        return view().isStale((int) lastWho & 0xffff, pasid, lastIova, access, lastAnswer());
    }

    /// Shows the unit without disturbing it.
    public VtdView view() {
        if (view == null) {
            view = new VtdView(this);
        }
        return view;
    }

    /// See [VtdView#caches].
    @Override
    public List<CacheSnapshot> cacheSnapshots() {
        return view().caches();
    }

    @Override
    public void forEachTable(Consumer<TableUse> visitor) {
        new VtdAtlas(this, visitor).visit();
    }

    /// See [VtdView#explain].
    @Override
    public Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches) {
        return view().explain(name, request, costs, withCaches);
    }

    @Override
    public Optional<VtdFault> requestPage(PageRequest request) {
        return Optional.ofNullable(intake.take(request, inForce));
    }

    /// See [VtdView#fresh].
    @Override
    public long fresh(int requester, int pasid, long iova, int access) {
        return view().fresh(requester, pasid, iova, access);
    }

    @Override
    void chooseMode() {
        boolean scalableTable = (rootTableAddress & TABLE_MODE) == SCALABLE_MODE;
        inForce = translating && scalableTable && capabilities().scalable() ? scalable : null;
        legacyInForce = translating && inForce == null;
    }

    @Override
    public boolean isScalable() {
        return inForce != null;
    }

    @Override
    void adoptCaches() {
        super.adoptCaches();
        scalable.adopt(caches().scalable());
        walker.useCaches(CacheKind.PAGING_STRUCTURE, caches().pagingInUse());
    }

    /// Tells `newObserver` every step of every request from now on.
    void observe(WalkObserver newObserver) {
        observer = newObserver;
        walker.observe(newObserver);
        scalable.observe(newObserver);
    }
}
