package iommulab.engine.iommu;

import iommulab.engine.iommu.Walk.Cell;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.Outcome;
import iommulab.engine.iommu.Walk.Step;

import java.util.ArrayList;
import java.util.List;

/// The entries that caches made needless in a nested walk, put where hardware would have read them: so
/// that the grid has all its cells, whoever gave them.
public final class SavedSteps {
    private final List<Step> bare;
    private final List<Step> told = new ArrayList<>();
    private int next;

    private SavedSteps(Walk bare) {
        this.bare = bare.steps();
    }

    /// @param walk as caches shortened it
    /// @param bare the same request in a unit without caches
    public static Walk in(Walk walk, Walk bare) {
        boolean nested = bare.steps().stream().anyMatch(s -> !s.cell().equals(Cell.NONE));
        return nested ? new SavedSteps(bare).completed(walk) : walk;
    }

    private Walk completed(Walk walk) {
        int failed = walk.outcome() instanceof Outcome.Faulted(_, int step, _) ? step : -1;
        int failedNow = -1;
        for (int i = 0; i < walk.steps().size(); i++) {
            take(walk.steps().get(i));
            failedNow = i == failed ? told.size() - 1 : failedNow;
        }
        var outcome =
                walk.outcome() instanceof Outcome.Faulted(var reason, _, boolean recorded)
                        ? new Outcome.Faulted(reason, failedNow, recorded)
                        : walk.outcome();
        return walk.with(told, outcome);
    }

    private void take(Step step) {
        int same = step.kind() == Walk.Kind.ACCESS ? bare.size() : sameAs(step);
        if (same < 0) {
            told.add(step);
            return;
        }
        for (; next < same; next++) {
            if (bare.get(next).indexSource() != Walk.IndexSource.NONE && isEntry(bare.get(next))) {
                told.add(saved(bare.get(next)));
            }
        }
        told.add(same < bare.size() ? placed(step, bare.get(same)) : step);
        next = same + 1;
    }

    private static boolean isEntry(Step step) {
        return switch (step.kind()) {
            case ROOT_ENTRY,
                    DEVICE_ENTRY,
                    PASID_DIRECTORY_ENTRY,
                    PASID_ENTRY,
                    TABLE_ENTRY,
                    LEAF_ENTRY ->
                    true;
            case IOTLB_PROBE, ACCESS, FAULT -> false;
        };
    }

    private int sameAs(Step step) {
        for (int i = next; i < bare.size(); i++) {
            if (isSame(step, bare.get(i))) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isSame(Step step, Step other) {
        if (step.givenBy() == GivenBy.NESTED_CACHE) {
            // It gives the end of the second stage, at whatever level that lies.
            return other.kind() == Walk.Kind.LEAF_ENTRY
                    && other.cell().column() > 0
                    && other.cell().row() == step.cell().row();
        }
        return step.cell().equals(Cell.NONE)
                ? step.kind() == other.kind() && step.name().equals(other.name())
                : step.cell().equals(other.cell());
    }

    private static Step saved(Step step) {
        return given(step, step, GivenBy.SAVED, "", 0, "not needed; memory has: " + step.finding());
    }

    /// What a cache gave has no place in memory of its own: it gets that of the entry it stands for.
    private static Step placed(Step step, Step entry) {
        if (step.givenBy() == GivenBy.MEMORY || !isEntry(entry)) {
            return step.at(entry.cell());
        }
        return given(
                entry,
                step.raw().isEmpty() ? entry : step,
                step.givenBy(),
                step.cachePlace(),
                step.cycles(),
                step.finding());
    }

    private static Step given(
            Step place, Step content, GivenBy by, String where, long cycles, String finding) {
        return new Step(
                place.kind(),
                place.name(),
                place.detail(),
                place.tableHpa(),
                place.index(),
                place.indexSource(),
                place.indexHigh(),
                place.indexLow(),
                place.entryBytes(),
                place.entryHpa(),
                content.raw(),
                content.fields(),
                by,
                where,
                cycles,
                finding,
                place.cell());
    }
}
