package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Walk.Cell;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.iommu.WalkRecording;
import iommulab.engine.iommu.WalkRecording.CacheProbed;
import iommulab.engine.iommu.WalkRecording.DeviceTableRead;
import iommulab.engine.iommu.smmuv3.SmmuRungs.Source;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;

/// The part of the ladder above the translation tables: stream table, stream entry, context descriptors,
/// the latter with the steps of stage 2 that lead to them.
final class ConfigurationRungs {
    private final SmmuUnit unit;
    private final DmaRequest request;
    private final SmmuRungs rungs;
    private final WalkCosts costs;
    private final @Nullable StreamContext context;

    ConfigurationRungs(
            SmmuUnit unit,
            DmaRequest request,
            SmmuRungs rungs,
            WalkCosts costs,
            @Nullable StreamContext context) {
        this.unit = unit;
        this.request = request;
        this.rungs = rungs;
        this.costs = costs;
        this.context = context;
    }

    void add(List<Step> steps, SmmuReads done, SmmuReads saved, WalkRecording recording) {
        int row = SmmuReads.DESCRIPTOR_ROW;
        var probe =
                recording.probe(
                        request.pasid() < 0 ? CacheKind.DEVICE_ENTRY : CacheKind.PASID_ENTRY, 0);
        for (int step = StreamTables.STREAM_DIRECTORY; step <= StreamTables.DESCRIPTOR; step++) {
            var read = done.structure(step);
            var shown = read == null && isShown(step) ? saved.structure(step) : read;
            boolean before = step == StreamTables.DESCRIPTOR && stoppedAt(row, done);
            if (step >= StreamTables.DESCRIPTOR_DIRECTORY && (shown != null || before)) {
                addSecondStage(steps, row, done, saved);
            }
            if (shown == null) {
                continue;
            }
            var cell = step >= StreamTables.DESCRIPTOR_DIRECTORY ? new Cell(row--, 0) : Cell.NONE;
            steps.add(
                    rungs.structure(
                            shown,
                            isNested() ? cell : Cell.NONE,
                            source(step, read, probe),
                            read == null ? context : null,
                            blamed(step, done)));
        }
    }

    private boolean isNested() {
        return context != null && context.stream().stage2();
    }

    /// A structure that was not read is shown if a cache gave it or one behind it.
    private boolean isShown(int step) {
        if (context == null) {
            return false;
        }
        return step <= StreamTables.STREAM_ENTRY
                || unit.lastDeviceHit() && context.descriptor() != null;
    }

    private static boolean stoppedAt(int row, SmmuReads done) {
        return done.tables().keySet().stream()
                .anyMatch(cell -> cell.row() == row && cell.column() > 0);
    }

    /// What the last structure read is blamed for.
    private @Nullable SmmuFault blamed(int step, SmmuReads done) {
        boolean last = true;
        for (int later = step + 1; later <= StreamTables.DESCRIPTOR; later++) {
            last &= done.structure(later) == null;
        }
        boolean walked = unit.lastStage() >= SmmuAnswers.STAGE_WALK;
        return last && !walked && done.structure(step) != null && !stoppedInSecond(done)
                ? unit.lastFault()
                : null;
    }

    private boolean stoppedInSecond(SmmuReads done) {
        return unit.lastFault() != null
                && unit.walks().stop().isSecondStage()
                && done.last() != null;
    }

    private Source source(int step, @Nullable DeviceTableRead read, Optional<CacheProbed> probe) {
        if (read != null) {
            boolean probed =
                    step
                                    == (request.pasid() < 0
                                            ? StreamTables.STREAM_ENTRY
                                            : StreamTables.DESCRIPTOR)
                            && probe.isPresent();
            return new Source(
                    GivenBy.MEMORY,
                    probed ? probe.map(CacheProbed::place).orElse("") : "",
                    costs.memoryRead() + (probed ? costs.deviceProbe() : 0),
                    false);
        }
        boolean hit = unit.lastDeviceHit();
        if (request.pasid() < 0 && hit && step == StreamTables.STREAM_ENTRY) {
            return cached(GivenBy.DEVICE_CACHE, probe, costs.deviceProbe());
        }
        if (request.pasid() < 0 && hit && step == StreamTables.DESCRIPTOR) {
            return cached(GivenBy.DEVICE_CACHE, probe, 0);
        }
        if (request.pasid() >= 0 && hit && step == StreamTables.DESCRIPTOR) {
            return cached(GivenBy.PASID_CACHE, probe, costs.deviceProbe());
        }
        return !hit && step == StreamTables.STREAM_ENTRY
                ? new Source(GivenBy.DEVICE_CACHE, "", 0, false)
                : Source.SAVED;
    }

    private static Source cached(GivenBy by, Optional<CacheProbed> probe, long cycles) {
        return new Source(by, probe.map(CacheProbed::place).orElse(""), cycles, false);
    }

    /// The steps of stage 2 for one row.
    private void addSecondStage(List<Step> steps, int row, SmmuReads done, SmmuReads saved) {
        for (int level = SmmuRungs.DEEPEST; level >= 1; level--) {
            var cell = new Cell(row, level);
            var read = done.tables().get(cell);
            var shown = read == null && isTold(row, done) ? saved.tables().get(cell) : read;
            if (shown == null) {
                continue;
            }
            boolean stopped = cell.equals(done.last()) && stoppedInSecond(done);
            steps.add(
                    rungs.table(
                            shown,
                            cell,
                            read == null ? saved.input(row) : done.input(row),
                            read == null
                                    ? given(cell, done)
                                    : new Source(
                                            GivenBy.MEMORY,
                                            "",
                                            costs.memoryRead(),
                                            done.isMarked(shown.entryHpa())),
                            stopped ? unit.lastFault() : null));
        }
    }

    /// Whether a row has its place in the grid: a cache gave the context, or stage 2 was asked for it.
    private boolean isTold(int row, SmmuReads done) {
        return unit.lastDeviceHit() || stoppedAt(row, done) || done.nested(row) != null;
    }

    private Source given(Cell cell, SmmuReads done) {
        var probe = done.probe(cell);
        return probe != null && probe.isHit()
                ? new Source(GivenBy.PAGING_CACHE, probe.place(), costs.pagingProbe(), false)
                : Source.SAVED;
    }
}
