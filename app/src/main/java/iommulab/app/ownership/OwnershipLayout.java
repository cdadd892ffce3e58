package iommulab.app.ownership;

import iommulab.app.ownership.OwnershipModel.Pointer;
import iommulab.app.ownership.OwnershipModel.Row;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Where the groups of the Ownership perspective stand, in pixels at 100 %: a row each, with the ring at the
/// left, then the members, then the stations of the domain pointer.
record OwnershipLayout(List<Placed> rows, double width, double height, boolean onWall) {
    static final double HEAD = 46;
    private static final double SIDE = 16;
    private static final double LINE = 17;
    private static final double LEAST = 46;
    private static final double LEAST_ON_WALL = 44;
    private static final double BETWEEN = 10;

    /// A group and its place.
    record Placed(Row row, double y, double height) {
        double middle() {
            return y + height / 2;
        }
    }

    static OwnershipLayout of(OwnershipModel model, double width, boolean onWall) {
        var placed = new ArrayList<Placed>();
        double y = HEAD + 8;
        for (var row : model.rows()) {
            double lines = row.members().size() + (row.spoiled().isEmpty() ? 0 : 1);
            double height = onWall ? LEAST_ON_WALL : Math.max(LEAST, lines * LINE + 16);
            placed.add(new Placed(row, y, height));
            y += height + BETWEEN;
        }
        return new OwnershipLayout(List.copyOf(placed), width, y, onWall);
    }

    double ringX() {
        return SIDE;
    }

    double ringWidth() {
        return onWall ? 130 : 168;
    }

    double membersX() {
        return ringX() + ringWidth() + 14;
    }

    double membersWidth() {
        return onWall ? 0 : Math.floor((width - 2 * SIDE - ringWidth()) * 0.44);
    }

    double stationWidth() {
        double from = membersX() + membersWidth() + 14;
        return Math.max(60, Math.floor((width - SIDE - from) / Pointer.values().length));
    }

    double stationX(Pointer pointer) {
        return membersX() + membersWidth() + 14 + pointer.ordinal() * stationWidth();
    }

    double stationMiddle(Pointer pointer) {
        return stationX(pointer) + stationWidth() / 2;
    }

    Optional<Placed> at(double y) {
        return rows.stream().filter(p -> y >= p.y() && y < p.y() + p.height()).findFirst();
    }

    Optional<Placed> of(int group) {
        return rows.stream().filter(p -> p.row().id() == group).findFirst();
    }
}
