package iommulab.app.walk;

import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import org.jspecify.annotations.Nullable;

/// Draws the heads and rows of [FormatsCanvas].
final class FormatsDrawing {
    private static final double TO_COME = 0.45;
    private static final double TWO_WORDS = 78;
    private static final double UNDERLINED = 48;
    private static final double INSET = 20;
    private static final double CHIP_ROW = 24;

    private final Pen pen;
    private final Palette palette;
    private final FormatsModel model;
    private final FormatsLayout layout;
    private final WordDrawing words;
    private final ChipDrawing chips;

    /// @param lit the field under the mouse, if any
    FormatsDrawing(
            Pen pen,
            FormatsModel model,
            FormatsLayout layout,
            Targets targets,
            Rung.@Nullable Chip lit) {
        this.pen = pen;
        this.palette = pen.palette();
        this.model = model;
        this.layout = layout;
        words = new WordDrawing(pen, targets, lit);
        chips = new ChipDrawing(pen, targets, lit);
    }

    /// The finding, the architectures and what the request costs on each.
    void head() {
        double bottom = layout.top();
        if (!layout.small()) {
            pen.textWithin(
                    model.finding(), Type.FINDING, palette.text1(), 16, 18, layout.width() - 32);
        }
        for (int i = 0; i < model.columns().size(); i++) {
            var column = model.columns().get(i);
            double x = layout.columnAt(i);
            double room = layout.column() - 8;
            double baseline = layout.small() ? bottom - 8 : bottom - 20;
            pen.textWithin(
                    column.architecture().words(),
                    layout.small() ? Type.DENSE_BOLD : Type.HEAD,
                    column.own() ? palette.accent() : palette.text1(),
                    x,
                    baseline,
                    room);
            if (!layout.small()) {
                pen.textWithin(
                        column.own() ? "this machine, " + column.cost() : column.cost(),
                        Type.DENSE,
                        column.refused() ? palette.fault() : palette.text2(),
                        x,
                        bottom - 6,
                        room);
            }
        }
        pen.line(palette.line(), 1, 0, bottom - 1, layout.width(), bottom - 1);
    }

    void row(int number, double y) {
        var row = model.rows().get(number);
        boolean current = number == model.current();
        double height = layout.heightOf(number, model);
        if (current) {
            pen.fill(palette.accentGround(), 0, y, layout.width(), height);
            pen.fill(palette.accent(), 0, y, 4, height);
        }
        double below = y + height - 1;
        pen.line(palette.faintLine(), 1, 0, below, layout.width(), below);
        pen.opacity(model.current() >= 0 && number > model.current() ? TO_COME : 1);
        name(row, y);
        for (int i = 0; i < row.cells().size(); i++) {
            double x = layout.columnAt(i);
            var cell = row.cells().get(i);
            if (cell.isPresent()) {
                cell(cell.get(), x, y);
            } else if (!model.columns().get(i).refused()) {
                pen.text(
                        "–", Type.BODY, palette.text3(), x, y + (layout.small() ? baseline() : 16));
            }
        }
        pen.opacity(1);
    }

    private double baseline() {
        return layout.pitch() / 2 + 4;
    }

    private void name(FormatsModel.Row row, double y) {
        if (layout.small()) {
            pen.textWithin(
                    row.name(), Type.DENSE, palette.text1(), 8, y + baseline(), layout.x() - 12);
            return;
        }
        double room = layout.x() - 24;
        pen.textWithin(row.name(), Type.DENSE_BOLD, palette.text1(), 16, y + 16, room);
        if (!row.bits().isEmpty()) {
            pen.textWithin(
                    row.bits(),
                    Type.SECOND_LINE,
                    row.category() == BitField.PLAIN
                            ? palette.text2()
                            : palette.category(row.category()),
                    16,
                    y + 31,
                    room);
        }
    }

    private void cell(FormatsModel.Cell cell, double x, double y) {
        var rung = model.rungs().get(cell.number());
        double room = layout.column() - 12;
        var ink = rung.failed() ? palette.fault() : palette.text1();
        if (layout.small()) {
            var text = rung.failed() ? rung.place() : rung.address();
            pen.textWithin(text, Type.MONO, ink, x, y + baseline(), room + 8);
            return;
        }
        boolean end = rung.height() == Rung.Height.END;
        double address = pen.width(rung.address(), Type.MONO_BOLD);
        pen.textRight(rung.address(), Type.MONO_BOLD, ink, x + room, y + 15);
        pen.textWithin(
                cell.more().isEmpty() || end ? rung.name() : rung.name() + ", " + cell.more(),
                Type.DENSE,
                palette.text2(),
                x,
                y + 15,
                room - address - 8);
        if (end) {
            pen.textWithin(cell.more(), Type.DENSE, ink, x, y + 32, room);
            return;
        }
        entry(rung, cell.number(), x, y, room);
    }

    private void entry(Rung rung, int number, double x, double y, double room) {
        boolean two = layout.pitch() >= TWO_WORDS;
        var shown = two ? rung.shownWords() : rung.mainWord().stream().toList();
        double indent = shown.stream().anyMatch(w -> w.number() >= 0) ? INSET : 0;
        double baseline = y + 30;
        for (var word : shown) {
            double at = x + Math.min(indent, room - WordDrawing.WIDTH);
            words.draw(rung, number, word, at, baseline, layout.pitch() >= UNDERLINED);
            baseline += 24;
        }
        double left = y + layout.pitch() - (baseline - 14) - 2;
        if (left >= CHIP_ROW) {
            chips.draw(
                    rung, number, x, room, baseline - 14 + CHIP_ROW, left >= 2 * CHIP_ROW ? 2 : 1);
        }
    }
}
