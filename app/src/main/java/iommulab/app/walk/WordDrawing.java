package iommulab.app.walk;

import iommulab.app.theme.Palette;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Sign;
import iommulab.app.theme.Type;
import iommulab.engine.iommu.Field;

import javafx.scene.paint.Color;

import org.jspecify.annotations.Nullable;

/// Draws a 64-bit word of an entry, its bits as a bar below, and notes in [Targets] where they lie.
final class WordDrawing {
    /// From the first digit to the last.
    static final double WIDTH = 152;

    private static final double BIT = 2.2;
    private static final double HALF_WORD_GAP = 3;

    private final Pen pen;
    private final Palette palette;
    private final Targets targets;
    private final Rung.@Nullable Chip lit;

    /// @param lit the field to be shown bit by bit, if any
    WordDrawing(Pen pen, Targets targets, Rung.@Nullable Chip lit) {
        this.pen = pen;
        this.palette = pen.palette();
        this.targets = targets;
        this.lit = lit;
    }

    /// @param number of the rung, for the targets
    /// @param x of the first digit; the word's number stands left of it
    /// @param underlined whether the bits that point somewhere have a line below them
    void draw(
            Rung rung, int number, Rung.Word word, double x, double baseline, boolean underlined) {
        boolean read = rung.sign() != Sign.SAVED;
        var ink = rung.failed() ? palette.fault() : read ? palette.text1() : palette.text2();
        double at = x;
        for (var group : word.groups()) {
            pen.text(group, read ? Type.RAW_BOLD : Type.RAW, ink, at, baseline);
            at += 40;
        }
        if (word.number() >= 0) {
            pen.textRight("q" + word.number(), Type.BIT, palette.text3(), x - 5, baseline);
        }
        bits(rung, number, word, x, baseline + 5);
        if (underlined) {
            pointers(rung, Math.max(0, word.number()), x, baseline + 15);
        }
    }

    private void bits(Rung rung, int number, Rung.Word word, double x, double y) {
        int index = Math.max(0, word.number());
        for (int bit = 63; bit >= 0; bit--) {
            double at = bitAt(x, bit);
            boolean set = (word.raw() >>> bit & 1) == 1;
            boolean on = lit != null && lit.covers(index, bit);
            pen.fill(colour(rung, index, bit, set, on), at, y, BIT - 0.5, on ? 11 : 8);
        }
        targets.bits(number, index, x, y, bitAt(0, 0) + BIT);
    }

    private void pointers(Rung rung, int index, double x, double y) {
        for (var chip : rung.chips()) {
            if (chip.word() == index && chip.role() == Field.Role.POINTER) {
                double from = bitAt(x, chip.high());
                pen.fill(palette.accent(), from, y, bitAt(x, chip.low()) + BIT - from, 2);
            }
        }
    }

    private Color colour(Rung rung, int word, int bit, boolean set, boolean on) {
        if (on) {
            return set ? palette.accent() : palette.accent().deriveColor(0, 1, 1, 0.5);
        }
        boolean offending =
                rung.chips().stream()
                        .anyMatch(c -> c.role() == Field.Role.OFFENDING && c.covers(word, bit));
        if (offending) {
            return palette.fault();
        }
        return set ? palette.text1() : palette.line();
    }

    private static double bitAt(double x, int bit) {
        int place = 63 - bit;
        return x + place * BIT + place / 16 * HALF_WORD_GAP;
    }

    /// The bit under a place in a bar, or -1.
    static int bitUnder(double fromBar) {
        for (int bit = 63; bit >= 0; bit--) {
            if (fromBar >= bitAt(0, bit) && fromBar < bitAt(0, bit) + BIT) {
                return bit;
            }
        }
        return -1;
    }
}
