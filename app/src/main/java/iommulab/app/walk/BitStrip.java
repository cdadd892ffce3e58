package iommulab.app.walk;

import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import javafx.scene.paint.Color;

import java.util.List;
import java.util.stream.Stream;

/// Draws the bits of the request, cut into the indices that the walk uses.
final class BitStrip {
    static final double HEIGHT = 96;
    static final double WALL_HEIGHT = 66;
    static final double GRID_HEIGHT = 66;
    private static final double SHORT_BIT = 6.4;
    private static final double GAP = 5;
    private static final double FIXED = 175;
    private static final double NARROWEST = 34;
    private static final double FADED = 0.2;

    private final Pen pen;
    private final Palette palette;

    BitStrip(Pen pen) {
        this.pen = pen;
        this.palette = pen.palette();
    }

    void draw(WalkModel model, double width) {
        double bit = Math.clamp((width - FIXED) / digits(model), 7.2, 10.6);
        double x = 16;
        pen.text("Requester ID", Type.SECONDARY_BOLD, palette.text2(), x, 13);
        x = fields(model.requester(), x, bit, model.current()) + 24;
        if (!model.pasid().isEmpty()) {
            pen.text("PASID", Type.SECONDARY_BOLD, palette.text2(), x, 13);
            x = fields(model.pasid(), x, bit, model.current()) + 24;
        }
        pen.text("IOVA 0x" + model.iova(), Type.SECONDARY_BOLD, palette.text2(), x, 13);
        fields(model.address(), x, bit, model.current());
        pen.line(palette.faintLine(), 1, 0, HEIGHT, width, HEIGHT);
    }

    private static int digits(WalkModel model) {
        return Stream.of(model.requester(), model.pasid(), model.address())
                .flatMap(List::stream)
                .mapToInt(f -> f.bits().length())
                .sum();
    }

    private double fields(List<BitField> fields, double start, double bit, int current) {
        double x = start;
        for (var field : fields) {
            double width = Math.max(field.bits().length() * bit, room(field));
            box(field, x, 36, width, 22, bit, field.step() == current);
            boolean one = field.high() == field.low() || width < 40;
            pen.text(String.valueOf(field.high()), Type.BIT, palette.text3(), x + 1, 32);
            if (!one) {
                pen.textRight(
                        String.valueOf(field.low()), Type.BIT, palette.text3(), x + width - 1, 32);
            }
            pen.textCentre(field.hex(), Type.MONO_BOLD, colour(field), x + width / 2, 73);
            pen.textCentre(field.name(), Type.SECOND_LINE, palette.text2(), x + width / 2, 87);
            x += width + GAP;
        }
        return x;
    }

    /// A field of a bit or two is as wide as its name, so that names do not run into each other.
    private double room(BitField field) {
        return Math.max(NARROWEST, pen.width(field.name(), Type.SECOND_LINE) + 2);
    }

    private void box(
            BitField field,
            double x,
            double y,
            double width,
            double height,
            double bit,
            boolean on) {
        var colour = colour(field);
        pen.plate(on ? colour : colour.deriveColor(0, 1, 1, FADED), x, y, width, height, 3);
        pen.outline(colour, on ? 2 : 1.3, x, y, width, height, 3);
        var ink = on ? palette.canvas() : palette.text1();
        double step = width / field.bits().length();
        for (int i = 0; i < field.bits().length(); i++) {
            pen.textCentre(
                    field.bits().substring(i, i + 1),
                    bit < 8.5 ? Type.BIT : Type.MONO,
                    ink,
                    x + step * (i + 0.5),
                    y + height / 2 + 4);
        }
    }

    /// Above the grid: only the iova, and no wider than it needs.
    ///
    /// @return where it ends
    double drawAboveGrid(WalkModel model, double width) {
        var fields = model.address().stream().filter(f -> f.category() != BitField.PLAIN).toList();
        int digits = fields.stream().mapToInt(f -> f.bits().length()).sum();
        double bit =
                Math.clamp((width - GAP * fields.size()) / Math.max(1, digits), SHORT_BIT, 10.6);
        double x = 16;
        pen.text("IOVA 0x" + model.iova(), Type.SECONDARY_BOLD, palette.text2(), x, 13);
        for (var field : fields) {
            double each = Math.max(field.bits().length() * bit, NARROWEST);
            box(fieldForWall(field, each), x, 20, each, 20, bit, field.step() == model.current());
            pen.textCentre(label(field, each - 2), Type.MONO_BOLD, colour(field), x + each / 2, 55);
            x += each + GAP;
        }
        pen.line(palette.faintLine(), 1, 0, GRID_HEIGHT - 2, width + 2000, GRID_HEIGHT - 2);
        return x;
    }

    /// For a wall: only the iova, over the whole width.
    void drawForWall(WalkModel model, double width) {
        var fields = model.address().stream().filter(f -> f.category() != BitField.PLAIN).toList();
        double each = (width - 32 - GAP * (fields.size() - 1)) / Math.max(1, fields.size());
        double x = 16;
        for (var field : fields) {
            box(
                    fieldForWall(field, each),
                    x,
                    8,
                    each,
                    28,
                    each / field.bits().length(),
                    field.step() == model.current());
            pen.textCentre(
                    label(field, each + GAP - 2), Type.MONO_BOLD, colour(field), x + each / 2, 52);
            x += each + GAP;
        }
        pen.line(palette.faintLine(), 1, 0, WALL_HEIGHT - 4, width, WALL_HEIGHT - 4);
    }

    /// Name and value; where that is too wide, a shorter name, or the value alone.
    private String label(BitField field, double width) {
        var name = field.name();
        while (!name.isEmpty()) {
            var label = name + ": " + field.hex();
            if (pen.width(label, Type.MONO_BOLD) <= width) {
                return label;
            }
            int space = name.indexOf(' ');
            name = space < 0 ? "" : name.substring(space + 1);
        }
        return pen.cut(field.hex(), Type.MONO_BOLD, width);
    }

    /// Bits that would stand too close are shown as their hex digits.
    private static BitField fieldForWall(BitField field, double width) {
        return width / field.bits().length() >= 7
                ? field
                : new BitField(
                        field.high(),
                        field.low(),
                        field.hex(),
                        field.hex(),
                        field.name(),
                        field.category(),
                        field.step());
    }

    private Color colour(BitField field) {
        return field.category() == BitField.PLAIN
                ? palette.text3()
                : palette.category(field.category());
    }
}
