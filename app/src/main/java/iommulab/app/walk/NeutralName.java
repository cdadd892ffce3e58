package iommulab.app.walk;

import iommulab.app.shell.Naming;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.Step;

import java.util.Locale;

/// What this program calls a step on every architecture, beside the vendor's own name for it. Pure.
final class NeutralName {
    /// Rows from here on are structures of devices and PASIDs.
    static final int FIRST_STRUCTURE_ROW = 6;

    private NeutralName() {}

    /// What stands on a rung.
    static String name(Step step, Naming naming) {
        return switch (naming) {
            case BOTH, VENDORS -> step.name();
            case OURS -> ours(step);
        };
    }

    /// The second line of a rung: our name where it is wanted and the vendor's is another one, and what the
    /// vendor adds.
    static String line(Step step, Naming naming) {
        return switch (naming) {
            case BOTH -> line(step);
            case VENDORS -> step.detail();
            case OURS -> isTable(step) ? table(step) : step.detail();
        };
    }

    private static String ours(Step step) {
        return switch (step.kind()) {
            case ROOT_ENTRY -> "Device directory";
            case DEVICE_ENTRY -> "Device entry";
            case PASID_DIRECTORY_ENTRY -> "Process directory";
            case PASID_ENTRY -> "Process entry";
            case TABLE_ENTRY, LEAF_ENTRY ->
                    Levels.of(step) == 0 ? step.name() : "Level " + Levels.of(step);
            case IOTLB_PROBE, ACCESS, FAULT -> step.name();
        };
    }

    private static String line(Step step) {
        return switch (step.kind()) {
            case ROOT_ENTRY, DEVICE_ENTRY, PASID_DIRECTORY_ENTRY, PASID_ENTRY -> beside(step);
            case TABLE_ENTRY, LEAF_ENTRY -> table(step);
            case IOTLB_PROBE, ACCESS, FAULT -> step.detail();
        };
    }

    private static boolean isTable(Step step) {
        return step.kind() == Walk.Kind.TABLE_ENTRY || step.kind() == Walk.Kind.LEAF_ENTRY;
    }

    private static String beside(Step step) {
        var ours = ours(step).toLowerCase(Locale.ROOT);
        return step.name().equalsIgnoreCase(ours)
                ? step.detail()
                : step.detail().isEmpty() ? ours : ours + ", " + step.detail();
    }

    private static String table(Step step) {
        return table(step, step.kind() == Walk.Kind.LEAF_ENTRY ? ", leaf" : "");
    }

    private static String table(Step step, String leaf) {
        var stage = stage(step);
        if (stage.isEmpty()) {
            return step.detail();
        }
        int level = Levels.of(step);
        boolean same =
                level == 0 || step.name().toLowerCase(Locale.ROOT).endsWith("level " + level);
        if (step.cell().column() > 0) {
            return "%s S%d for %s%s".formatted(stage, level, cell(step.cell().row()), leaf);
        }
        return stage + (same ? "" : " level " + level) + leaf;
    }

    private static String stage(Step step) {
        var detail = step.detail();
        if (step.cell().column() > 0 || detail.contains("second") || detail.contains("stage 2")) {
            return "second stage";
        }
        return step.cell().column() == 0 || detail.contains("first") || detail.contains("stage 1")
                ? "first stage"
                : "";
    }

    /// One line for an entry of the second stage: the vendor's name, ours if it counts otherwise, and for
    /// what it was read.
    static String brief(Step step, Naming naming) {
        int level = Levels.of(step);
        boolean same =
                naming == Naming.VENDORS
                        || name(step, naming).toLowerCase(Locale.ROOT).endsWith("level " + level);
        return "%s%s for %s"
                .formatted(
                        name(step, naming),
                        same ? "" : " (S" + level + ")",
                        wanted(step.cell().row()));
    }

    /// What stands at the end of a row of the nested grid: the entry of the first stage, the page.
    static String cell(int row) {
        return row == 0 ? "the page" : row < FIRST_STRUCTURE_ROW ? "F" + row : "P";
    }

    /// A row of the nested grid in one word.
    static String row(int row) {
        return row == 0 ? "page" : row < FIRST_STRUCTURE_ROW ? "level " + row : "PASID";
    }

    /// What a row of the nested grid looks for.
    static String wanted(int row) {
        return row == 0 ? "the page" : row < FIRST_STRUCTURE_ROW ? "level " + row : "its table";
    }
}
