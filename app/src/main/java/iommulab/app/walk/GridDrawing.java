package iommulab.app.walk;

import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import javafx.scene.paint.Color;

/// Draws rows and totals of the nested grid.
final class GridDrawing {
    private final Pen pen;
    private final Palette palette;
    private final GridModel grid;
    private final GridLayout layout;
    private final CellDrawing cells;

    GridDrawing(Pen pen, GridModel grid, GridLayout layout) {
        this.pen = pen;
        this.palette = pen.palette();
        this.grid = grid;
        this.layout = layout;
        cells = new CellDrawing(pen, layout.small());
    }

    /// How many entries there are, how many caches saved, how many were read.
    void totals(double x, double baseline, double right) {
        double at = total(grid.all(), "without caches", palette.text1(), x, baseline);
        at = total(grid.saved(), "saved", palette.hit(), at, baseline);
        total(grid.read(), "read", palette.walk(), at, baseline);
        if (!layout.small() && !grid.savers().isEmpty()) {
            pen.textWithin(
                    "Saved by " + grid.savers(),
                    Type.DENSE,
                    palette.text2(),
                    x,
                    baseline + 20,
                    right - x);
        }
    }

    private double total(int count, String word, Color colour, double x, double baseline) {
        var number = String.valueOf(count);
        pen.text(number, Type.FINDING, colour, x, baseline);
        double at = x + pen.width(number, Type.FINDING) + 5;
        pen.text(word, Type.SECONDARY, palette.text2(), at, baseline);
        return at + pen.width(word, Type.SECONDARY) + 20;
    }

    /// @param place of the row, from 0
    void row(GridModel.Row row, int current, double y, int place) {
        double height = layout.cellHeight();
        double middle = y + height / 2;
        title(row, y);
        for (int i = 0; i < row.cells().size(); i++) {
            var cell = row.cells().get(i);
            double x = layout.xOf(grid, cell.column());
            double width = layout.widthOf(cell.column());
            cells.draw(cell, current, x, y, width, height);
            boolean last = i == row.cells().size() - 1;
            double next =
                    last
                            ? row.number() == 0 && !grid.end().isEmpty() ? layout.entryX() : -1
                            : layout.xOf(grid, row.cells().get(i + 1).column());
            if (next > x) {
                arrow(x + width, next, middle);
            }
        }
        if (row.number() == 0 && !grid.end().isEmpty()) {
            end(y, current == grid.endStep());
        } else if (place < grid.rows().size() - 1 && !layout.small()) {
            elbow(y + height);
        }
    }

    private void arrow(double from, double to, double y) {
        pen.line(palette.text3(), 1, from + 1, y, to - 4, y);
        head(to - 1, y);
    }

    private void head(double x, double y) {
        var context = pen.context();
        context.setFill(palette.text3());
        context.fillPolygon(new double[] {x - 6, x, x - 6}, new double[] {y - 3, y, y + 3}, 3);
    }

    /// From the entry to the row of the address that it gives.
    private void elbow(double bottom) {
        double between = bottom + layout.gap() / 2;
        double x = layout.entryX() + layout.entryWidth() / 2;
        double down = bottom + layout.gap() + 9;
        pen.line(palette.line(), 1, x, bottom, x, between);
        pen.line(palette.line(), 1, 7, between, x, between);
        pen.line(palette.line(), 1, 7, between, 7, down);
        head(14, down + 0.5);
    }

    /// What the row looks for: table + index × size, and the sum.
    private void title(GridModel.Row row, double y) {
        double width = layout.x() - 24;
        if (layout.small()) {
            pen.textWithin(
                    NeutralName.row(row.number()),
                    Type.BODY_BOLD,
                    palette.text1(),
                    8,
                    y + layout.cellHeight() / 2 + 4,
                    width + 14);
            return;
        }
        double pitch = Math.min(20, (layout.cellHeight() - 8) / 3);
        double line = y + 14;
        pen.textWithin(row.title(), Type.HEAD, palette.text1(), 18, line, width);
        line += pitch;
        if (!row.index().isEmpty()) {
            sum(row, line, width);
            line += pitch;
        } else {
            pen.text("guest-physical", Type.SECOND_LINE, palette.text2(), 18, line);
            line += pitch;
        }
        pen.text(row.address(), Type.MONO_BOLD, palette.text1(), 18, line);
        if (layout.cellHeight() > 84 && !row.index().isEmpty()) {
            pen.text("guest-physical", Type.SECOND_LINE, palette.text2(), 18, line + pitch);
        }
    }

    private void sum(GridModel.Row row, double baseline, double width) {
        double x = 18;
        pen.text(row.table(), Type.MONO, palette.text2(), x, baseline);
        x += pen.width(row.table(), Type.MONO) + 5;
        pen.text("+", Type.MONO, palette.text2(), x, baseline);
        x += 11;
        double plate = pen.width(row.index(), Type.MONO_BOLD) + 8;
        var colour =
                row.category() == BitField.PLAIN
                        ? palette.text3()
                        : palette.category(row.category());
        pen.plate(colour, x, baseline - 12, plate, 16, 3);
        pen.textCentre(row.index(), Type.MONO_BOLD, palette.canvas(), x + plate / 2, baseline);
        x += plate + 5;
        if (x + pen.width(row.size(), Type.MONO) < width + 18) {
            pen.text(row.size(), Type.MONO, palette.text2(), x, baseline);
        }
    }

    private void end(double y, boolean now) {
        double x = layout.entryX();
        double width = layout.entryWidth();
        double height = layout.cellHeight();
        pen.plate(now ? palette.accentGround() : palette.bar(), x, y, width, height, 4);
        pen.outline(
                now ? palette.accent() : palette.text2(), now ? 2.4 : 1.2, x, y, width, height, 4);
        if (layout.small()) {
            pen.textWithin(
                    grid.end().getFirst(),
                    Type.BODY_BOLD,
                    palette.text1(),
                    x + 7,
                    y + height / 2 + 4,
                    width - 12);
            return;
        }
        pen.textWithin(
                layout.entryWidth() < 160 ? "Host-physical" : "Host-physical address",
                Type.SECONDARY_BOLD,
                palette.text2(),
                x + 10,
                y + 18,
                width - 16);
        pen.text(grid.end().getFirst(), Type.RAW_BOLD, palette.text1(), x + 10, y + 38);
        pen.textWithin(
                String.join(", ", grid.end().subList(1, grid.end().size())),
                Type.DENSE,
                palette.text2(),
                x + 10,
                y + 56,
                width - 16);
    }
}
