package iommulab.app.walk;

import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Sign;
import iommulab.app.theme.Type;

import javafx.scene.paint.Color;

import org.jspecify.annotations.Nullable;

/// Draws one rung of the ladder and notes in [Targets] what lies where.
final class RungDrawing {
    private static final double TO_COME = 0.45;
    private static final double THREE_ROWS = 76;

    private final Pen pen;
    private final Palette palette;
    private final LadderColumns columns;
    private final Targets targets;
    private final WordDrawing words;
    private final ChipDrawing chips;

    /// @param lit the field to be shown bit by bit, if any
    RungDrawing(Pen pen, LadderColumns columns, Targets targets, Rung.@Nullable Chip lit) {
        this.pen = pen;
        this.palette = pen.palette();
        this.columns = columns;
        this.targets = targets;
        words = new WordDrawing(pen, targets, lit);
        chips = new ChipDrawing(pen, targets, lit);
    }

    void draw(Rung rung, int number, int current, WalkModel model, double y, double height) {
        ground(rung, number == current, y, height);
        pen.opacity(number > current ? TO_COME : 1);
        boolean small = columns.wall() && number != current;
        double middle = y + height / 2;
        if (columns.wall()) {
            wall(rung, number, small, y, height);
        } else {
            switch (rung.height()) {
                case PROBE -> probe(rung, middle);
                case COMPACT -> {
                    if (number == current) {
                        entry(rung, number, current, middle, height);
                    } else {
                        compact(rung, middle + 4);
                    }
                }
                case END -> end(rung, model, middle);
                case ENTRY -> entry(rung, number, current, middle, height);
            }
        }
        pen.opacity(1);
        signOf(rung, number, current, middle);
        targets.rung(number, y, height);
    }

    private void ground(Rung rung, boolean current, double y, double height) {
        if (rung.failed()) {
            pen.fill(palette.faultGround(), 0, y, columns.width(), height);
        } else if (current) {
            pen.fill(palette.accentGround(), 0, y, columns.width(), height);
        } else if (rung.height() == Rung.Height.PROBE) {
            pen.fill(palette.bar(), 0, y, columns.width(), height);
        }
        if (current) {
            pen.fill(rung.failed() ? palette.fault() : palette.accent(), 0, y, 4, height);
        }
        pen.line(palette.faintLine(), 1, 0, y + height - 1, columns.width(), y + height - 1);
    }

    private void signOf(Rung rung, int number, int current, double middle) {
        double x = columns.rail();
        if (number == current && !rung.failed()) {
            pen.plate(palette.accent(), x - 9, middle - 9, 18, 18, 9);
            pen.sign(
                    rung.sign() == Sign.WALK ? Sign.WALK : Sign.HIT,
                    palette.canvas(),
                    x,
                    middle,
                    8);
        } else if (number > current && rung.sign() == Sign.WALK) {
            pen.sign(Sign.WALK_TO_COME, x, middle, 15);
        } else {
            pen.sign(rung.sign(), x, middle, size(rung.sign()));
        }
    }

    private static double size(Sign sign) {
        return switch (sign) {
            case HIT -> 12;
            case WALK, WALK_TO_COME, STALE -> 16;
            case FAULT -> 18;
            case PROBE, SAVED, BLOCKED -> 11;
            case PEER -> 16;
        };
    }

    private void entry(Rung rung, int number, int current, double middle, double height) {
        nameAndGiver(rung, middle);
        sum(rung, columns.address(), middle - 13);
        pen.text(rung.address(), Type.RAW_BOLD, palette.text1(), columns.address(), middle + 11);
        if (number == current && rung.category() != BitField.PLAIN) {
            pen.fill(
                    palette.category(rung.category()),
                    columns.address(),
                    middle + 15,
                    pen.width(rung.address(), Type.RAW_BOLD),
                    2);
        }
        boolean two = rung.shownWords().size() > 1;
        for (int i = 0; i < rung.shownWords().size(); i++) {
            words.draw(
                    rung,
                    number,
                    rung.shownWords().get(i),
                    columns.raw(),
                    middle - (two ? 16 - 28 * i : 7),
                    true);
        }
        chips.draw(
                rung,
                number,
                columns.fields(),
                columns.fieldsWidth(),
                middle,
                height < THREE_ROWS ? 2 : 3);
    }

    private void nameAndGiver(Rung rung, double middle) {
        double nameWidth = columns.address() - columns.name() - 8;
        pen.textWithin(
                rung.name(), Type.HEAD, palette.text1(), columns.name(), middle - 7, nameWidth);
        pen.textWithin(
                rung.detail(), Type.DENSE, palette.text2(), columns.name(), middle + 9, nameWidth);
        double giverWidth = columns.cyclesRight() - columns.givenBy() - 36;
        pen.textWithin(
                rung.givenBy(),
                Type.BODY_BOLD,
                giver(rung),
                columns.givenBy(),
                middle - 7,
                giverWidth);
        pen.textWithin(
                rung.place(),
                Type.DENSE,
                palette.text2(),
                columns.givenBy(),
                middle + 9,
                giverWidth);
        pen.textRight(
                rung.cycles(), Type.RAW_BOLD, palette.text1(), columns.cyclesRight(), middle - 7);
    }

    private Color giver(Rung rung) {
        return rung.failed() ? palette.fault() : rung.sign().colour(palette);
    }

