package iommulab.app.memory;

import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;

import java.util.OptionalInt;

/// Where the words of a frame stand: how many in a row, and how wide everything is. Pixels at 100 %.
///
/// @param perRow words in a row
/// @param gutter width of the addresses at the left
/// @param digits width of four hex digits
record HexRows(int perRow, double gutter, double digits) {
    static final HexRows NARROWEST = new HexRows(1, 80, 28);
    static final double HEAD = 26;
    static final double ROW = 20;
    static final double WORD_GAP = 10;
    static final double MARK = 54;
    static final double GROUP_GAP = 4;
    private static final double SIDE = 10;

    /// As many words in a row as there is room for.
    static HexRows fitting(Pen pen, double width, HexModel model) {
        double gutter =
                SIDE + pen.width(Long.toHexString(model.hpa() + 0xff8), Type.MONO) + WORD_GAP;
        double digits = pen.width("0000", Type.MONO);
        for (int perRow : new int[] {8, 4, 2}) {
            var rows = new HexRows(perRow, gutter, digits);
            if (gutter + perRow * rows.pitch() + MARK <= width) {
                return rows;
            }
        }
        return new HexRows(1, gutter, digits);
    }

    int count() {
        return HexModel.WORDS / perRow;
    }

    /// Rows that are seen in a height.
    double fitting(double height) {
        return (height - HEAD) / ROW;
    }

    double wordWidth() {
        return 4 * digits + 3 * GROUP_GAP;
    }

    double pitch() {
        return wordWidth() + WORD_GAP;
    }

    /// Left edge of a word's first digit.
    double left(int word) {
        return gutter + word % perRow * pitch();
    }

    double top(int word, double scrolled) {
        return HEAD + (Math.floorDiv(word, perRow) - scrolled) * ROW;
    }

    /// Left edge of a digit, 15 the highest.
    double digitLeft(int word, int digit) {
        int group = 3 - digit / 4;
        int within = 3 - digit % 4;
        return left(word) + group * (digits + GROUP_GAP) + within * digits / 4;
    }

    OptionalInt wordAt(double x, double y, double scrolled) {
        int column = (int) Math.floor((x - gutter + WORD_GAP / 2) / pitch());
        if (y < HEAD || column < 0 || column >= perRow) {
            return OptionalInt.empty();
        }
        int word = (int) Math.floor((y - HEAD) / ROW + scrolled) * perRow + column;
        return word < HexModel.WORDS ? OptionalInt.of(word) : OptionalInt.empty();
    }

    /// The lowest bit of the digit that stands at a place of a word.
    OptionalInt bitAt(int word, double x) {
        for (int digit = 0; digit < 16; digit++) {
            double left = digitLeft(word, digit);
            if (x >= left && x < left + digits / 4) {
                return OptionalInt.of(digit * 4);
            }
        }
        return OptionalInt.empty();
    }
}
