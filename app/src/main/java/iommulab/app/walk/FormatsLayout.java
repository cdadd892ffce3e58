package iommulab.app.walk;

import java.util.OptionalInt;

/// Where the columns and rows of all formats stand, in pixels at 100 %.
///
/// @param x of the first column
/// @param column width of each
/// @param top of the first row, when nothing is scrolled
/// @param pitch height of each row but the last, which has no entry to show
/// @param small whether a cell shows only the entry's address, for a wall or a narrow window
record FormatsLayout(
        double width, double x, double column, double top, double pitch, boolean small) {
    private static final double SMALL_BELOW = 160;
    private static final double NAME = 124;
    private static final double LEAST = 42;
    private static final double MOST = 108;
    private static final double SMALL_LEAST = 18;
    private static final double SMALL_MOST = 34;
    private static final double LAST = 38;
    private static final double RIGHT = 8;

    static FormatsLayout of(FormatsModel model, double width, double height) {
        int columns = Math.max(1, model.columns().size());
        double usual = (width - NAME - RIGHT) / columns;
        boolean small = usual < SMALL_BELOW;
        double x = small ? 96 : NAME;
        double top = small ? 24 : 58;
        int entries = Math.max(1, model.rows().size() - 1);
        double last = small ? SMALL_LEAST : LAST;
        double fits = Math.floor((height - top - last) / entries);
        return new FormatsLayout(
                width,
                x,
                Math.floor((width - x - RIGHT) / columns),
                top,
                small ? Math.clamp(fits, SMALL_LEAST, SMALL_MOST) : Math.clamp(fits, LEAST, MOST),
                small);
    }

    double heightOf(int row, FormatsModel model) {
        return row == model.rows().size() - 1 ? Math.min(LAST, pitch) : pitch;
    }

    double tallest(FormatsModel model) {
        int last = model.rows().size() - 1;
        return last < 0 ? 0 : last * pitch + heightOf(last, model);
    }

    double columnAt(int number) {
        return x + number * column;
    }

    OptionalInt rowAt(double y, double scrolled, int rows) {
        int row = (int) Math.floor((y - top + scrolled) / pitch);
        return y < top || row >= rows ? OptionalInt.empty() : OptionalInt.of(row);
    }

    /// The column whose head is at a place.
    OptionalInt headAt(double atX, double y, int columns) {
        int number = (int) Math.floor((atX - x) / column);
        return y >= top || y < top - 40 || number < 0 || number >= columns
                ? OptionalInt.empty()
                : OptionalInt.of(number);
    }
}
