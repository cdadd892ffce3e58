package iommulab.app.walk;

import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Sign;
import iommulab.app.theme.Type;

import javafx.scene.paint.Color;

/// Draws one cell of the nested grid: what was read, where, who gave it. Shape, word and colour say the
/// same: a solid frame was read or given, a dashed and hatched one was saved.
final class CellDrawing {
    private static final double HATCH = 7;
    private static final int SECOND_STAGE_CACHE = 5;
    private static final double FOUR_LINES = 84;

    private final Pen pen;
    private final Palette palette;
    private final boolean small;

    CellDrawing(Pen pen, boolean small) {
        this.pen = pen;
        this.palette = pen.palette();
        this.small = small;
    }

    /// @param current step that the walk stands at
    void draw(GridModel.Cell cell, int current, double x, double y, double width, double height) {
        boolean now = cell.step() == current;
        frame(cell, now, x, y, width, height);
        if (small) {
            smallText(cell, now, x, y, width, height);
        } else {
            text(cell, current, x, y, width, height);
        }
    }

    private void frame(
            GridModel.Cell cell, boolean now, double x, double y, double width, double height) {
        var colour = colour(cell);
        boolean saved = cell.sign() == Sign.SAVED;
        pen.plate(
                now && cell.sign() != Sign.FAULT ? palette.accentGround() : ground(cell),
                x,
                y,
                width,
                height,
                4);
        if (saved) {
            hatch(colour, x, y, width, height, !cell.bySecond());
        }
        if (now) {
            pen.outline(palette.accent(), 2.4, x, y, width, height, 4);
        } else if (saved) {
            pen.outline(colour, 1.3, x, y, width, height, 4, 4, 3);
        } else {
            pen.outline(colour, 1.6, x, y, width, height, 4);
        }
    }

    private Color ground(GridModel.Cell cell) {
        return switch (cell.sign()) {
            case WALK, WALK_TO_COME -> palette.walkGround();
            case HIT -> palette.hitGround();
            case FAULT -> palette.faultGround();
            case SAVED, PROBE, STALE, PEER, BLOCKED -> palette.canvas();
        };
    }

    private Color colour(GridModel.Cell cell) {
        if (cell.sign() == Sign.SAVED) {
            return cell.bySecond() ? palette.category(SECOND_STAGE_CACHE) : palette.hit();
        }
        return cell.sign().colour(palette);
    }

    private void hatch(
            Color colour, double x, double y, double width, double height, boolean rising) {
        var context = pen.context();
        context.save();
        context.beginPath();
        context.rect(x + 1, y + 1, width - 2, height - 2);
        context.clip();
        var faint = colour.deriveColor(0, 1, 1, 0.28);
        for (double at = -height; at < width; at += HATCH) {
            double from = rising ? x + at : x + at + height;
            double to = rising ? x + at + height : x + at;
            pen.line(faint, 1.3, from, y + height, to, y);
        }
        context.restore();
    }

    private void text(
            GridModel.Cell cell, int current, double x, double y, double width, double height) {
        boolean now = cell.step() == current;
        boolean read = cell.sign() != Sign.SAVED;
        boolean done = now || read && cell.step() < current;
        int lines = height >= FOUR_LINES ? 4 : 3;
        double pitch = Math.min(22, (height - 12) / lines);
        double line = y + 4 + pitch * 0.78;
        var ink = read ? palette.text1() : palette.text2();
        var number = String.valueOf(cell.order());
        double badge = Math.max(18, pen.width(number, Type.SMALLEST_BOLD) + 8);
        var colour = now ? palette.accent() : colour(cell);
        pen.plate(done ? colour : palette.canvas(), x + 8, line - 12, badge, 16, 8);
        pen.outline(colour, 1.2, x + 8, line - 12, badge, 16, 8);
        pen.textCentre(
                number,
                Type.SMALLEST_BOLD,
                done ? palette.canvas() : palette.text2(),
                x + 8 + badge / 2,
                line - 0.5);
        pen.text(cell.label(), Type.MONO_BOLD, ink, x + 14 + badge, line);
        pen.textRight("index " + cell.index(), Type.BIT, palette.text2(), x + width - 8, line);
        line += pitch;
        plated(cell.address(), read ? Type.RAW_BOLD : Type.RAW, ink, x + 10, line, read);
        if (lines == 4) {
            line += pitch;
            plated(pen.cut(cell.raw(), Type.MONO, width - 16), Type.MONO, ink, x + 10, line, read);
        }
        line += pitch;
        plated(
                pen.cut(cell.given(), Type.DENSE, width - 18),
                read ? Type.DENSE_BOLD : Type.DENSE,
                colour(cell),
                x + 10,
                line,
                read);
    }

    /// Text on hatching has a plate in the ground's colour.
    private void plated(
            String text, Type type, Color ink, double x, double baseline, boolean bare) {
        if (!bare) {
            pen.fill(palette.canvas(), x - 2, baseline - 12, pen.width(text, type) + 4, 16);
        }
        pen.text(text, type, ink, x, baseline);
    }

    private void smallText(
            GridModel.Cell cell, boolean now, double x, double y, double width, double height) {
        boolean read = cell.sign() != Sign.SAVED;
        double baseline = y + height / 2 + 4;
        plated(
                cell.label(),
                read ? Type.BODY_BOLD : Type.BODY,
                now || read ? palette.text1() : palette.text2(),
                x + 7,
                baseline,
                read);
        pen.sign(cell.sign(), x + width - 13, y + height / 2, read ? 11 : 9);
    }
}
