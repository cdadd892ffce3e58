package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.Cell;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkRecording;
import iommulab.engine.iommu.WalkRecording.TableEntryRead;
import iommulab.engine.iommu.smmuv3.SmmuRungs.Source;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/// Tells what an SMMU did for one request as a ladder: each entry with its address, its bits, who gave it.
/// Entries that a cache made needless stand in their place, as memory has them.
final class SmmuLadder {
    /* Rows from the first structure down to the final address; in each, stage 2 before the entry. */
    private static final Comparator<Cell> IN_ORDER =
            Comparator.comparingInt(Cell::row).thenComparingInt(Cell::column).reversed();

    private final SmmuUnit unit;
    private final DmaRequest request;
    private final WalkCosts costs;
    private final long answer;
    private final @Nullable SmmuFault fault;
    private final List<Step> steps = new ArrayList<>();
    private int failedStep = -1;

    /// @param unit that has just translated `request`
    /// @param answer it gave
    SmmuLadder(SmmuUnit unit, DmaRequest request, WalkCosts costs, long answer) {
        this.unit = unit;
        this.request = request;
        this.costs = costs;
        this.answer = answer;
        fault = unit.lastFault();
    }

    /// @param name of the unit
    /// @param recording of what it did
    /// @param memory of what it would have done without caches
    /// @param stale whether memory would have answered otherwise
    Walk walk(String name, WalkRecording recording, WalkRecording memory, boolean stale) {
        var context = unit.lastContext();
        var rungs = new SmmuRungs(unit, request, context);
        int levels = rungs.firstLevels();
        var done = new SmmuReads(recording, levels, unit.lastDeviceHit());
        var saved = new SmmuReads(memory, levels, false);
        if (unit.lastStage() != SmmuAnswers.STAGE_UNTRANSLATED) {
            new ConfigurationRungs(unit, request, rungs, costs, context)
                    .add(steps, done, saved, recording);
            blameConfiguration();
            if (context != null && unit.lastStage() >= SmmuAnswers.STAGE_WALK) {
                probeStep(rungs, recording);
                tableSteps(rungs, done, saved);
            }
        }
        var outcome = outcome(rungs, stale);
        return new Walk(
                name,
                request.device(),
                request.requester(),
                request.iova(),
                request.bytes(),
                request.access(),
                request.prefix(),
                unit.lastDomain(),
                rungs.addressBits(),
                steps,
                outcome,
                unit.lastReads(),
                unit.lastCycles(costs));
    }

    private void blameConfiguration() {
        if (fault != null && unit.lastStage() == SmmuAnswers.STAGE_DEVICE) {
            failedStep = Math.max(0, steps.size() - 1);
        }
    }

    private void probeStep(SmmuRungs rungs, WalkRecording recording) {
        recording
                .probe(CacheKind.IOTLB, 0)
                .ifPresent(probe -> {
                    boolean refused = fault != null && unit.lastHit();
                    if (refused) {
                        failedStep = steps.size();
                    }
                    steps.add(
                            rungs.iotlb(
                                    probe,
                                    unit.lastHit() ? unit.hitWord() : 0,
                                    costs.iotlbProbe(),
                                    refused ? fault : null));
                });
    }

    // ---- tables

    private void tableSteps(SmmuRungs rungs, SmmuReads done, SmmuReads saved) {
        var cells = new TreeSet<>(IN_ORDER);
        cells.addAll(saved.tables().keySet());
        cells.addAll(done.tables().keySet());
        var blamed = fault != null && !unit.lastHit() ? done.last() : null;
        for (var cell : cells) {
            if (cell.row() > SmmuRungs.DEEPEST) {
                continue;
            }
            if (blamed != null && IN_ORDER.compare(cell, blamed) > 0) {
                break;
            }
            var read = done.tables().get(cell);
            var shown = read == null ? saved.tables().get(cell) : read;
            if (shown == null) {
                continue;
            }
            var stopped = cell.equals(blamed) ? fault : null;
            if (stopped != null) {
                failedStep = steps.size();
            }
            steps.add(
                    rungs.table(
                            shown,
                            cell,
                            input(cell, done, saved),
                            read == null ? given(cell, done, saved) : fromMemory(done, cell, read),
                            stopped));
        }
    }

    private long input(Cell cell, SmmuReads done, SmmuReads saved) {
        if (cell.column() == 0 || !rowsAreIntermediate()) {
            return request.iova();
        }
        long own = done.input(cell.row());
        return own == 0 ? saved.input(cell.row()) : own;
    }

    private boolean rowsAreIntermediate() {
        var context = unit.lastContext();
        return context != null && context.isNested();
    }

    private Source fromMemory(SmmuReads done, Cell cell, TableEntryRead read) {
        var probe = done.probe(cell);
        return new Source(
                GivenBy.MEMORY,
                probe == null ? "" : probe.place(),
                costs.memoryRead() + (probe == null ? 0 : costs.pagingProbe()),
                done.isMarked(read.entryHpa()));
    }

    /// Who made the read of an entry needless.
    private Source given(Cell cell, SmmuReads done, SmmuReads saved) {
        var probe = done.probe(cell);
        if (probe != null && probe.isHit()) {
            return new Source(GivenBy.PAGING_CACHE, probe.place(), costs.pagingProbe(), false);
        }
        var nested = cell.column() == 0 ? null : done.nested(cell.row());
        boolean last = cell.column() == lastColumn(cell.row(), saved);
        if (nested != null && nested.isHit() && last) {
            return new Source(GivenBy.NESTED_CACHE, nested.place(), costs.iotlbProbe(), false);
        }
        return Source.SAVED;
    }

    /// Level at which stage 2 ends for a row.
    private static int lastColumn(int row, SmmuReads saved) {
        return saved.tables().keySet().stream()
                .filter(cell -> cell.row() == row && cell.column() > 0)
                .mapToInt(Cell::column)
                .min()
                .orElse(0);
    }

    // ---- how it ended

    private Walk.Outcome outcome(SmmuRungs rungs, boolean stale) {
        if (fault != null) {
            int step = failedStep >= 0 ? failedStep : Math.max(0, steps.size() - 1);
            steps.add(rungs.stopped(fault, unit.walks().stop()));
            return new Walk.Outcome.Faulted(fault, step, unit.lastRecorded());
        }
        if (answer == Iommu.ABORTED) {
            return new Walk.Outcome.NotTranslated(
                    unit.isTranslating()
                            ? "The stream table entry says that every request is stopped."
                            : "The unit is disabled, and GBPA stops every request.",
                    Optional.empty());
        }
        String verb = request.access() == Access.READ ? "Read from" : "Write to";
        long word = unit.lastWord();
        steps.add(
                rungs.access(verb, answer, word <= 0 ? 0 : Iotlb.pageShift(word), request.bytes()));
        if (!unit.isTranslating()) {
            return new Walk.Outcome.NotTranslated("The unit is disabled.", Optional.of(answer));
        }
        return new Walk.Outcome.Reached(
                answer,
                unit.lastPageBytes(),
                SmmuView.permissions(word <= 0 ? 3 : Iotlb.rights(word)),
                stale);
    }

    /// What a table entry belongs to, in the specification's words.
    static String stageWords(Stage stage) {
        return stage == Stage.FIRST ? "stage 1" : "stage 2";
    }
}
