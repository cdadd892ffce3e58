package iommulab.app.walk;

import iommulab.app.shell.Naming;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.Step;
import iommulab.engine.session.Architecture;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/// One request on every architecture: a column each, entries with the same purpose in one row. Pure.
///
/// @param finding whether they agree, one sentence
/// @param rungs the entries of all cells; a cell's number points into it
/// @param current the row in which the walk of this machine stands; -1 if in none
record FormatsModel(
        String finding, List<Column> columns, List<Row> rows, List<Rung> rungs, int current) {

    /// What is known of the request on one architecture.
    sealed interface Told {
        record Answer(Walk walk) implements Told {}

        record Refused(String why) implements Told {}

        record Asked() implements Told {}
    }

    /// @param own whether the machine itself has this architecture
    /// @param cost reads and cycles; or why there are none
    record Column(Architecture architecture, boolean own, String cost, boolean refused) {}

    /// @param place its number among all rows that there may be
    /// @param name ours, which is the same on every architecture
    /// @param bits which bits of the request choose the entry, where all cells agree
    /// @param category colour of these bits, or [BitField#PLAIN]
    /// @param cells one for each column
    record Row(int place, String name, String bits, int category, List<Optional<Cell>> cells) {}

    /// @param number of its rung
    /// @param more what the second stage read for it, or what else is to be said of the end
    record Cell(int number, String more) {}

    /// @param told of each architecture, in their order
    /// @param own words of the machine's architecture
    static FormatsModel of(
            Map<Architecture, Told> told, String own, Walk walk, int step, Naming naming) {
        var columns = new ArrayList<Column>();
        var rungs = new ArrayList<Rung>();
        var rows = new TreeMap<Integer, Collected>();
        told.forEach((architecture, answer) -> {
            int column = columns.size();
            columns.add(column(architecture, architecture.words().equals(own), answer));
            if (answer instanceof Told.Answer(var other)) {
                new Filler(other, column, told.size(), naming, rungs, rows).fill();
            }
        });
        var current = Places.of(walk.steps()).nearest(step);
        return new FormatsModel(
                finding(told),
                columns,
                rows.entrySet().stream().map(e -> e.getValue().row(e.getKey())).toList(),
                rungs,
                current.isPresent() ? List.copyOf(rows.keySet()).indexOf(current.get()) : -1);
    }

    /// The step of a walk that stands in a row; empty if there is none.
    OptionalInt stepIn(Walk walk, int row) {
        int step = Places.of(walk.steps()).rows().indexOf(rows.get(row).place());
        return step < 0 ? OptionalInt.empty() : OptionalInt.of(step);
    }

    private static Column column(Architecture architecture, boolean own, Told answer) {
        return switch (answer) {
            case Told.Answer(var walk) ->
                    new Column(
                            architecture,
                            own,
                            "%d %s, %s cycles"
                                    .formatted(
                                            walk.reads(),
                                            walk.reads() == 1 ? "read" : "reads",
                                            Rung.thousands(walk.cycles())),
                            false);
            case Told.Refused(var why) -> new Column(architecture, own, why, true);
            case Told.Asked() -> new Column(architecture, own, "…", false);
        };
    }

    private static String finding(Map<Architecture, Told> told) {
        var walks =
                told.values().stream()
                        .filter(Told.Answer.class::isInstance)
                        .map(t -> ((Told.Answer) t).walk())
                        .toList();
        if (walks.isEmpty()) {
            return "";
        }
        var ends = walks.stream().map(w -> end(w.outcome())).distinct().toList();
        int least = walks.stream().mapToInt(Walk::reads).min().orElse(0);
        int most = walks.stream().mapToInt(Walk::reads).max().orElse(0);
        var reads = least == most ? least + " reads" : "%d to %d reads".formatted(least, most);
        return ends.size() == 1
                ? "%s %s, in %s without caches."
                        .formatted(
                                walks.size() == 1 ? "It" : "All " + walks.size(),
                                ends.getFirst(),
                                reads)
                : "They do not agree: one %s, another %s.".formatted(ends.getFirst(), ends.get(1));
    }

    /// How a walk ends, whatever the architecture calls it.
    private static String end(Walk.Outcome outcome) {
        return switch (outcome) {
            case Walk.Outcome.Reached(long hpa, _, _, _) -> "reach " + Long.toHexString(hpa);
            case Walk.Outcome.Faulted _ -> "end with a fault";
            case Walk.Outcome.NotTranslated _ -> "go untranslated";
        };
    }

    /// In which row a step stands.
    ///
    /// @param rows a number for each step; structures of devices first, then tables from the highest level
    ///     down, the end last; -1 for what has no row of its own
    private record Places(List<Integer> rows) {
        private static final int END = 1_000;
        private static final int TABLES = 100;
        private static final int HIGHEST_LEVEL = 16;
        private static final int SAME = 8;

        static Places of(List<Step> steps) {
            boolean nested = isNested(steps);
            var seen = new HashMap<Integer, Integer>();
            var rows = new ArrayList<Integer>();
            for (var step : steps) {
                int row = nested && step.cell().column() > 0 ? -1 : row(step);
                rows.add(row < 0 ? row : row + seen.merge(row, 1, Integer::sum) - 1);
            }
            return new Places(rows);
        }

        private static int row(Step step) {
            return switch (step.kind()) {
                case ROOT_ENTRY -> 0;
                case DEVICE_ENTRY -> SAME;
                case PASID_DIRECTORY_ENTRY -> 2 * SAME;
                case PASID_ENTRY -> 3 * SAME;
                case TABLE_ENTRY, LEAF_ENTRY ->
                        TABLES + SAME * Math.max(0, HIGHEST_LEVEL - Levels.of(step));
                case IOTLB_PROBE -> -1;
                case ACCESS, FAULT -> END;
            };
        }

        /// Whether entries of the second stage are read for others; else they are the translation itself.
        static boolean isNested(List<Step> steps) {
            return steps.stream().anyMatch(s -> s.cell().column() == 0);
        }

        /// The row of a step, or of the next one that has a row.
        Optional<Integer> nearest(int step) {
            return rows.stream().skip(Math.max(0, step)).filter(r -> r >= 0).findFirst();
        }
    }

    /// A row on its way.
    private static final class Collected {
        private final List<Optional<Cell>> cells = new ArrayList<>();
        private final List<Step> steps = new ArrayList<>();

        Collected(int columns) {
            for (int i = 0; i < columns; i++) {
                cells.add(Optional.empty());
            }
        }

        Row row(int place) {
            var first = steps.getFirst();
            boolean end = first.kind() == Walk.Kind.ACCESS || first.kind() == Walk.Kind.FAULT;
            var bits = steps.stream().map(Collected::bits).distinct().toList();
            boolean agree = bits.size() == 1 && !bits.getFirst().isEmpty();
            return new Row(
                    place,
                    end ? "Answer" : NeutralName.name(first, Naming.OURS),
                    agree ? bits.getFirst() : "",
                    agree ? BitField.categoryOf(first) : BitField.PLAIN,
                    List.copyOf(cells));
        }

        private static String bits(Step step) {
            boolean ofAddress =
                    step.indexSource() == Walk.IndexSource.IOVA
                            || step.indexSource() == Walk.IndexSource.GPA;
            return !ofAddress || step.indexLow() < 0
                    ? ""
                    : "%d:%d = %s".formatted(step.indexHigh(), step.indexLow(), Rung.index(step));
        }
    }

    /// Puts the steps of one walk into its column.
    private record Filler(
            Walk walk,
            int column,
            int columns,
            Naming naming,
            List<Rung> rungs,
            Map<Integer, Collected> rows) {

        void fill() {
            var steps = walk.steps();
            var places = Places.of(steps);
            int failed = walk.outcome() instanceof Walk.Outcome.Faulted(_, int at, _) ? at : -1;
            int second = 0;
            for (int i = 0; i < steps.size(); i++) {
                int place = places.rows().get(i);
                if (place < 0) {
                    second += steps.get(i).cell().column() > 0 ? 1 : 0;
                    continue;
                }
                var row = rows.computeIfAbsent(place, _ -> new Collected(columns));
                row.steps.add(steps.get(i));
                row.cells.set(
                        column, Optional.of(new Cell(rungs.size(), more(steps.get(i), second))));
                rungs.add(Rung.of(steps.get(i), i == failed, walk, naming));
                second = 0;
            }
        }

        private String more(Step step, int second) {
            if (step.kind() != Walk.Kind.ACCESS && step.kind() != Walk.Kind.FAULT) {
                return second == 0 ? "" : "behind %d of stage 2".formatted(second);
            }
            return switch (walk.outcome()) {
                case Walk.Outcome.Reached(_, long pageBytes, var permissions, _) ->
                        pageBytes == 0
                                ? "passes through"
                                : "page of %s, %s"
                                        .formatted(WalkModel.size(pageBytes), permissions);
                case Walk.Outcome.Faulted(var reason, _, _) ->
                        "fault %02xh: %s".formatted(reason.code(), reason.kernelText());
                case Walk.Outcome.NotTranslated(var why, _) -> why;
            };
        }
    }
}
