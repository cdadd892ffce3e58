package iommulab.engine.iommu.selftest;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.SetAssociativeCache;
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

import java.util.List;
import java.util.Optional;

/// Looks into the self-test's IOMMU without disturbing it: its caches with what is stale in them, whether an
/// answer came from a stale entry, and one request step by step.
final class SelftestView {
    private static final int PASID_BITS = 20;

    private final SelftestUnit unit;
    private final SelftestUnit uncached;
    private final SelftestCoherence coherence;

    /// @param unit the only unit this one looks into
    SelftestView(SelftestUnit unit) {
        this.unit = unit;
        uncached = new SelftestUnit(unit.memory(), CacheShapes.NONE, 0, true);
        coherence = new SelftestCoherence(unit, uncached);
    }

    private void adoptRegisters() {
        uncached.adoptRegisters(
                unit.registers().read64(SelftestRegisters.CONTROL), unit.deviceTableRegister());
    }

    /// Whether an answer that the unit has just given is not the one that the tables in memory give.
    boolean isStale(int requester, int pasid, long iova, int access, long answer) {
        adoptRegisters();
        return uncached.translate(requester, pasid, iova, access) != answer;
    }

    /// What the unit would do with a request, without doing it: the same walkers run on a copy of the
    /// caches and registers, and leave memory as it is.
    ///
    /// @param withCaches whether the caches are as they are now; else empty
    Walk explain(String name, DmaRequest request, WalkCosts costs, boolean withCaches) {
        var copy = new SelftestUnit(unit.memory(), CacheShapes.NONE, 0, true);
        copy.restore(unit.checkpoint());
        if (!withCaches) {
            copy.caches().removeAll();
        }
        var recording = observed(copy, request);
        adoptRegisters();
        var inMemory = observed(uncached, request);
        boolean stale = copy.answer != uncached.answer;
        return SavedSteps.in(
                new SelftestLadder(copy, request, recording, costs).walk(name, stale),
                new SelftestLadder(uncached, request, inMemory, costs).walk(name, false));
    }

    private static WalkRecording observed(SelftestUnit asked, DmaRequest request) {
        var recording = new WalkRecording();
        asked.observe(recording);
        asked.translate(
                request.requester().raw(), request.pasid(), request.iova(), request.rights());
        asked.observe(WalkObserver.NONE);
        return recording;
    }

    // ---- caches

    /// Device entries, PASID entries, IOTLB, and the second stage's pages below first stages.
    List<CacheSnapshot> caches() {
        adoptRegisters();
        var caches = unit.caches();
        return List.of(
                caches.devices().lines().snapshot(CacheKind.DEVICE_ENTRY, 0, this::deviceLine),
                caches.pasids().lines().snapshot(CacheKind.PASID_ENTRY, 0, this::pasidLine),
                caches.iotlb()
                        .lines()
                        .snapshot(
                                CacheKind.IOTLB, 0, line -> pageLine(caches.iotlb(), line, false)),
                caches.nested()
                        .lines()
                        .snapshot(
                                CacheKind.NESTED,
                                0,
                                line -> pageLine(caches.nested(), line, true)));
    }

    private CacheSnapshot.Line deviceLine(int line) {
        var devices = unit.caches().devices();
        int requester = devices.requesterAt(line);
        var entry = unit.caches().entry(devices.word(line));
        return line(
                devices.lines(),
                line,
                entry,
                requester,
                coherence.ofEntry(entry, requester, Iommu.NO_PASID));
    }

    private CacheSnapshot.Line pasidLine(int line) {
        var pasids = unit.caches().pasids();
        int requester = pasids.requesterAt(line);
        int pasid = pasids.pasidAt(line);
        var entry = unit.caches().entry(pasids.word(line));
        return line(
                pasids.lines(),
                line,
                entry,
                (long) requester << PASID_BITS | pasid,
                coherence.ofEntry(entry, requester, pasid));
    }

    private static CacheSnapshot.Line line(
            SetAssociativeCache lines,
            int line,
            TranslationEntry entry,
            long key,
            Optional<CacheSnapshot.Staleness> stale) {
        long table = entry.hasFirst() ? entry.firstTable() : entry.secondTable();
        int domain = entry.type() == TranslationEntry.TABLES ? entry.tag() : -1;
        return ShownLine.entry(lines, line, domain, key, TranslationEntry.table(table), stale);
    }

    private CacheSnapshot.Line pageLine(Iotlb pages, int line, boolean guestPhysical) {
        var lines = pages.lines();
        long word = pages.word(line);
        return new CacheSnapshot.Line(
                lines.setOf(line),
                lines.wayOf(line),
                lines.ageOf(line),
                pages.spaceAt(line),
                pages.iovaAt(line) >>> 12,
                TableEntry.page(word),
                1L << Iotlb.pageShift(word),
                permissions(word).toString(),
                coherence.ofPage(pages, line, guestPhysical));
    }

    static Permissions permissions(long word) {
        return Permissions.of((word & TableEntry.READ) != 0, (word & TableEntry.WRITE) != 0);
    }
}
