package iommulab.app.walk;

import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;
import iommulab.engine.iommu.Field;

import org.jspecify.annotations.Nullable;

/// Draws the fields of an entry as chips and notes in [Targets] where they lie.
final class ChipDrawing {
    private static final double HEIGHT = 20;
    private static final double GAP = 4;

    private final Pen pen;
    private final Palette palette;
    private final Targets targets;
    private final Rung.@Nullable Chip lit;

    /// @param lit the field under the mouse, if any
    ChipDrawing(Pen pen, Targets targets, Rung.@Nullable Chip lit) {
        this.pen = pen;
        this.palette = pen.palette();
        this.targets = targets;
        this.lit = lit;
    }

    void draw(Rung rung, int number, double x, double width, double middle, int rows) {
        var flow = ChipFlow.of(pen, rung.chips(), width, rows);
        double top = middle - (flow.rows() > 2 ? 36 : 24);
        for (var placed : flow.placed()) {
            chip(placed, x + placed.x(), top + placed.row() * (HEIGHT + GAP));
            targets.chip(
                    number,
                    placed.chip(),
                    x + placed.x(),
                    top + placed.row() * (HEIGHT + GAP),
                    placed.width(),
                    HEIGHT);
        }
        if (flow.left() > 0) {
            pen.text(
                    "+" + flow.left(),
                    Type.SECONDARY,
                    palette.text2(),
                    x + flow.leftX(),
                    top + (flow.rows() - 1) * (HEIGHT + GAP) + 14);
        }
    }

    private void chip(ChipFlow.Placed placed, double x, double y) {
        var chip = placed.chip();
        boolean on = chip.equals(lit);
        boolean strong = chip.role() != Field.Role.ORDINARY;
        var edge =
                switch (chip.role()) {
                    case OFFENDING -> palette.fault();
                    case POINTER -> palette.accent();
                    case ORDINARY, IGNORED -> on ? palette.accent() : palette.line();
                };
        pen.plate(
                chip.role() == Field.Role.OFFENDING
                        ? palette.faultGround()
                        : on ? palette.accentGround() : palette.canvas(),
                x,
                y,
                placed.width(),
                HEIGHT,
                3);
        pen.outline(edge, on ? 1.8 : 1, x, y, placed.width(), HEIGHT, 3);
        pen.text(chip.bits(), Type.BIT, palette.text3(), x + 6, y + 14);
        pen.text(
                placed.label(),
                strong ? Type.SECONDARY_BOLD : Type.SECONDARY,
                chip.role() == Field.Role.OFFENDING ? palette.fault() : palette.text1(),
                x + 11 + pen.width(chip.bits(), Type.BIT),
                y + 14);
    }
}
