package iommulab.app.shell;

import iommulab.app.theme.Drawing;
import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;
import iommulab.engine.iommu.Field;

import javafx.beans.value.ObservableValue;
import javafx.css.PseudoClass;
import javafx.scene.paint.Color;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// The 64 bits of a word, four rows of sixteen, bit 63 first.
public final class BitGrid extends Drawing {
    /// Set on what belongs to the field under the pointer.
    public static final PseudoClass LIT = PseudoClass.getPseudoClass("lit");

    private static final int PER_ROW = 16;
    private static final double PITCH = 27;
    private static final double CELL = 16;
    private static final double NIBBLE_GAP = 4;

    private final long raw;
    private final List<Field> fields;
    private @Nullable Field lit;

    /// @param onPoint told the field under the pointer, or null
    public BitGrid(
            ObservableValue<Palette> palette,
            long raw,
            List<Field> fields,
            Consumer<@Nullable Field> onPoint) {
        super(palette);
        this.raw = raw;
        this.fields = fields;
        setAccessibleText("Bits of the word");
        setOnMouseMoved(move -> {
            var place = place(move);
            onPoint.accept(fieldAt(place.getX(), place.getY()).orElse(null));
        });
        setOnMouseExited(_ -> onPoint.accept(null));
    }

    /// Lights the bits of a field; null lights none.
    public void light(@Nullable Field field) {
        if (field != lit) {
            lit = field;
            redraw();
        }
    }

    @Override
    protected double computePrefHeight(double width) {
        return (4 * PITCH + 4) * scale();
    }

    @Override
    protected double computePrefWidth(double height) {
        return 280 * scale();
    }

    private double bitWidth(double width) {
        return (width - 3 * NIBBLE_GAP) / PER_ROW;
    }

    private double left(int bit, double width) {
        int column = PER_ROW - 1 - bit % PER_ROW;
        return column * bitWidth(width) + column / 4 * NIBBLE_GAP;
    }

    private static double top(int bit) {
        return (3 - bit / PER_ROW) * PITCH;
    }

    private Optional<Field> fieldAt(double x, double y) {
        double width = drawnWidth();
        for (int bit = 0; bit < 64; bit++) {
            double left = left(bit, width);
            if (x >= left && x < left + bitWidth(width) && y >= top(bit) && y < top(bit) + PITCH) {
                return fieldOf(bit);
            }
        }
        return Optional.empty();
    }

    private Optional<Field> fieldOf(int bit) {
        return fields.stream().filter(f -> f.low() <= bit && bit <= f.high()).findFirst();
    }

    @Override
    protected void draw(Pen pen, double width, double height) {
        for (int bit = 63; bit >= 0; bit--) {
            drawBit(pen, bit, width);
        }
    }

    private void drawBit(Pen pen, int bit, double width) {
        var palette = pen.palette();
        var field = fieldOf(bit);
        boolean on = (raw >>> bit & 1) != 0;
        boolean isLit = lit != null && field.filter(lit::equals).isPresent();
        double cell = bitWidth(width);
        double x = left(bit, width);
        double y = top(bit);
        boolean edge = field.isPresent() && (bit == field.get().high() || bit == field.get().low());
        if (bit % PER_ROW == 0 || bit % PER_ROW == PER_ROW - 1 || edge && wide(field.get())) {
            pen.textCentre(
                    Integer.toString(bit), Type.SMALLEST, palette.text3(), x + cell / 2, y + 9);
        }
        pen.plate(ground(palette, field, isLit), x + 0.5, y + 11, cell - 1, CELL, 2);
        Color text = on ? palette.text1() : palette.text3();
        if (isLit) {
            text = Color.WHITE;
        }
        pen.textCentre(
                on ? "1" : "0",
                on ? Type.BIT_ON : Type.BIT,
                text,
                x + cell / 2,
                y + 11 + CELL - 4.5);
    }

    /// Fields of several bits have their ends numbered.
    private static boolean wide(Field field) {
        return field.high() - field.low() >= 4;
    }

    private static Color ground(Palette palette, Optional<Field> field, boolean lit) {
        if (lit) {
            return palette.accentFill();
        }
        return switch (field.map(Field::role).orElse(Field.Role.IGNORED)) {
            case POINTER -> palette.accentGround();
            case OFFENDING -> palette.faultGround();
            case ORDINARY -> palette.raised();
            case IGNORED -> palette.bar();
        };
    }
}
