package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.Rung.Place;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.Cell;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkRecording;
import iommulab.engine.iommu.WalkRecording.DeviceTableRead;
import iommulab.engine.iommu.WalkRecording.Event;
import iommulab.engine.iommu.WalkRecording.SecondStageBegun;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Tells what a RISC-V IOMMU did for one request as a ladder: each entry with its address, its bits, who gave
/// it. Entries that a cache made needless stand in their place, as memory has them.
final class RiscvLadder {
    private static final int FIRST_ROW = 32;
    private static final int RWX =
            PageTableFormat.READ | PageTableFormat.WRITE | PageTableFormat.EXECUTE;

    private final RiscvUnit unit;
    private final DmaRequest request;
    private final MadeSteps made;
    private final List<Event> events;
    private final WalkCosts costs;
    private final long answer;
    private final @Nullable RiscvFault fault;
    private final RiscvRungs rungs;
    private final List<Step> steps = new ArrayList<>();
    private int failedStep = -1;
    private int row = -1;
    private long gpa;
    private int processReads;
    private boolean afterLeaf;
    private int topGuestLevel;

    /// @param unit that has just translated `request`, observed by `recording`
    /// @param full the same request without caches
    /// @param answer the unit gave
    RiscvLadder(
            RiscvUnit unit,
            DmaRequest request,
            WalkRecording recording,
            WalkRecording full,
            WalkCosts costs,
            long answer) {
        this.unit = unit;
        this.request = request;
        this.costs = costs;
        this.answer = answer;
        made = new MadeSteps(recording, costs);
        events = made.areAmong(full) ? full.events() : made.withDirectoryOf(full);
        // A question that is granted nothing is answered: no fault.
        fault = answer < 0 ? unit.lastFault() : null;
        rungs = new RiscvRungs(unit);
    }

    /// @param name of the unit
    /// @param stale whether memory would have answered otherwise
    Walk walk(String name, boolean stale) {
        int contexts = lastContext();
        if (contexts < 0) {
            iotlbStep();
        }
        for (int i = 0; i < events.size(); i++) {
            tell(i);
            if (i == contexts) {
                iotlbStep();
            }
        }
        var outcome = outcome(stale);
        return new Walk(
                name,
                request.device(),
                request.requester(),
                request.iova(),
                request.bytes(),
                request.access(),
                request.prefix(),
                unit.lastDomain(),
                unit.found().addressBits(unit.control()),
                steps,
                outcome,
                unit.lastReads(),
                unit.lastCycles(costs));
    }

    /// Where the last entry of a directory was read, -1 if none was.
    private int lastContext() {
        for (int i = events.size() - 1; i >= 0; i--) {
            if (events.get(i) instanceof DeviceTableRead read && read.step() < MsiTable.STEP) {
                return i;
            }
        }
        return -1;
    }

    private void tell(int number) {
        switch (events.get(number)) {
            case DeviceTableRead read -> directoryStep(read);
            case SecondStageBegun begun -> {
                gpa = begun.gpa();
                row = rowOf(number);
                topGuestLevel = 0;
            }
            case TableEntryRead read -> tableStep(read);
            default -> {}
        }
    }

    // ---- directories

    private void directoryStep(DeviceTableRead read) {
        if (read.step() >= MsiTable.STEP) {
            msiStep(read);
        } else if (read.step() >= ProcessDirectory.PROCESS_STEPS) {
            processStep(read, read.step() - ProcessDirectory.PROCESS_STEPS);
        } else {
            deviceStep(read);
        }
    }

    private void deviceStep(DeviceTableRead read) {
        int level = unit.levels - 1 - read.step();
        var directory = unit.directories().deviceDirectory();
        int bytes = level == 0 ? unit.capabilities().deviceContextBytes() : 8;
        var place =
                new Place(
                        read.tableHpa(),
                        read.index(),
                        Walk.IndexSource.REQUESTER,
                        directory.indexHigh(level),
                        directory.indexAt(level),
                        bytes,
                        read.entryHpa());
        var blamed = blamed(read.entryHpa());
        if (level > 0) {
            var source = made.source(read.entryHpa(), Optional.empty(), GivenBy.NOBODY);
            add(rungs.directoryEntry(false, level, place, read.low(), source, blamed));
            return;
        }
        var source =
                made.source(
                        read.entryHpa(), made.hit(CacheKind.DEVICE_ENTRY), GivenBy.DEVICE_CACHE);
        long[] words =
                source.by() == GivenBy.DEVICE_CACHE
                        ? unit.found().deviceWords(bytes)
                        : words(read.entryHpa(), bytes / 8, unit.isBigEndian());
        add(rungs.deviceContext(place, words, source, blamed));
    }

    private long[] words(long hpa, int count, boolean big) {
        var words = new long[count];
        for (int i = 0; i < count; i++) {
            long word = unit.memory().read64(hpa + 8L * i);
            words[i] = big ? Long.reverseBytes(word) : word;
        }
        return words;
    }

    private void processStep(DeviceTableRead read, int number) {
        processReads = number + 1;
        int level = unit.found().processLevels() - 1 - number;
        var place =
                new Place(
                        read.tableHpa(),
                        read.index(),
                        Walk.IndexSource.PASID,
                        ProcessDirectory.indexAt(level + 1) - 1,
                        ProcessDirectory.indexAt(level),
                        level == 0 ? 16 : 8,
                        read.entryHpa());
        var blamed = blamed(read.entryHpa());
        var cell = row < 0 ? Cell.NONE : new Cell(FIRST_ROW - number, 0);
        if (level > 0) {
            var source = made.source(read.entryHpa(), Optional.empty(), GivenBy.NOBODY);
            add(rungs.directoryEntry(true, level, place, read.low(), source, blamed).at(cell));
            return;
        }
        var source =
                made.source(read.entryHpa(), made.hit(CacheKind.PASID_ENTRY), GivenBy.PASID_CACHE);
        long[] words = {read.low(), read.high()};
        boolean narrow = unit.found().isNarrow();
        add(rungs.processContext(place, words, narrow, source, blamed).at(cell));
    }

