package iommulab.app.walk;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// What lies where on the ladder as last drawn: rungs, chips, bars of bits.
final class Targets {
    private static final double BAR_HEIGHT = 16;

    private record Row(int rung, double y, double height) {}

    private record ChipBox(
            int rung, Rung.Chip chip, double x, double y, double width, double height) {}

    private record Bar(int rung, int word, double x, double y, double width) {}

    private final List<Row> rows = new ArrayList<>();
    private final List<ChipBox> chips = new ArrayList<>();
    private final List<Bar> bars = new ArrayList<>();

    void clear() {
        rows.clear();
        chips.clear();
        bars.clear();
    }

    void rung(int number, double y, double height) {
        rows.add(new Row(number, y, height));
    }

    void chip(int rung, Rung.Chip chip, double x, double y, double width, double height) {
        chips.add(new ChipBox(rung, chip, x, y, width, height));
    }

    void bits(int rung, int word, double x, double y, double width) {
        bars.add(new Bar(rung, word, x, y, width));
    }

    OptionalInt rungAt(double y) {
        return rows.stream()
                .filter(r -> y >= r.y && y < r.y + r.height)
                .mapToInt(Row::rung)
                .findFirst();
    }

    /// The field under a place, whether its chip or its bits lie there.
    Optional<Rung.Chip> fieldAt(double x, double y, List<Rung> rungs) {
        for (var box : chips) {
            if (x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height) {
                return Optional.of(box.chip);
            }
        }
        for (var bar : bars) {
            if (x >= bar.x && x < bar.x + bar.width && y >= bar.y && y < bar.y + BAR_HEIGHT) {
                int bit = WordDrawing.bitUnder(x - bar.x);
                return rungs.get(bar.rung).chips().stream()
                        .filter(c -> c.covers(bar.word, bit))
                        .findFirst();
            }
        }
        return Optional.empty();
    }
}
