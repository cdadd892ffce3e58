package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Rung.Source;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableEntry;
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

/// Tells what an AMD IOMMU did for one request as a ladder: each entry with its address, its bits, who
/// gave it. Below guest tables each host entry has its place in the grid.
final class AmdLadder {
    /* Rows above those of any guest table: level 1 of the GCR3 table is in the one behind it. */
    private static final int GCR3_ROWS = 30;

    /// A step that is not yet told whether the walk failed at it.
    private interface Draft {
        Step step(@Nullable AmdFault fault);
    }

    private final AmdUnit unit;
    private final DmaRequest request;
    private final WalkRecording recording;
    private final WalkCosts costs;
    private final long answer;
    private final @Nullable AmdFault fault;
    private final AmdRungs rungs;
    private final List<Draft> drafts = new ArrayList<>();
    private int addressBits;
    private boolean nested;
    private long gpa;
    private int row;
    private int nextRow;
    private long lastEntry = -1;
    private int lastRow;
    private int gcr3Levels;
    private int guestLevels;
    private String missedAt = "";
    private long missCycles;

    /// @param unit that has just translated `request`, observed by `recording`
    /// @param answer it gave
    AmdLadder(
            AmdUnit unit,
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
        rungs = new AmdRungs(unit, request);
    }

