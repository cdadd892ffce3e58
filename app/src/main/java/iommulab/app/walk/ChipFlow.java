package iommulab.app.walk;

import iommulab.app.theme.Pen;
import iommulab.app.theme.Type;
import iommulab.engine.iommu.Field;

import java.util.ArrayList;
import java.util.List;

/// Chips set in rows like words in lines; what does not fit is counted.
///
/// @param left how many chips found no place
/// @param leftX where their count stands in the last row
record ChipFlow(List<Placed> placed, int rows, int left, double leftX) {
    private static final double GAP = 5;
    private static final double COUNT_WIDTH = 22;

    record Placed(Rung.Chip chip, String label, double x, int row, double width) {}

    static ChipFlow of(Pen pen, List<Rung.Chip> chips, double width, int maxRows) {
        var placed = new ArrayList<Placed>();
        double x = 0;
        int row = 0;
        for (int i = 0; i < chips.size(); i++) {
            var chip = chips.get(i);
            var type = chip.role() == Field.Role.ORDINARY ? Type.SECONDARY : Type.SECONDARY_BOLD;
            double bits = pen.width(chip.bits(), Type.BIT) + 17;
            var label = pen.cut(chip.label(), type, width - bits);
            double needed = bits + pen.width(label, type);
            boolean mayFollow = row == maxRows - 1 && i < chips.size() - 1;
            if (x > 0 && x + needed > width - (mayFollow ? COUNT_WIDTH : 0)) {
                if (row == maxRows - 1) {
                    return new ChipFlow(placed, row + 1, chips.size() - i, x);
                }
                x = 0;
                row++;
            }
            placed.add(new Placed(chip, label, x, row, needed));
            x += needed + GAP;
        }
        return new ChipFlow(placed, row + 1, 0, x);
    }
}
