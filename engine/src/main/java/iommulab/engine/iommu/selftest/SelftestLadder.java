package iommulab.engine.iommu.selftest;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Rung.Source;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.Cell;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkRecording;
import iommulab.engine.iommu.WalkRecording.CacheProbed;
import iommulab.engine.iommu.WalkRecording.DeviceTableRead;
import iommulab.engine.iommu.WalkRecording.EntryMarked;
import iommulab.engine.iommu.WalkRecording.SecondStageBegun;
import iommulab.engine.iommu.WalkRecording.SecondStageEnded;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Tells what the self-test's IOMMU did for one request as a ladder: each entry with its address, its bits,
/// who gave it. Below a first stage each second-stage entry has its place in the grid.
final class SelftestLadder {
    /// A step that is not yet told whether the walk failed at it.
    private interface Draft {
        Step step(@Nullable SelftestFault fault);
    }

    private final SelftestUnit unit;
    private final DmaRequest request;
    private final WalkRecording recording;
    private final WalkCosts costs;
    private final SelftestRungs rungs;
    private final List<Draft> drafts = new ArrayList<>();
    private boolean nested;
    private long gpa;
    private int row = SelftestFormat.LEVELS;
    private int nextRow = SelftestFormat.LEVELS;
    private long lastEntry = -1;
    private int lastRow;
    private String missedAt = "";
    private long missCycles;

    /// @param unit that has just translated `request`, observed by `recording`
    SelftestLadder(
            SelftestUnit unit, DmaRequest request, WalkRecording recording, WalkCosts costs) {
        this.unit = unit;
        this.request = request;
        this.recording = recording;
        this.costs = costs;
        rungs = new SelftestRungs(unit, request);
    }

    /// @param name of the unit
    /// @param stale whether memory would have answered otherwise
    Walk walk(String name, boolean stale) {
        recording.events().forEach(this::take);
        var fault = unit.lastFault();
        var steps = new ArrayList<Step>();
        for (var draft : drafts) {
            steps.add(draft.step(draft == drafts.getLast() ? fault : null));
        }
        var outcome = outcome(steps, stale);
        return new Walk(
                name,
                request.device(),
                request.requester(),
                request.iova(),
                request.bytes(),
                request.access(),
                request.prefix(),
                unit.lastDomain(),
                unit.lastDomain() < 0 ? 0 : SelftestFormat.ADDRESS_BITS,
                steps,
                outcome,
                unit.lastReads(),
                unit.lastCycles(costs));
    }

    private Walk.Outcome outcome(List<Step> steps, boolean stale) {
        var fault = unit.lastFault();
        if (fault != null) {
            int step = Math.max(0, steps.size() - 1);
            steps.add(rungs.stopped(fault));
            return new Walk.Outcome.Faulted(fault, step, unit.lastRecorded());
        }
        if (unit.answer < 0) {
            return new Walk.Outcome.NotTranslated(
                    "The address is not translated, and no memory has such an address.",
                    Optional.empty());
        }
        steps.add(
                rungs.access(
                        request.access() == Access.READ ? "Read from" : "Write to", unit.answer));
        if (!unit.isTranslating()) {
            return new Walk.Outcome.NotTranslated("Translation is off.", Optional.of(unit.answer));
        }
        return new Walk.Outcome.Reached(
                unit.answer,
                unit.lastPageBytes(),
                unit.word == 0 ? Permissions.READ_WRITE : SelftestView.permissions(unit.word),
                stale);
    }

    private void take(WalkRecording.Event event) {
        switch (event) {
            case DeviceTableRead read -> entryRead(read);
            case CacheProbed probe -> probed(probe);
            case TableEntryRead read -> tableEntry(read);
            case SecondStageBegun(long begun) -> {
                nested = true;
                gpa = begun;
                // An entry is looked for again when it is marked as used.
                row = begun == lastEntry ? lastRow : nextRow;
            }
            case SecondStageEnded _, EntryMarked _ -> {
                // The entries between have been told.
            }
        }
    }

