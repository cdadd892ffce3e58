package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.iommu.Agreement;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.SavedSteps;
import iommulab.engine.iommu.ShownLine;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.iommu.WalkRecording;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Looks into an AMD IOMMU without disturbing it: its caches with what is stale in them, and whether an
/// answer came from a stale entry.
public final class AmdView {
    private static final int PASID_BITS = 20;

    private final AmdUnit unit;
    private final AmdCoherence coherence;
    private final AmdUnit uncached;
    private final Agreement agreement = new Agreement();

    /// @param unit the only unit this one looks into
    AmdView(AmdUnit unit) {
        this.unit = unit;
        uncached = new AmdUnit(unit.capabilities(), unit.memory(), CacheShapes.NONE, 0, true);
        coherence = new AmdCoherence(unit, uncached);
    }

    // ---- stale answers

    /// Whether an answer that the unit has just given is not the one that the tables in memory give. Costs
    /// nothing while memory is as it was when all caches agreed with it.
    ///
    /// @param answer of [AmdUnit#translate] to the same question
    boolean isStale(int requester, int pasid, long iova, int access, long answer) {
        long version = unit.memory().version() + unit.registerVersion();
        if (agreement.holds(version)
                || agreement.isDue() && agreement.isConfirmed(version, caches())) {
            return false;
        }
        return fresh(requester, pasid, iova, access) != answer;
    }

    /// What the unit would answer if it had no caches. Changes nothing.
    public long fresh(int requester, int pasid, long iova, int access) {
        uncached.adoptRegisters(unit);
        return uncached.translate(requester, pasid, iova, access);
    }

    /// What stops a request now that the tables in memory stop.
    Optional<StopCause> freshCause(int requester, int pasid, long iova, int access) {
        fresh(requester, pasid, iova, access);
        return uncached.lastCause();
    }

    // ---- one request, step by step

    /// What the unit would do with a request, without doing it: the same walkers run on a copy of the
    /// caches and registers, and leave memory as it is.
    ///
    /// @param name of the unit
    /// @param withCaches whether the caches are as they are now; else empty
    public Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches) {
        var copy = new AmdUnit(unit.capabilities(), unit.memory(), CacheShapes.NONE, 0, true);
        copy.restore(unit.checkpoint());
        if (!withCaches) {
            copy.caches().removeAll();
        }
        var recording = new WalkRecording();
        copy.observe(recording);
        int requester = request.requester().raw();
        long answer = copy.translate(requester, request.pasid(), request.iova(), request.rights());
        var inMemory = new WalkRecording();
        uncached.observe(inMemory);
        long fresh = fresh(requester, request.pasid(), request.iova(), request.rights());
        uncached.observe(WalkObserver.NONE);
        return SavedSteps.in(
                new AmdLadder(copy, request, recording, costs, answer).walk(name, fresh != answer),
                new AmdLadder(uncached, request, inMemory, costs, fresh).walk(name, false));
    }

    // ---- caches

    /// Device table entries, GCR3 entries, IOTLB, paging-structure caches from the top level down, then the
    /// host side of nested walks.
    public List<CacheSnapshot> caches() {
        coherence.begin();
        var caches = unit.caches();
        var all = new ArrayList<CacheSnapshot>();
        all.add(caches.devices().lines().snapshot(CacheKind.DEVICE_ENTRY, 0, this::deviceLine));
        all.add(caches.pasids().lines().snapshot(CacheKind.PASID_ENTRY, 0, this::pasidLine));
        all.add(
                caches.iotlb()
                        .lines()
                        .snapshot(
                                CacheKind.IOTLB,
                                0,
                                line ->
                                        pageLine(
                                                caches.iotlb(),
                                                line,
                                                coherence.ofTranslation(line))));
        addPaging(all, CacheKind.PAGING_STRUCTURE, caches.paging());
        all.add(
                caches.nested()
                        .lines()
                        .snapshot(
                                CacheKind.NESTED,
                                0,
                                line -> pageLine(caches.nested(), line, coherence.ofNested(line))));
        addPaging(all, CacheKind.NESTED_PAGING, caches.nestedPaging());
        return List.copyOf(all);
    }

    private void addPaging(List<CacheSnapshot> all, CacheKind kind, PagingStructureCache[] caches) {
        for (var cache : List.of(caches).reversed()) {
            all.add(
                    cache.lines()
                            .snapshot(kind, cache.level(), line -> tableLine(kind, cache, line)));
        }
    }

    private CacheSnapshot.Line deviceLine(int line) {
        var devices = unit.caches().devices();
        long word = devices.word(line);
        boolean inDomain = (word & DeviceTableEntry.KIND) != DeviceTableEntry.UNTRANSLATED;
        return ShownLine.entry(
                devices.lines(),
                line,
                inDomain ? owner(DeviceTableEntry.space(word)) : -1,
                devices.requesterAt(line),
                DeviceTableEntry.packedHostTable(word),
                coherence.ofDevice(line));
    }

    private CacheSnapshot.Line pasidLine(int line) {
        var pasids = unit.caches().pasids();
        long word = pasids.word(line);
        return ShownLine.entry(
                pasids.lines(),
                line,
                owner(PasidEntry.space(word)),
                (long) pasids.requesterAt(line) << PASID_BITS | pasids.pasidAt(line),
                PasidEntry.guestTable(word),
                coherence.ofPasid(line));
    }

    private CacheSnapshot.Line pageLine(
            Iotlb cache, int line, Optional<CacheSnapshot.Staleness> stale) {
        return ShownLine.page(
                cache, line, owner(cache.spaceAt(line)), permissions(cache.word(line)), stale);
    }

    private CacheSnapshot.Line tableLine(CacheKind kind, PagingStructureCache cache, int line) {
        return ShownLine.table(
                cache,
                line,
                owner(cache.spaceAt(line)),
                permissions(cache.word(line)),
                coherence.ofTable(kind, cache, line));
    }

    private int owner(int space) {
        return unit.caches().spaces().owner(space);
    }

    /// What a word allows: to users, or else to supervisors. A page that is not yet marked dirty may be
    /// written all the same: after a walk.
    static Permissions permissions(long word) {
        boolean read = (word & (TableEntry.READ | TableEntry.PRIV_READ)) != 0;
        boolean write = (word & (TableEntry.ANY_WRITE | TableEntry.CLEAN)) != 0;
        return Permissions.of(read, write);
    }

    static String rightsWords(long word) {
        return permissions(word).toString();
    }
}
