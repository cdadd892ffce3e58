package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.Rung.Source;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.Cell;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.IndexSource;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.iommu.WalkRecording;
import iommulab.engine.iommu.WalkRecording.CacheProbed;
import iommulab.engine.iommu.WalkRecording.DeviceTableRead;
import iommulab.engine.iommu.WalkRecording.EntryMarked;
import iommulab.engine.iommu.WalkRecording.SecondStageBegun;
import iommulab.engine.iommu.WalkRecording.SecondStageEnded;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;

/// Tells what a VT-d unit in scalable mode did for one request as a ladder: each entry with its address, its
/// bits, who gave it. Behind a second stage each entry has its place in the grid.
final class ScalableLadder {
    private final VtdUnit unit;
    private final DmaRequest request;
    private final WalkRecording recording;
    private final WalkCosts costs;
    private final long answer;
    private final @Nullable VtdFault fault;
    private final ScalableRungs rungs;
    private final ScalableTrees trees;
    private final DraftedSteps drafts = new DraftedSteps();
    private boolean entered;
    private int nextRow;
    private int row = -1;
    private long gpa;
    private long lastFirstEntry = -1;
    private int lastFirstRow;
    private String missedAt = "";
    private long missCycles;

    /// @param unit that has just translated `request`, observed by `recording`
    /// @param answer it gave
    ScalableLadder(
            VtdUnit unit,
            DmaRequest request,
            WalkRecording recording,
            WalkCosts costs,
            long answer) {
        this.unit = unit;
        this.request = request;
        this.recording = recording;
        this.costs = costs;
        this.answer = answer;
        fault = unit.lastFault();
        rungs = new ScalableRungs(unit, request);
        trees = new ScalableTrees(unit);
    }

