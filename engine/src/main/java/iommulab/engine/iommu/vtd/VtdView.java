package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.iommu.Agreement;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.SavedSteps;
import iommulab.engine.iommu.ShownLine;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.iommu.WalkRecording;

import java.util.ArrayList;
import java.util.List;

/// Looks into a VT-d unit without disturbing it: its caches with what is stale in them, and whether an
/// answer came from a stale entry.
public final class VtdView {
    private final VtdUnit unit;
    private final Coherence coherence;
    private final VtdUnit uncached;
    private final ScalableView scalable;
    private final Agreement agreement = new Agreement();

    /// @param unit the only unit this one looks into
    public VtdView(VtdUnit unit) {
        this.unit = unit;
        coherence = new Coherence(unit);
        uncached = new VtdUnit(unit.capabilities(), unit.memory(), CacheShapes.NONE, 0, true);
        scalable = new ScalableView(unit, uncached);
    }

    // ---- stale answers

    /// Whether an answer that the unit has just given is not the one that the tables in memory give. Costs
    /// nothing while memory is as it was when all caches agreed with it.
    ///
    /// @param answer of [VtdUnit#translate] to the same question
    public boolean isStale(int requester, long iova, int access, long answer) {
        return isStale(requester, Iommu.NO_PASID, iova, access, answer);
    }

    /// The same for a request that may have a PASID.
    public boolean isStale(int requester, int pasid, long iova, int access, long answer) {
        long version = unit.memory().version() + unit.registerVersion();
        if (agreement.holds(version)
                || agreement.isDue() && agreement.isConfirmed(version, caches())) {
            return false;
        }
        return fresh(requester, pasid, iova, access) != answer;
    }

    /// What the unit would answer if it had no caches. Records no fault.
    public long fresh(int requester, int pasid, long iova, int access) {
        uncached.setRootTableAddress(unit.rootTableAddress());
        uncached.setTranslating(unit.isTranslating());
        return uncached.translate(requester, pasid, iova, access);
    }

    // ---- one request, step by step

    /// What the unit would do with a request, without doing it: the same walker runs on a copy of the
    /// caches and registers.
    ///
    /// @param name of the unit
    /// @param withCaches whether the caches are as they are now; else empty
    public Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches) {
        var copy = new VtdUnit(unit.capabilities(), unit.memory(), CacheShapes.NONE, 0, true);
        copy.restore(unit.checkpoint());
        if (!withCaches) {
            copy.caches().removeAll();
        }
        var recording = new WalkRecording();
        copy.observe(recording);
        int requester = request.requester().raw();
        int pasid = request.pasid();
        long answer = copy.translate(requester, pasid, request.iova(), request.rights());
        var inMemory = new WalkRecording();
        uncached.observe(inMemory);
        long fresh = fresh(requester, pasid, request.iova(), request.rights());
        uncached.observe(WalkObserver.NONE);
        boolean stale = fresh != answer;
        if (!copy.isScalable()) {
            return new VtdLadder(copy, request, recording, costs, answer).walk(name, stale);
        }
        return SavedSteps.in(
                new ScalableLadder(copy, request, recording, costs, answer).walk(name, stale),
                new ScalableLadder(uncached, request, inMemory, costs, fresh).walk(name, false));
    }

    // ---- caches

    /// Context cache, IOTLB, then the paging-structure caches from the top level down.
    public List<CacheSnapshot> caches() {
        if (unit.isScalable()) {
            return scalable.caches();
        }
        var caches = unit.caches();
        var all = new ArrayList<CacheSnapshot>();
        all.add(caches.contexts().lines().snapshot(CacheKind.DEVICE_ENTRY, 0, this::contextLine));
        all.add(caches.iotlb().lines().snapshot(CacheKind.IOTLB, 0, this::translationLine));
        for (var cache : List.of(caches.paging()).reversed()) {
            all.add(
                    cache.lines()
                            .snapshot(
                                    CacheKind.PAGING_STRUCTURE,
                                    cache.level(),
                                    line -> tableLine(cache, line)));
        }
        return List.copyOf(all);
    }

    private CacheSnapshot.Line contextLine(int line) {
        var contexts = unit.caches().contexts();
        return ShownLine.entry(
                contexts.lines(),
                line,
                ContextEntry.domain(contexts.word(line)),
                contexts.requesterAt(line),
                ContextEntry.tableOf(contexts.word(line)),
                coherence.ofContext(line));
    }

    private CacheSnapshot.Line translationLine(int line) {
        var iotlb = unit.caches().iotlb();
        return ShownLine.page(
                iotlb,
                line,
                iotlb.spaceAt(line),
                permissions(Iotlb.rights(iotlb.word(line))),
                coherence.ofTranslation(line));
    }

    private CacheSnapshot.Line tableLine(PagingStructureCache cache, int line) {
        return ShownLine.table(
                cache,
                line,
                cache.spaceAt(line),
                permissions(PagingStructureCache.rights(cache.word(line))),
                coherence.ofTable(cache, line));
    }

    static String rightsWords(long rights) {
        return permissions(rights).toString();
    }

    static Permissions permissions(long rights) {
        return Permissions.of((rights & TableEntry.READ) != 0, (rights & TableEntry.WRITE) != 0);
    }
}