    /// @param name of the unit
    /// @param stale whether memory would have answered otherwise
    Walk walk(String name, boolean stale) {
        recording.events().forEach(this::take);
        if (fault == AmdFault.BEYOND_DEVICE_TABLE) {
            var nobody = new Source(GivenBy.NOBODY, missedAt, missCycles);
            drafts.add(failure -> rungs.deviceEntry(new long[4], nobody, failure));
        }
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
                unit.lastDomain() < 0 ? 0 : addressBits,
                steps,
                outcome,
                unit.lastReads(),
                unit.lastCycles(costs));
    }

    private Walk.Outcome outcome(List<Step> steps, boolean stale) {
        if (fault != null) {
            int step = Math.max(0, steps.size() - 1);
            steps.add(rungs.stopped(fault));
            return new Walk.Outcome.Faulted(fault, step, unit.lastRecorded());
        }
        if (answer == AmdUnit.INTERRUPT_WINDOW) {
            return new Walk.Outcome.NotTranslated(
                    "0xfeexxxxx is the interrupt window: a write of 4 bytes is an interrupt,"
                            + " anything else is stopped.",
                    Optional.empty());
        }
        if (answer < 0) {
            return new Walk.Outcome.NotTranslated(
                    answer == AmdUnit.ABORTED
                            ? "The device table entry has TV = 0: its requests end here."
                            : "The address is not translated, and no memory has such an address.",
                    Optional.empty());
        }
        String verb = request.access() == Access.READ ? "Read from" : "Write to";
        long word = unit.lastWord();
        steps.add(rungs.access(verb, answer, word <= 0 ? 0 : Iotlb.pageShift(word)));
        return word <= 0 && drafts.isEmpty()
                ? new Walk.Outcome.NotTranslated("Translation is off.", Optional.of(answer))
                : new Walk.Outcome.Reached(
                        answer, unit.lastPageBytes(), AmdView.permissions(usable(word)), stale);
    }

    /// Rights without a table: those of a device whose addresses stay as they are.
    private static long usable(long word) {
        return word <= 0 ? TableEntry.READ | TableEntry.WRITE : word;
    }

    private void take(WalkRecording.Event event) {
        switch (event) {
            case DeviceTableRead read -> deviceTable(read);
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

    // ---- device and PASID

    private void deviceTable(DeviceTableRead read) {
        var source = fromMemory();
        if (read.step() == 0) {
            var words = new long[4];
            for (int i = 0; i < words.length; i++) {
                words[i] = unit.memory().read64(read.entryHpa() + 8L * i);
            }
            adopt(words[0], words[2]);
            drafts.add(failure -> rungs.deviceEntry(words, source, failure));
        } else {
            int level = gcr3Levels - read.step() + 1;
            var cell = unit.guestPointers && nested ? new Cell(row, 0) : Cell.NONE;
            nextRow = level > 1 ? GCR3_ROWS + level - 1 : guestLevels;
            drafts.add(failure ->
                    rungs.gcr3Entry(
                                    level,
                                    read.tableHpa(),
                                    read.index(),
                                    read.low(),
                                    source,
                                    failure)
                            .at(cell));
        }
    }

    private void adopt(long first, long third) {
        gcr3Levels = DeviceTableEntry.gcr3Levels(first);
        int levels =
                unit.isGuest() ? DeviceTableEntry.guestLevels(third) : DeviceTableEntry.mode(first);
        guestLevels = levels;
        nextRow = unit.isGuest() && unit.guestPointers ? GCR3_ROWS + gcr3Levels : levels;
        addressBits = levels == 0 ? 64 : Math.min(64, 12 + 9 * levels);
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
            case DEVICE_ENTRY -> deviceProbed(probe);
            case PASID_ENTRY -> pasidProbed(probe);
            case IOTLB -> iotlbProbed(probe);
            case NESTED -> nestedProbed(probe);
            case PAGING_STRUCTURE -> pagingProbed(probe, Stage.FIRST);
            case NESTED_PAGING -> pagingProbed(probe, Stage.SECOND);
            case DEVICE_TLB -> {
                // The device's own.
            }
        }
    }

    private void missed(CacheProbed probe, long cycles) {
        missedAt = probe.place();
        missCycles += cycles;
    }

    private void deviceProbed(CacheProbed probe) {
        if (!probe.isHit()) {
            missed(probe, costs.deviceProbe());
            return;
        }
        var lines = unit.caches().devices();
        int line = probe.set() * lines.lines().geometry().ways() + probe.way();
        long word = lines.word(line);
        long more = lines.origin(line);
        int kind = (int) (word & DeviceTableEntry.KIND);
        int domain =
                kind == DeviceTableEntry.UNTRANSLATED
                        ? 0
                        : unit.caches().spaces().owner(DeviceTableEntry.space(word));
        var words = DeviceTableEntry.unpack(word, more, domain);
        adopt(words[0], words[2]);
        var source = new Source(GivenBy.DEVICE_CACHE, probe.place(), costs.deviceProbe());
        drafts.add(failure -> rungs.deviceEntry(words, source, failure));
    }

    private void pasidProbed(CacheProbed probe) {
        if (!probe.isHit()) {
            missed(probe, costs.deviceProbe());
            return;
        }
        var lines = unit.caches().pasids();
        int line = probe.set() * lines.lines().geometry().ways() + probe.way();
        long word = lines.word(line);
        nextRow = PasidEntry.levels(word);
        addressBits = 12 + 9 * nextRow;
        var source = new Source(GivenBy.PASID_CACHE, probe.place(), costs.deviceProbe());
        drafts.add(failure -> rungs.cachedPasid(word, source, failure));
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
        int line = probe.set() * lines.lines().geometry().ways() + probe.way();
        long word = lines.word(line);
        long at = gpa;
        var cell = new Cell(row, 1);
        var source = new Source(GivenBy.NESTED_CACHE, probe.place(), costs.iotlbProbe());
        drafts.add(_ -> rungs.nested(at, word, source).at(cell));
    }

    /// The entry of an upper level came from a cache: what it says is told as an entry that was read.
    private void pagingProbed(CacheProbed probe, Stage stage) {
        if (!probe.isHit()) {
            missed(probe, costs.pagingProbe());
            return;
        }
        boolean below = stage == Stage.SECOND;
        var cache =
                (below ? unit.caches().nestedPaging() : unit.caches().paging())[probe.level() - 2];
        int line = probe.set() * cache.lines().geometry().ways() + probe.way();
        long word = cache.word(line);
        boolean host = below || !unit.isGuest();
        var read =
                new TableEntryRead(
                        host ? Stage.SECOND : Stage.FIRST,
                        probe.level(),
                        0,
                        0,
                        0,
                        host ? HostTableFormat.encode(word) : GuestTableFormat.encode(word));
        var source = new Source(GivenBy.PAGING_CACHE, probe.place(), costs.pagingProbe());
        draft(read, source);
        if (!below) {
            nextRow = TableEntry.nextLevel(word);
        }
    }

    // ---- tables

    private void tableEntry(TableEntryRead read) {
        draft(read, fromMemory());
        if (read.stage() == Stage.FIRST) {
            lastEntry = read.table() + 8L * read.index();
            lastRow = read.level();
            nextRow = GuestTableFormat.isLeaf(read.raw(), read.level()) ? 0 : read.level() - 1;
        }
    }

    private void draft(TableEntryRead read, Source source) {
        long address = nested && read.stage() == Stage.SECOND ? gpa : request.iova();
        boolean inGrid = nested;
        var cell =
                !inGrid
                        ? Cell.NONE
                        : read.stage() == Stage.SECOND
                                ? new Cell(row, read.level())
                                : new Cell(read.level(), 0);
        drafts.add(failure -> {
            var step = rungs.tableEntry(read, address, inGrid, source, failure).at(cell);
            return read.table() == 0 ? step : step.readAt(read.entryHpa());
        });
    }
}