    private void msiStep(DeviceTableRead read) {
        long mask = unit.found().msiMask() << 12;
        var place =
                new Place(
                        read.tableHpa(),
                        read.index(),
                        Walk.IndexSource.GPA,
                        63 - Long.numberOfLeadingZeros(mask),
                        mask == 0 ? -1 : Long.numberOfTrailingZeros(mask),
                        16,
                        read.entryHpa());
        var source = made.source(read.entryHpa(), Optional.empty(), GivenBy.NOBODY);
        long[] words = {read.low(), read.high()};
        add(rungs.msiEntry(place, words, source, blamed(read.entryHpa())));
    }

    // ---- tables

    /// Which address goes through the second stage: that of a process directory's entry, of a first-stage
    /// table's entry, or the final one.
    private int rowOf(int number) {
        for (int i = number + 1; i < events.size(); i++) {
            switch (events.get(i)) {
                case SecondStageBegun _ -> {
                    return afterLeaf ? 0 : rowWithoutEntry();
                }
                case DeviceTableRead read -> {
                    return read.step() >= MsiTable.STEP
                            ? 0
                            : FIRST_ROW - (read.step() - ProcessDirectory.PROCESS_STEPS);
                }
                case TableEntryRead(Stage stage, int level, _, _, _, _) -> {
                    if (stage == Stage.FIRST) {
                        return level;
                    }
                }
                default -> {}
            }
        }
        boolean inDirectory = unit.found().path() == 0;
        boolean last = afterLeaf || unit.found().firstLevels() == 0;
        return last && !inDirectory ? 0 : rowWithoutEntry();
    }

    /// The row of an entry that was never read, because the second stage stopped its address.
    private int rowWithoutEntry() {
        if (unit.found().path() == 0) {
            return FIRST_ROW - processReads;
        }
        return row > 1 && row < FIRST_ROW - 8 ? row - 1 : unit.found().firstLevels();
    }

    private void tableStep(TableEntryRead read) {
        boolean second = read.stage() == Stage.SECOND;
        if (second && topGuestLevel == 0) {
            topGuestLevel = read.level();
        }
        if (!second) {
            afterLeaf = (read.raw() & RWX) != 0;
        }
        var hit = second ? made.guestHit(gpa, read) : made.hit(read.level());
        var giver = second && (read.raw() & RWX) != 0 ? GivenBy.NESTED_CACHE : GivenBy.PAGING_CACHE;
        var step =
                rungs.tableEntry(
                        read,
                        second ? isNarrowGuest() : unit.found().isNarrow(),
                        topGuestLevel,
                        made.source(read.entryHpa(), hit, giver),
                        made.marked(read.entryHpa(), read.raw()),
                        blamed(read.entryHpa()));
        boolean nested = row >= 0;
        var cell =
                second
                        ? new Cell(Math.max(row, 0), read.level())
                        : nested ? new Cell(read.level(), 0) : Cell.NONE;
        add(step.at(cell));
    }

    private boolean isNarrowGuest() {
        return (unit.control() & RiscvRegisters.GXL) != 0;
    }

    // ---- ends

    private void iotlbStep() {
        made.probe(CacheKind.IOTLB)
                .ifPresent(probe -> {
                    long word = unit.lastHit() ? unit.lastWord() : 0;
                    String space = unit.caches().words(Path.space(unit.found().path()));
                    add(rungs.iotlb(probe, request.iova(), space, word, costs.iotlbProbe()));
                });
    }

    /// The fault, for the entry at which the hardware stopped.
    private @Nullable RiscvFault blamed(long entryHpa) {
        if (fault != null && made.isLast(entryHpa)) {
            failedStep = steps.size();
            return fault;
        }
        return null;
    }

    private void add(Step step) {
        steps.add(step);
    }

    private Walk.Outcome outcome(boolean stale) {
        if (fault != null) {
            int step = failedStep >= 0 ? failedStep : Math.max(0, steps.size() - 1);
            steps.add(rungs.stopped(fault));
            return new Walk.Outcome.Faulted(fault, step, unit.lastRecorded());
        }
        String verb = request.access() == Access.READ ? "Read from" : "Write to";
        long word = unit.lastWord();
        if (answer == Iommu.UNSUPPORTED || !unit.lastServed().isEmpty()) {
            return served(verb, word, stale);
        }
        steps.add(rungs.access(verb, answer, word, request.iova(), request.bytes()));
        if (!unit.isTranslating()) {
            return new Walk.Outcome.NotTranslated("ddtp is Bare.", Optional.of(answer));
        }
        return new Walk.Outcome.Reached(
                answer, unit.lastPageBytes(), RiscvRungs.permissions(word <= 0 ? 3 : word), stale);
    }

    /// The IOMMU itself makes the access.
    private Walk.Outcome served(String verb, long word, boolean stale) {
        if (answer == Iommu.UNSUPPORTED) {
            return new Walk.Outcome.NotTranslated(
                    "An interrupt file in memory takes aligned accesses of 4 bytes only: aborted.",
                    Optional.empty());
        }
        boolean stores = unit.lastServedAccesses() != 0;
        steps.add(rungs.interruptFile(verb, answer, stores, unit.stages().msiTable()));
        return new Walk.Outcome.Reached(
                answer, unit.lastPageBytes(), RiscvRungs.permissions(word), stale);
    }
}