    private Source fromMemory() {
        var source = new Source(GivenBy.MEMORY, missedAt, costs.memoryRead() + missCycles);
        missedAt = "";
        missCycles = 0;
        return source;
    }

    private void entryRead(DeviceTableRead read) {
        var source = fromMemory();
        int words = read.step() == EntryReader.DIRECTORY ? 1 : 4;
        var raw = new long[words];
        for (int word = 0; word < words; word++) {
            raw[word] = unit.memory().read64(read.entryHpa() + 8L * word);
        }
        drafts.add(failure ->
                rungs.entry(read.step(), read.tableHpa(), read.index(), raw, source, failure));
    }

    // ---- caches

    private void probed(CacheProbed probe) {
        switch (probe.kind()) {
            case DEVICE_ENTRY, PASID_ENTRY -> entryProbed(probe);
            case IOTLB -> iotlbProbed(probe);
            case NESTED -> nestedProbed(probe);
            case PAGING_STRUCTURE, NESTED_PAGING, DEVICE_TLB -> {
                // It has none.
            }
        }
    }

    private void missed(CacheProbed probe, long cycles) {
        missedAt = probe.place();
        missCycles += cycles;
    }

    private void entryProbed(CacheProbed probe) {
        if (!probe.isHit()) {
            missed(probe, costs.deviceProbe());
            return;
        }
        boolean ofDevice = probe.kind() == CacheKind.DEVICE_ENTRY;
        var lines = ofDevice ? unit.caches().devices().lines() : unit.caches().pasids().lines();
        int line = probe.set() * lines.geometry().ways() + probe.way();
        var entry = unit.caches().entry(lines.word(line));
        var raw =
                new long[] {
                    entry.low(), entry.firstTable(), entry.secondTable(), entry.pasidTable()
                };
        var by = ofDevice ? GivenBy.DEVICE_CACHE : GivenBy.PASID_CACHE;
        var source = new Source(by, probe.place(), costs.deviceProbe());
        int step = ofDevice ? EntryReader.DEVICE : EntryReader.PASID;
        drafts.add(failure -> rungs.cachedEntry(step, raw, source, failure));
    }

    private void iotlbProbed(CacheProbed probe) {
        var iotlb = unit.caches().iotlb();
        int line = probe.set() * iotlb.lines().geometry().ways() + probe.way();
        long word = probe.isHit() ? iotlb.word(line) : 0;
        var source = new Source(GivenBy.IOTLB, probe.place(), costs.iotlbProbe());
        drafts.add(failure -> rungs.iotlb(word, source, failure));
    }

    private void nestedProbed(CacheProbed probe) {
        if (!probe.isHit()) {
            missed(probe, costs.iotlbProbe());
            return;
        }
        var lines = unit.caches().nested();
        long word = lines.word(probe.set() * lines.lines().geometry().ways() + probe.way());
        long at = gpa;
        var cell = new Cell(row, 1);
        var source = new Source(GivenBy.NESTED_CACHE, probe.place(), costs.iotlbProbe());
        drafts.add(_ -> rungs.nested(at, word, source).at(cell));
    }

    // ---- page tables

    private void tableEntry(TableEntryRead read) {
        boolean second = read.stage() == Stage.SECOND;
        var source = fromMemory();
        long address = nested && second ? gpa : request.iova();
        boolean inGrid = nested;
        var cell =
                !inGrid
                        ? Cell.NONE
                        : second ? new Cell(row, read.level()) : new Cell(read.level(), 0);
        drafts.add(failure ->
                rungs.tableEntry(read, address, inGrid && second, source, failure)
                        .at(cell)
                        .readAt(read.entryHpa()));
        if (!second) {
            lastEntry = read.table() + 8L * read.index();
            lastRow = read.level();
            nextRow = read.level() - 1;
        }
    }
}