    /// @param name of the unit
    /// @param stale whether memory would have answered otherwise
    Walk walk(String name, boolean stale) {
        recording.events().forEach(this::take);
        var steps = drafts.steps(fault);
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
                entered ? addressBits() : 0,
                steps,
                outcome,
                unit.lastReads(),
                unit.lastCycles(costs));
    }

    private int addressBits() {
        return switch (trees.type()) {
            case PasidEntry.FIRST_STAGE, PasidEntry.NESTED -> 12 + 9 * trees.firstStageLevels();
            case PasidEntry.SECOND_STAGE ->
                    Math.min(unit.capabilities().iovaBits(), 12 + 9 * trees.secondStageLevels());
            default -> unit.capabilities().hostAddressBits();
        };
    }

    private Walk.Outcome outcome(List<Step> steps, boolean stale) {
        var common = new VtdRungs(unit, request.requester(), request.iova());
        if (fault != null) {
            int step = Math.max(0, steps.size() - 1);
            steps.add(common.stopped(fault));
            return new Walk.Outcome.Faulted(fault, step, unit.lastRecorded());
        }
        if (answer == Iommu.INTERRUPT_WINDOW) {
            return new Walk.Outcome.NotTranslated(
                    "0xfeexxxxx without a PASID is the interrupt window: a write of 4 bytes is an"
                            + " interrupt, anything else is stopped.",
                    Optional.empty());
        }
        String verb = request.access() == Access.READ ? "Read from" : "Write to";
        long word = unit.lastWord();
        int shift = word <= 0 ? 0 : Iotlb.pageShift(word);
        steps.add(common.access(verb, answer, shift, request.bytes()));
        long rights = word <= 0 ? TableEntry.RIGHTS : plain(Iotlb.rights(word));
        return new Walk.Outcome.Reached(
                answer, unit.lastPageBytes(), VtdView.permissions(rights), stale);
    }

    /// A supervisor's rights in the place of a user's, for a request that is a supervisor's.
    private long plain(long rights) {
        return request.prefix().privileged() ? rights >>> 56 : rights;
    }

    private void take(WalkRecording.Event event) {
        switch (event) {
            case DeviceTableRead read -> deviceTable(read, fromMemory());
            case CacheProbed probe -> probed(probe);
            case TableEntryRead read -> tableEntry(read);
            case SecondStageBegun(long begun) -> {
                gpa = begun;
                // An entry is looked for again when hardware sets a bit in it.
                row = begun == lastFirstEntry ? lastFirstRow : nextRow;
            }
            case SecondStageEnded _ -> row = -1;
            case EntryMarked(long hpa, long raw) -> drafts.mark(hpa, raw);
        }
    }

    // ---- device and PASID structures

    private void deviceTable(DeviceTableRead read, Source source) {
        switch (read.step()) {
            case 0 ->
                    drafts.add(
                            read.entryHpa(),
                            (_, failed) ->
                                    rungs.root(
                                            read.tableHpa(),
                                            read.low(),
                                            read.high(),
                                            source,
                                            failed));
            case 1 -> {
                var words = words(read.entryHpa(), 4);
                drafts.add(
                        read.entryHpa(),
                        (_, failed) -> rungs.context(read.tableHpa(), words, source, failed));
            }
            case 2 ->
                    drafts.add(
                            read.entryHpa(),
                            (_, failed) ->
                                    rungs.directory(
                                            read.tableHpa(),
                                            read.index(),
                                            read.low(),
                                            pasid(read.index()),
                                            source,
                                            failed));
            default -> {
                var words = words(read.entryHpa(), PasidEntry.WORDS);
                enter();
                drafts.add(
                        read.entryHpa(),
                        (_, failed) ->
                                rungs.pasid(
                                        read.tableHpa(),
                                        words,
                                        entered ? trees.number() : read.index(),
                                        source,
                                        failed));
            }
        }
    }

    /// The PASID of the request; without one the first of the 64 that a directory entry is for.
    private int pasid(int directoryIndex) {
        return request.prefix().isPresent() ? request.pasid() : directoryIndex << 6;
    }

    private void enter() {
        var failed =
                trees.enter(
                        unit.rootTableAddress() & -4096L,
                        request.requester().raw(),
                        request.pasid(),
                        WalkObserver.NONE);
        entered = failed == null;
        nextRow = entered && trees.hasFirstStage() ? trees.firstStageLevels() : 0;
    }

    private long[] words(long hpa, int count) {
        var words = new long[count];
        for (int i = 0; i < count; i++) {
            words[i] = unit.memory().read64(hpa + 8L * i);
        }
        return words;
    }

    private Source fromMemory() {
        var source = new Source(GivenBy.MEMORY, missedAt, costs.memoryRead() + missCycles);
        missedAt = "";
        missCycles = 0;
        return source;
    }

    // ---- caches

    private void probed(CacheProbed probe) {
        switch (probe.kind()) {
            case PASID_ENTRY -> pasidProbed(probe);
            case DEVICE_ENTRY -> contextProbed(probe);
            case IOTLB -> iotlbProbed(probe);
            case NESTED -> nestedProbed(probe);
            case PAGING_STRUCTURE, NESTED_PAGING -> pagingProbed(probe);
            case DEVICE_TLB -> {
                // The device's own.
            }
        }
    }

    private void missed(CacheProbed probe, long cycles) {
        missedAt = probe.place();
        missCycles += cycles;
    }

    private void pasidProbed(CacheProbed probe) {
        if (!probe.isHit()) {
            missed(probe, costs.deviceProbe());
            return;
        }
        var pasids = unit.caches().scalable().pasids();
        int line = probe.set() * pasids.lines().geometry().ways() + probe.way();
        long word = pasids.word(line);
        long rest = pasids.origin(line);
        var spaces = unit.caches().scalable().spaces();
        var words = new long[PasidEntry.WORDS];
        words[0] = PasidEntry.firstWordOf(word, rest);
        words[1] = PasidEntry.secondWordOf(rest, spaces.owner(PasidEntry.spaceOf(word)));
        words[2] = PasidEntry.thirdWordOf(rest);
        long table = savedWay();
        int number = entered ? trees.number() : Math.max(0, request.pasid());
        var source = new Source(GivenBy.PASID_CACHE, probe.place(), costs.deviceProbe());
        drafts.add(-1, (_, failed) -> rungs.pasid(table, words, number, source, failed));
    }

    /// The entries that the PASID cache made needless, as memory has them.
    ///
    /// @return hpa of the PASID table; 0 if memory does not lead to one any more
    private long savedWay() {
        var way = new WalkRecording();
        trees.enter(
                unit.rootTableAddress() & -4096L, request.requester().raw(), request.pasid(), way);
        long table = 0;
        for (var event : way.events()) {
            if (event instanceof DeviceTableRead read) {
                if (read.step() == 3) {
                    table = read.tableHpa();
                } else {
                    deviceTable(read, Source.SAVED);
                }
            }
        }
        enter();
        return table;
    }

    private void contextProbed(CacheProbed probe) {
        if (!probe.isHit()) {
            missed(probe, costs.deviceProbe());
            return;
        }
        var contexts = unit.caches().scalable().contexts();
        int line = probe.set() * contexts.lines().geometry().ways() + probe.way();
        long packed = contexts.word(line);
        var words = new long[4];
        words[0] = ScalableContext.firstWordOf(packed);
        words[1] = ScalableContext.secondWordOf(packed, (int) contexts.origin(line));
        var source =
                new Source(GivenBy.DEVICE_CACHE, probe.place(), costs.deviceProbe() + missCycles);
        missCycles = 0;
        drafts.add(-1, (_, failed) -> rungs.context(0, words, source, failed));
    }

    private void iotlbProbed(CacheProbed probe) {
        var iotlb = unit.caches().scalable().iotlb();
        int line = probe.set() * iotlb.lines().geometry().ways() + probe.way();
        long word = probe.isHit() ? iotlb.word(line) : 0;
        drafts.add(-1, (_, _) -> rungs.iotlb(probe, word, costs.iotlbProbe()));
    }

    private void nestedProbed(CacheProbed probe) {
        if (!probe.isHit()) {
            missed(probe, costs.iotlbProbe());
            return;
        }
        var nested = unit.caches().scalable().nested();
        int line = probe.set() * nested.lines().geometry().ways() + probe.way();
        long word = nested.word(line);
        var source = new Source(GivenBy.NESTED_CACHE, probe.place(), costs.iotlbProbe());
        var cell = new Cell(row, 1);
        long asked = gpa;
        drafts.add(-1, (_, _) -> rungs.nestedPage(asked, word, source, cell));
    }

    private void pagingProbed(CacheProbed probe) {
        if (!probe.isHit()) {
            missed(probe, costs.pagingProbe());
            return;
        }
        boolean below = row >= 0;
        var scalable = unit.caches().scalable();
        PagingStructureCache cache =
                (below ? scalable.nestedPaging() : scalable.paging())[probe.level() - 2];
        int line = probe.set() * cache.lines().geometry().ways() + probe.way();
        long word = cache.word(line);
        boolean first = !below && entered && trees.hasFirstStage();
        if (!below) {
            nextRow = probe.level() - 1;
        }
        long raw = PagingStructureCache.table(word) | (first ? firstBits(word) : word & 3);
        var level = level(first ? Stage.FIRST : Stage.SECOND, probe.level(), 0, raw);
        var source =
                new Source(GivenBy.PAGING_CACHE, probe.place(), costs.pagingProbe() + missCycles);
        missCycles = 0;
        var cell = below ? new Cell(row, probe.level()) : firstCell(probe.level());
        drafts.add(-1, (marks, failed) -> rungs.level(level, marks, source, cell, failed));
    }

    /// P, R/W and U/S of a first-stage entry with these rights.
    private static long firstBits(long rights) {
        boolean user = (rights & TableEntry.READ) != 0;
        boolean write = (rights & TableEntry.ANY_WRITE) != 0;
        return 1 | (write ? 1 << 1 : 0) | (user ? 1 << 2 : 0);
    }

    // ---- page tables

    private void tableEntry(TableEntryRead read) {
        boolean first = read.stage() == Stage.FIRST;
        var source = fromMemory();
        var level = level(read.stage(), read.level(), read.table(), read.raw());
        var cell = row >= 0 && !first ? new Cell(row, read.level()) : firstCell(read.level());
        if (first) {
            lastFirstEntry = read.table() + read.index() * 8L;
            lastFirstRow = read.level();
            nextRow = FirstStageFormat.isLeaf(read.raw(), read.level()) ? 0 : read.level() - 1;
        }
        drafts.add(
                read.entryHpa(),
                (marks, failed) ->
                        rungs.level(level, marks, source, cell, failed).readAt(read.entryHpa()));
    }

    private Cell firstCell(int level) {
        boolean nested = entered && trees.type() == PasidEntry.NESTED;
        return nested ? new Cell(level, 0) : Cell.NONE;
    }

    private ScalableRungs.Level level(Stage stage, int level, long table, long raw) {
        boolean below = stage == Stage.SECOND && row >= 0;
        return new ScalableRungs.Level(
                stage,
                level,
                table,
                below ? gpa : request.iova(),
                below ? IndexSource.GPA : IndexSource.IOVA,
                raw);
    }
}