    /// table + index × size
    private void sum(Rung rung, double x, double baseline) {
        if (rung.index().isEmpty()) {
            return;
        }
        pen.text(rung.table(), Type.MONO, palette.text2(), x, baseline);
        double at = x + pen.width(rung.table(), Type.MONO) + 8;
        pen.text("+", Type.MONO, palette.text2(), at, baseline);
        double plate = pen.width(rung.index(), Type.MONO_BOLD) + 10;
        var colour =
                rung.category() == BitField.PLAIN
                        ? palette.text3()
                        : palette.category(rung.category());
        pen.plate(colour, at + 13, baseline - 13, plate, 18, 3);
        pen.textCentre(
                rung.index(), Type.MONO_BOLD, palette.canvas(), at + 13 + plate / 2, baseline);
        pen.text(rung.size(), Type.MONO, palette.text2(), at + 20 + plate, baseline);
    }

    /// One line: what the second stage read for an entry of the first.
    private void compact(Rung rung, double baseline) {
        pen.textWithin(
                rung.brief(),
                Type.DENSE,
                palette.text2(),
                columns.name() + 8,
                baseline,
                columns.address() - columns.name() - 14);
        pen.text(rung.address(), Type.MONO, palette.text1(), columns.address(), baseline);
        if (!rung.words().isEmpty()) {
            pen.text(
                    String.join(" ", rung.words().getFirst().groups()),
                    Type.MONO,
                    palette.text1(),
                    columns.raw(),
                    baseline);
        }
        pen.textWithin(
                rung.finding(),
                Type.DENSE,
                palette.text2(),
                columns.fields(),
                baseline,
                columns.fieldsWidth());
        pen.textWithin(
                rung.givenBy(),
                Type.DENSE_BOLD,
                giver(rung),
                columns.givenBy(),
                baseline,
                columns.cyclesRight() - columns.givenBy() - 36);
        pen.textRight(rung.cycles(), Type.MONO, palette.text1(), columns.cyclesRight(), baseline);
    }

    private void probe(Rung rung, double middle) {
        double baseline = middle + 4;
        double room = columns.raw() - columns.address() - 8;
        pen.text(rung.name(), Type.SECONDARY_BOLD, palette.text1(), columns.name(), baseline);
        pen.textWithin(
                rung.detail(),
                Type.MONO,
                palette.text1(),
                columns.address(),
                baseline,
                rung.place().isEmpty() ? columns.givenBy() - columns.address() - 8 : room);
        pen.textWithin(
                rung.place().isEmpty() ? "" : rung.place() + ". " + rung.finding(),
                Type.SECONDARY,
                palette.text2(),
                columns.raw(),
                baseline,
                columns.givenBy() - columns.raw() - 8);
        pen.text(
                rung.givenBy().equals("miss") ? "miss" : "hit",
                Type.SECONDARY_BOLD,
                giver(rung),
                columns.givenBy(),
                baseline);
        pen.textRight(rung.cycles(), Type.MONO, palette.text1(), columns.cyclesRight(), baseline);
    }

    private void end(Rung rung, WalkModel model, double middle) {
        double baseline = middle + 4;
        var ink = rung.failed() ? palette.fault() : palette.text1();
        pen.textWithin(
                rung.name(),
                Type.HEAD,
                ink,
                columns.name(),
                baseline,
                columns.address() - columns.name() - 8);
        pen.text(rung.address(), Type.RAW_BOLD, ink, columns.address(), baseline);
        double from = rung.address().isEmpty() ? columns.address() : columns.raw();
        pen.textWithin(
                rung.finding(),
                Type.BODY,
                rung.failed() ? palette.fault() : palette.text2(),
                from,
                baseline,
                columns.givenBy() - from - 8);
        pen.text(
                model.soFar() + " so far",
                Type.SECONDARY,
                palette.text2(),
                columns.givenBy(),
                baseline);
        pen.textRight(
                "Σ " + model.sum(),
                Type.RAW_BOLD,
                palette.text1(),
                columns.cyclesRight(),
                baseline);
    }

    private static boolean isEntry(Rung rung) {
        return rung.height() == Rung.Height.ENTRY || rung.height() == Rung.Height.COMPACT;
    }

    /// On a wall only the current rung tells everything.
    private void wall(Rung rung, int number, boolean small, double y, double height) {
        double baseline = small ? y + height / 2 + 4 : y + 22;
        pen.textWithin(
                rung.name(),
                Type.TITLE,
                palette.text1(),
                columns.name(),
                baseline,
                columns.raw() - columns.name() - 8);
        var shown = rung.words().isEmpty() ? rung.address() : "";
        if (rung.mainWord().isPresent()) {
            shown = String.join(" ", rung.mainWord().get().groups());
        }
        pen.text(shown, small ? Type.RAW : Type.RAW_BOLD, palette.text1(), columns.raw(), baseline);
        double giverWidth = columns.cyclesRight() - columns.givenBy();
        pen.textRight(
                pen.cut(
                        rung.givenBy()
                                + (small || rung.cycles().equals("–") ? "" : ", " + rung.cycles()),
                        Type.BODY_BOLD,
                        giverWidth),
                Type.BODY_BOLD,
                giver(rung),
                columns.cyclesRight(),
                baseline);
        if (!small && isEntry(rung)) {
            sum(rung, columns.name(), y + 46);
            pen.text(
                    "= " + rung.address(),
                    Type.RAW_BOLD,
                    palette.text1(),
                    columns.raw() + 30,
                    y + 46);
            chips.draw(
                    rung, number, columns.name(), columns.width() - columns.name() - 16, y + 80, 2);
        } else if (!small) {
            pen.textWithin(
                    rung.finding(),
                    Type.BODY,
                    palette.text1(),
                    columns.name(),
                    y + 46,
                    columns.width() - columns.name() - 16);
        }
    }
}
