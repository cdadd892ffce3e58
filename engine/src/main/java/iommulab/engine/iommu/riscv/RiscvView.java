package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.iommu.Agreement;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.ShownLine;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.iommu.WalkRecording;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Looks into a RISC-V IOMMU without disturbing it: its caches with what is stale in them, whether an answer
/// came from a stale entry, and one request step by step.
final class RiscvView {
    private final RiscvUnit unit;
    private final RiscvCoherence coherence;
    private final RiscvUnit uncached;
    private final Agreement agreement = new Agreement();

    /// @param unit the only unit this one looks into
    RiscvView(RiscvUnit unit) {
        this.unit = unit;
        coherence = new RiscvCoherence(unit);
        uncached = new RiscvUnit(unit.capabilities(), unit.memory(), CacheShapes.NONE, 0);
        uncached.onlyLook();
    }

    // ---- stale answers

    /// Whether an answer that the unit has just given is not the one that the tables in memory give. Costs
    /// nothing while memory is as it was when all caches agreed with it.
    boolean isStale(int requester, int pasid, long iova, int access, long answer) {
        long version = unit.memory().version() + unit.registerVersion();
        if (agreement.holds(version)
                || agreement.isDue() && agreement.isConfirmed(version, caches())) {
            return false;
        }
        return fresh(requester, pasid, iova, access) != answer
                && exactlyFresh(requester, pasid, iova, access) != answer;
    }

    /// What the unit would answer if it had no caches, accessed and dirty bits taken as settable.
    long fresh(int requester, int pasid, long iova, int access) {
        uncached.adoptRegisters(unit.control(), unit.directory());
        return uncached.translate(requester, pasid, iova, access);
    }

    /// The same with these bits really set, and memory put back.
    private long exactlyFresh(int requester, int pasid, long iova, int access) {
        var before = unit.memory().checkpoint();
        var twin = new RiscvUnit(unit.capabilities(), unit.memory(), CacheShapes.NONE, 0);
        twin.adoptRegisters(unit.control(), unit.directory());
        long answer = twin.translate(requester, pasid, iova, access);
        unit.memory().restore(before);
        return answer;
    }

    // ---- one request, step by step

    /// What the unit would do with a request, without doing it: the same walker runs on a copy of the caches
    /// and registers, and what it changes in memory is put back.
    ///
    /// @param withCaches whether the caches are as they are now; else empty
    Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches) {
        return explain(name, request.requester().raw(), request, costs, withCaches);
    }

    /// As [#explain], for a device_id of up to 24 bits.
    Walk explain(
            String name, int requester, DmaRequest request, WalkCosts costs, boolean withCaches) {
        var full = new WalkRecording();
        uncached.observe(full);
        long fresh = fresh(requester, request.pasid(), request.iova(), request.rights());
        uncached.observe(WalkObserver.NONE);
        var copy = new RiscvUnit(unit.capabilities(), unit.memory(), CacheShapes.NONE, 0);
        copy.restore(unit.checkpoint());
        if (!withCaches) {
            copy.caches().removeAll();
        }
        var before = unit.memory().checkpoint();
        var recording = new WalkRecording();
        copy.observe(recording);
        long translated =
                copy.translate(requester, request.pasid(), request.iova(), request.rights());
        // What a message would carry is not known; its number changes only which bit is set.
        long answer = translated < 0 ? translated : copy.serve(translated, request.bytes(), 0);
        unit.memory().restore(before);
        boolean stale =
                withCaches
                        && fresh != translated
                        && exactlyFresh(
                                        requester,
                                        request.pasid(),
                                        request.iova(),
                                        request.rights())
                                != translated;
        return new RiscvLadder(copy, request, recording, full, costs, answer).walk(name, stale);
    }

    // ---- caches

    /// Device and process contexts, IOTLB, paging structures of the first stage, then the second stage's
    /// finished pages and paging structures; from the top level down.
    List<CacheSnapshot> caches() {
        var caches = unit.caches();
        var all = new ArrayList<CacheSnapshot>();
        all.add(caches.devices().lines().snapshot(CacheKind.DEVICE_ENTRY, 0, this::deviceLine));
        all.add(caches.processes().lines().snapshot(CacheKind.PASID_ENTRY, 0, this::processLine));
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
        tables(all, CacheKind.PAGING_STRUCTURE, caches.paging());
        all.add(
                caches.nested()
                        .lines()
                        .snapshot(
                                CacheKind.NESTED,
                                0,
                                line -> pageLine(caches.nested(), line, coherence.ofNested(line))));
        tables(all, CacheKind.NESTED_PAGING, caches.nestedPaging());
        return List.copyOf(all);
    }

    private void tables(List<CacheSnapshot> all, CacheKind kind, PagingStructureCache[] caches) {
        for (var cache : List.of(caches).reversed()) {
            all.add(
                    cache.lines()
                            .snapshot(kind, cache.level(), line -> tableLine(kind, cache, line)));
        }
    }

    private CacheSnapshot.Line deviceLine(int line) {
        var devices = unit.caches().devices();
        long path = devices.word(line);
        var context = unit.caches().deviceContext(Path.context(path));
        return ShownLine.entry(
                devices.lines(),
                line,
                domain(Path.space(path)),
                devices.requesterAt(line),
                DeviceContext.root(context.secondMode() == 0 ? context.fsc() : context.iohgatp()),
                coherence.ofDevice(line));
    }

    private CacheSnapshot.Line processLine(int line) {
        var processes = unit.caches().processes();
        long path = processes.word(line);
        var context = unit.caches().processContext(Path.context(path));
        return ShownLine.entry(
                processes.lines(),
                line,
                domain(Path.space(path)),
                (long) processes.requesterAt(line) << 20 | processes.pasidAt(line),
                DeviceContext.root(context.fsc()),
                coherence.ofProcess(line));
    }

    private int domain(int space) {
        int owner = unit.caches().owner(space);
        return owner == RiscvCaches.HOST ? unit.caches().pscid(space) : owner;
    }

    private CacheSnapshot.Line pageLine(
            Iotlb pages, int line, Optional<CacheSnapshot.Staleness> stale) {
        var rights = RiscvRungs.permissions(pages.word(line));
        return ShownLine.page(pages, line, domain(pages.spaceAt(line)), rights, stale);
    }

    private CacheSnapshot.Line tableLine(CacheKind kind, PagingStructureCache cache, int line) {
        return ShownLine.table(
                cache,
                line,
                domain(cache.spaceAt(line)),
                RiscvRungs.permissions(cache.word(line)),
                coherence.ofTable(kind, cache, line));
    }
}
