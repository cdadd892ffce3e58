package iommulab.app.walk;

import java.util.OptionalInt;

/// Where the cells of the nested grid stand, in pixels at 100 %.
///
/// @param x of the first column of the second stage
/// @param cellWidth of a second-stage cell
/// @param entryX of the first-stage entry
/// @param entryWidth its width
/// @param top of the first row, when nothing is scrolled
/// @param cellHeight of every cell
/// @param gap between rows
/// @param small whether a cell shows only its name and sign, for a wall or a narrow window
record GridLayout(
        double x,
        double cellWidth,
        double entryX,
        double entryWidth,
        double top,
        double cellHeight,
        double gap,
        boolean small) {
    static final double ARROW = 14;
    private static final double SMALL_BELOW = 780;
    private static final double LEAST = 64;
    private static final double MOST = 118;
    private static final double SMALL_LEAST = 21;
    private static final double SMALL_MOST = 44;

    /// @param top where the rows may begin
    /// @param bottom where they have to end, if they fit
    static GridLayout of(GridModel grid, double width, double top, double bottom) {
        boolean small = width < SMALL_BELOW;
        double x = small ? 62 : width < 1000 ? 132 : 168;
        double arrow = small ? 6 : ARROW;
        int columns = grid.columns().size() + 1;
        double cell = Math.floor((width - 16 - x - arrow * (columns - 1)) / columns);
        double entryX = x + (columns - 1) * (cell + arrow);
        double gap = small ? 3 : 12;
        double rows = grid.rows().size();
        double fits = Math.floor((bottom - top - gap * (rows - 1)) / Math.max(1, rows));
        double height =
                small ? Math.clamp(fits, SMALL_LEAST, SMALL_MOST) : Math.clamp(fits, LEAST, MOST);
        return new GridLayout(x, cell, entryX, width - 16 - entryX, top, height, gap, small);
    }

    double pitch() {
        return cellHeight + gap;
    }

    double xOf(GridModel grid, int column) {
        return column == 0
                ? entryX
                : x + grid.columns().indexOf(column) * (cellWidth + (small ? 6 : ARROW));
    }

    double widthOf(int column) {
        return column == 0 ? entryWidth : cellWidth;
    }

    double height(GridModel grid) {
        return grid.rows().size() * pitch() - gap;
    }

    /// The step told in the cell at a place.
    OptionalInt stepAt(GridModel grid, double px, double py, double scrolled) {
        double y = py - top + scrolled;
        int number = (int) Math.floor(y / pitch());
        if (number < 0 || number >= grid.rows().size() || y - number * pitch() > cellHeight) {
            return OptionalInt.empty();
        }
        var row = grid.rows().get(number);
        for (var cell : row.cells()) {
            double left = xOf(grid, cell.column());
            if (px >= left && px < left + widthOf(cell.column())) {
                return OptionalInt.of(cell.step());
            }
        }
        boolean end = row.number() == 0 && px >= entryX && !grid.end().isEmpty();
        return end ? OptionalInt.of(grid.endStep()) : OptionalInt.empty();
    }
}
