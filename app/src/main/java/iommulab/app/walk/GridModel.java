package iommulab.app.walk;

import iommulab.app.theme.Sign;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.Walk.Step;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The grid of a nested walk: a row for each address that goes through the second stage, a column for
/// each of its levels, the entry that is found there at the right. Pure.
///
/// @param columns levels of the second stage, highest first
/// @param rows in the order in which the hardware needs them
/// @param all entries that a walk without caches reads
/// @param read those read from memory
/// @param savers who saved how many, in words
/// @param end where it ended, in words; empty if the last step of the grid is not reached
/// @param endStep index of the step that tells it
record GridModel(
        List<Integer> columns,
        List<Row> rows,
        int all,
        int read,
        String savers,
        List<String> end,
        int endStep) {

    /// @param table gpa of the table, `index` in the colour `category`, `size` the factor
    /// @param address gpa of the entry that is wanted, or of the page itself
    /// @param cells by column, highest first; the entry itself last
    record Row(
            int number,
            String title,
            String table,
            String index,
            int category,
            String size,
            String address,
            List<Cell> cells) {}

    /// One entry.
    ///
    /// @param step index of the step that told it
    /// @param column level of the second-stage table; 0 for the first-stage entry
    /// @param order its place among the reads of a walk without caches, from 1
    /// @param label `S4` or `F3`
    /// @param given who gave it
    /// @param bySecond whether a cache of the second stage saved it, rather than one of the first
    record Cell(
            int step,
            int column,
            int order,
            String label,
            String index,
            String address,
            String raw,
            String given,
            Sign sign,
            boolean bySecond) {}

    static Optional<GridModel> of(Walk walk) {
        var byRow = new TreeMap<Integer, List<Integer>>(Comparator.reverseOrder());
        var steps = walk.steps();
        for (int i = 0; i < steps.size(); i++) {
            if (!steps.get(i).cell().equals(Walk.Cell.NONE)) {
                byRow.computeIfAbsent(steps.get(i).cell().row(), _ -> new ArrayList<>()).add(i);
            }
        }
        boolean nested = steps.stream().anyMatch(s -> s.cell().column() > 0);
        return nested ? Optional.of(new Maker(walk).grid(byRow)) : Optional.empty();
    }

    int saved() {
        return all - read;
    }

    /// The cell that a step told, if it stands in the grid.
    Optional<Cell> cellOf(int step) {
        return rows.stream()
                .flatMap(r -> r.cells().stream())
                .filter(c -> c.step() == step)
                .findFirst();
    }

    /// Counts the cells while it makes them.
    private static final class Maker {
        private final Walk walk;
        private final List<Step> steps;
        private final int failed;
        private final Map<String, Integer> savers = new LinkedHashMap<>();
        private int order;
        private int read;

        Maker(Walk walk) {
            this.walk = walk;
            steps = walk.steps();
            failed = walk.outcome() instanceof Walk.Outcome.Faulted(_, int at, _) ? at : -1;
        }

        GridModel grid(TreeMap<Integer, List<Integer>> byRow) {
            var rows = new ArrayList<Row>();
            byRow.forEach((number, members) -> rows.add(row(number, members)));
            var columns =
                    steps.stream()
                            .map(s -> s.cell().column())
                            .filter(c -> c > 0)
                            .distinct()
                            .sorted(Comparator.reverseOrder())
                            .toList();
            int last = steps.size() - 1;
            boolean reached = steps.get(last).kind() == Walk.Kind.ACCESS;
            return new GridModel(
                    columns,
                    List.copyOf(rows),
                    order,
                    read,
                    savers(),
                    reached
                            ? List.of(
                                    Rung.address(steps.get(last), walk),
                                    steps.get(last).name(),
                                    steps.get(last).detail())
                            : List.of(),
                    last);
        }

        private Row row(int number, List<Integer> members) {
            var cells = new ArrayList<Cell>();
            for (int member : members) {
                boolean again =
                        cells.stream()
                                .anyMatch(c -> c.column() == steps.get(member).cell().column());
                if (!again) {
                    cells.add(cell(member));
                }
            }
            var entry = members.stream().map(steps::get).filter(s -> s.cell().column() == 0);
            return entry.findFirst()
                    .map(step -> entryRow(number, step, cells))
                    .orElseGet(() -> pageRow(number, cells));
        }

        private static Row entryRow(int number, Step step, List<Cell> cells) {
            return new Row(
                    number,
                    step.name(),
                    Long.toHexString(step.tableHpa()),
                    Rung.index(step),
                    BitField.categoryOf(step),
                    "× %x".formatted(step.entryBytes()),
                    Long.toHexString(step.tableHpa() + (long) step.index() * step.entryBytes()),
                    cells);
        }

        /// A row without an entry of its own: the page itself, or a row in which the second stage ended
        /// with a fault.
        private Row pageRow(int number, List<Cell> cells) {
            var page = number == 0 ? Pointers.page(walk) : OptionalLong.empty();
            return new Row(
                    number,
                    number == 0 ? "Page itself" : "For " + NeutralName.wanted(number),
                    "",
                    "",
                    BitField.PLAIN,
                    "",
                    page.isPresent() ? Long.toHexString(page.getAsLong()) : "",
                    cells);
        }

        private Cell cell(int number) {
            var step = steps.get(number);
            int column = step.cell().column();
            int row = step.cell().row();
            var saver = step.givenBy() == GivenBy.SAVED ? saver(number) : OptionalInt.empty();
            read += step.givenBy() == GivenBy.MEMORY ? 1 : 0;
            var cause = isCache(step) ? OptionalInt.of(number) : saver;
            cause.ifPresent(i -> savers.merge(inFull(steps.get(i)), 1, Integer::sum));
            return new Cell(
                    number,
                    column,
                    ++order,
                    column > 0 ? "S" + column : NeutralName.cell(row),
                    step.indexLow() < 0 ? "" : Rung.index(step),
                    Long.toHexString(step.entryHpa()),
                    step.raw().isEmpty()
                            ? ""
                            : String.join(" ", new Rung.Word(-1, step.raw().getFirst()).groups()),
                    number == failed
                            ? "fault"
                            : step.givenBy() == GivenBy.SAVED ? saved(saver) : given(step),
                    Rung.sign(step, number == failed),
                    saver.isPresent() && isSecond(steps.get(saver.getAsInt()), column, row));
        }

        private static String given(Step step) {
            return step.givenBy() == GivenBy.PAGING_CACHE
                    ? "%s L%d".formatted(step.givenBy().words(), Levels.of(step))
                    : step.givenBy() == GivenBy.MEMORY
                            ? "memory, %d cycles".formatted(step.cycles())
                            : step.givenBy().words();
        }

        private String savers() {
            return savers.entrySet().stream()
                    .map(e -> e.getKey() + " " + e.getValue())
                    .collect(Collectors.joining(", "));
        }

        private static String inFull(Step saver) {
            return saver.givenBy() != GivenBy.PAGING_CACHE
                    ? given(saver)
                    : (saver.cell().column() > 0 ? "second-stage " : "first-stage ") + given(saver);
        }

        private static boolean isSecond(Step saver, int column, int row) {
            return column > 0 && saver.cell().column() > 0 && saver.cell().row() == row;
        }

        private String saved(OptionalInt saver) {
            return saver.isPresent()
                    ? "saved by " + given(steps.get(saver.getAsInt()))
                    : "saved, not read";
        }

        /// The cache that made a read needless: one of the second stage that gave a later entry of the row,
        /// else the next that gave an entry of the first stage or the finished translation.
        private OptionalInt saver(int number) {
            var cell = steps.get(number).cell();
            for (int i = number + 1; i < steps.size(); i++) {
                var later = steps.get(i);
                boolean sameRow = later.cell().row() == cell.row();
                boolean first = later.cell().column() <= 0;
                if (isCache(later) && (sameRow || first)) {
                    return OptionalInt.of(i);
                }
            }
            for (int i = number - 1; i >= 0; i--) {
                if (steps.get(i).kind() == Walk.Kind.IOTLB_PROBE
                        && Rung.sign(steps.get(i), false) == Sign.HIT) {
                    return OptionalInt.of(i);
                }
            }
            return OptionalInt.empty();
        }

        private static boolean isCache(Step step) {
            return Rung.sign(step, false) == Sign.HIT;
        }
    }
}
