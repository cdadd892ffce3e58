package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PasidEntryCache;
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

/// One VT-d remapping unit: requests in, host addresses or faults out, everything read from the tables in
/// memory or from its caches. Hits are here, the rest of legacy mode in [LegacyRequests], of scalable mode in
/// [ScalableMode]; the root table address says which one is in force.
///
/// Not thread-safe: one engine thread owns it. [#translate] allocates nothing.
/// Spec: VT-d, "DMA Remapping", "Legacy Mode Address Translation".
public final class VtdUnit extends LegacyRequests {
    /*
     * translate, a read or a write while translation is on and nobody looks
     *   0xfeexxxxx?       -> interrupt window, never remapped (with a PASID it is an address)
     *   legacy mode:   context cache -> context entry; width, pass-through
     *   scalable mode: PASID cache   -> PASID table entry; neither pass-through nor privileged
     *   IOTLB             -> page, rights
     * everything else, and what these do not give: translateOther
     *
     * The straight ways, and none:
     */
    private static final int NONE = 0;
    private static final int BY_CONTEXT = 1;
    private static final int BY_PASID = 2;

    /* Addresses of the lower half go straight, if they are to be canonical: nothing of them is cut off. */
    private static final int LOWER_HALF_BITS = 56;

    private @Nullable VtdView view;

    private final ScalableMode scalable;
    private final LegacyDeviceTlb deviceTlb;
    private final PageRequestIntake intake = new PageRequestIntake(this);
    private PasidEntryCache pasids;
    private Iotlb pages;
    /* Scalable mode while it is in force. */
    private @Nullable ScalableMode inForce;
    /* Which straight way is open; none while somebody looks. */
    private int straight;

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
        pasids = caches().scalable().pasids();
        pages = caches().scalable().iotlb();
        deviceTlb = new LegacyDeviceTlb(this, walker);
        adoptCaches();
    }

    // ---- the path of one request

    @Override
    public long translate(int requester, int pasid, long iova, int access) {
        if (straight == BY_CONTEXT && pasid < 0 && access <= ACCESS) {
            return translateByContext(requester, iova, access);
        }
        if (straight == BY_PASID
                && (iova >>> LOWER_HALF_BITS | access & ~ACCESS) == 0
                && !(pasid < 0 && InterruptWindow.contains(iova))) {
            return translateByPasid(requester, pasid, iova, access);
        }
        return translateOther(requester, pasid, iova, access);
    }

    /// Away from the way of most requests.
    private long translateOther(int requester, int pasid, long iova, int access) {
        lastIova = iova;
        if (inForce != null) {
            return inForce.translate(requester, pasid, iova, access);
        }
        if (pasid >= 0 || access > ACCESS) {
            return deviceTlb.translate(requester, pasid, iova, access);
        }
        return translating && !InterruptWindow.contains(iova)
                ? translateSearching(requester, iova, access)
                : untranslated(requester, iova, access);
    }

    /// As [Iommu#translate], for a request without PASID.
    ///
    /// @param requester 16 bits
    /// @param access [#READ] or [#WRITE]
    public long translate(int requester, long iova, int access) {
        return translate(requester, NO_PASID, iova, access);
    }

    @Override
    public void foresee(int requester, int pasid, long iova, ReadAhead walks) {
        if (inForce != null) {
            inForce.foresee(requester, pasid, iova, walks);
        } else if (translating && pasid < 0) {
            foresee(requester, iova, walks);
        }
    }

    /// What is wrong with a request is looked at again, away from here: this way has no call in it.
    private long translateByContext(int requester, long iova, int access) {
        if (InterruptWindow.contains(iova)) {
            return untranslated(requester, iova, access);
        }
        long context = contexts.findByHint(requester);
        if (context == DeviceEntryCache.MISS) {
            return translateSearching(requester, iova, access);
        }
        long domain = ContextEntry.domainIn(context);
        if ((beyondWidth(iova, context) | ContextEntry.passThrough(context)) != 0) {
            return translateIn(requester, iova, access | DEVICE_HIT, context, Iotlb.MISS);
        }
        long word = iotlb.findByHint(domain, iova);
        long needs = access | TableEntry.LEAF;
        if ((word & needs) != needs) {
            return translateIn(requester, iova, access | DEVICE_HIT, context, word);
        }
        lastIova = iova;
        lastWho = domain << 16 | requester;
        lastFacts = access | DEVICE_HIT | STAGE_HIT;
        lastWord = word;
        return Iotlb.hpaInSmallest(word, iova);
    }

    /// Scalable mode. What it does not find goes to [ScalableMode], which looks at everything else.
    private long translateByPasid(int requester, int pasid, long iova, int access) {
        long entry = pasids.findByHint(requester, pasid);
        if (!PasidEntry.isPlain(entry)) {
            return scalable.under(entry, requester, pasid, iova, access);
        }
        long space = PasidEntry.spaceIn(entry);
        lastIova = iova;
        lastWho = (long) pasid << 32 | space << 16 | requester;
        long word = pages.findByHint(space, iova);
        long needs = access | TableEntry.LEAF;
        // A write needs a page whose dirty bit is set already.
        if ((word & needs) != needs || (word & TableEntry.CLEAN) != 0 && (access & WRITE) != 0) {
            return scalable.searching(word, entry, iova, access);
        }
        lastFacts = access | DEVICE_HIT | STAGE_HIT;
        lastWord = word;
        return Iotlb.hpaInSmallest(word, iova);
    }

    @Override
    public Optional<StopCause> lastCause() {
        var fault = lastFault();
        if (fault == null) {
            return lastWord == ABORTED ? Optional.of(StopCause.BLOCKED) : Optional.empty();
        }
        return Optional.of(
                switch (fault) {
                    case NO_READ_RIGHT, NO_WRITE_RIGHT ->
                            lastHit()
                                    ? StopCause.SECOND_STAGE_RIGHTS
                                    : StopCause.ofSecondStage(walker.lastRights());
                    case DIRECTORY_NOT_PRESENT, PASID_NOT_PRESENT ->
                            (int) (lastWho >> 32) < 0 ? StopCause.BLOCKED : StopCause.PASID;
                    case SM_NO_WRITE_RIGHT,
                            SM_NO_READ_RIGHT,
                            NO_EXECUTE_RIGHT,
                            TOP_NOT_READABLE_BELOW,
                            TABLE_NOT_READABLE_BELOW ->
                            scalable.walkCause();
                    default -> fault.causes().iterator().next();
                });
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
        boolean scalableTable = rootTableMode() == SCALABLE_TABLE;
        inForce = translating && scalableTable ? scalable : null;
        boolean unseen = observer == WalkObserver.NONE;
        straight = !unseen || !translating ? NONE : inForce == null ? BY_CONTEXT : BY_PASID;
    }

    @Override
    public boolean isScalable() {
        return inForce != null;
    }

    @Override
    void adoptCaches() {
        super.adoptCaches();
        scalable.adopt(caches().scalable());
        pasids = caches().scalable().pasids();
        pages = caches().scalable().iotlb();
        walker.useCaches(CacheKind.PAGING_STRUCTURE, caches().pagingInUse());
    }

    /// Tells `newObserver` every step of every request from now on.
    void observe(WalkObserver newObserver) {
        observer = newObserver;
        chooseMode();
        walker.observe(newObserver);
        scalable.observe(newObserver);
    }
}
