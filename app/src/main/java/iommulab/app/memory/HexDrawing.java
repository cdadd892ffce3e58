package iommulab.app.memory;

import iommulab.app.memory.HexModel.Tint;
import iommulab.app.memory.HexModel.Word;
import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import javafx.scene.paint.Color;

import org.jspecify.annotations.Nullable;

/// Draws the words of a frame once.
final class HexDrawing {
    private static final double BASELINE = 14;
    private static final double SELECTED = 2.4;

    private final Pen pen;
    private final HexRows rows;
    private final HexModel model;
    private final double scrolled;

    HexDrawing(Pen pen, HexRows rows, HexModel model, double scrolled) {
        this.pen = pen;
        this.rows = rows;
        this.model = model;
        this.scrolled = scrolled;
    }

    /// @param selected word that is selected
    /// @param hovered word under the pointer, -1 for none
    /// @param lit bits that are lit
    void rows(double height, int selected, int hovered, HexCanvas.@Nullable Lit lit) {
        var chosen = model.words().get(selected).use();
        int first = (int) scrolled * rows.perRow();
        for (int i = first; i < HexModel.WORDS && rows.top(i, scrolled) < height; i++) {
            if (i % rows.perRow() == 0) {
                gutter(i);
            }
            var word = model.words().get(i);
            boolean ofChosen = word.use().isPresent() && word.use().equals(chosen);
            plate(i, word, ofChosen);
            if (i == selected) {
                outline(i, SELECTED);
            } else if (hovered >= 0 && isWith(i, hovered)) {
                outline(i, 1);
            }
            digits(i, word, litBits(i, lit));
            mark(i, word);
        }
    }

    private boolean isWith(int word, int hovered) {
        var use = model.words().get(hovered).use();
        return word == hovered || use.isPresent() && use.equals(model.words().get(word).use());
    }

    private long litBits(int index, HexCanvas.@Nullable Lit lit) {
        return lit != null && lit.hpa() == model.addressOf(index) ? lit.bits() : 0;
    }

    private void gutter(int word) {
        pen.textRight(
                Long.toHexString(model.addressOf(word)),
                Type.MONO,
                pen.palette().text2(),
                rows.gutter() - HexRows.WORD_GAP,
                rows.top(word, scrolled) + BASELINE);
    }

    /// Words of one entry stand on one plate, as far as they stand side by side.
    private void plate(int index, Word word, boolean chosen) {
        if (word.tint() == Tint.ZERO || word.tint() == Tint.DATA) {
            return;
        }
        var palette = pen.palette();
        var ground =
                chosen
                        ? palette.accentGround()
                        : word.tint() == Tint.LEADS ? palette.walkGround() : palette.raised();
        boolean joins =
                (index + 1) % rows.perRow() != 0
                        && index + 1 < HexModel.WORDS
                        && word.use().equals(model.words().get(index + 1).use());
        double width = joins ? rows.pitch() + 3 : rows.wordWidth() + 6;
        double y = rows.top(index, scrolled) + 1;
        pen.plate(ground, rows.left(index) - 3, y, width, HexRows.ROW - 2, 3);
        if (joins) {
            pen.fill(ground, rows.left(index) + 3, y, width - 3, HexRows.ROW - 2);
        }
    }

    private void outline(int word, double line) {
        pen.outline(
                pen.palette().accent(),
                line,
                rows.left(word) - 4,
                rows.top(word, scrolled),
                rows.wordWidth() + 8,
                HexRows.ROW,
                3);
    }

    private void digits(int index, Word word, long litBits) {
        double y = rows.top(index, scrolled) + BASELINE;
        if (word.raw() == 0 && litBits == 0) {
            var right = rows.left(index) + rows.wordWidth();
            pen.textRight("0", Type.MONO, pen.palette().text3(), right, y);
            return;
        }
        var text = "%016x".formatted(word.raw());
        for (int group = 0; group < 4; group++) {
            double x = rows.digitLeft(index, 15 - 4 * group);
            var type = word.use().isPresent() ? Type.MONO_BOLD : Type.MONO;
            pen.text(text.substring(4 * group, 4 * group + 4), type, ink(word), x, y);
        }
        for (int digit = 0; digit < 16; digit++) {
            if ((litBits >>> 4 * digit & 0xf) != 0) {
                lit(index, digit, text.charAt(15 - digit), y);
            }
        }
    }

    private Color ink(Word word) {
        return word.use().isPresent() ? pen.palette().text1() : pen.palette().text2();
    }

    private void lit(int index, int digit, char shown, double y) {
        double x = rows.digitLeft(index, digit);
        pen.fill(
                pen.palette().accentFill(),
                x,
                rows.top(index, scrolled) + 2,
                rows.digits() / 4,
                HexRows.ROW - 4);
        pen.text(String.valueOf(shown), Type.MONO_BOLD, Color.WHITE, x, y);
    }

    /// Where a ring is read and written next.
    private void mark(int index, Word word) {
        if (word.mark().isEmpty()) {
            return;
        }
        var ink = pen.palette().stale();
        double y = rows.top(index, scrolled);
        pen.fill(ink, rows.left(index) - 7, y + 1, 3, HexRows.ROW - 2);
        pen.text(
                "‹ " + word.mark(),
                Type.SECONDARY_BOLD,
                ink,
                rows.gutter() + rows.perRow() * rows.pitch(),
                y + BASELINE);
    }

    /// What stands above the columns.
    void head(double width) {
        var palette = pen.palette();
        pen.fill(palette.canvas(), 0, 0, width, HexRows.HEAD);
        pen.textRight(
                "Address",
                Type.SECONDARY_BOLD,
                palette.text2(),
                rows.gutter() - HexRows.WORD_GAP,
                17);
        for (int column = 0; column < rows.perRow(); column++) {
            pen.textRight(
                    "+" + Integer.toHexString(column * HexModel.WORD_BYTES),
                    Type.MONO,
                    palette.text2(),
                    rows.left(column) + rows.wordWidth(),
                    17);
        }
        pen.line(palette.line(), 1, 0, HexRows.HEAD - 2, width, HexRows.HEAD - 2);
    }

    void focus(double width, double height) {
        pen.outline(pen.palette().accent(), 2, 0, 0, width, height, 0);
    }
}
