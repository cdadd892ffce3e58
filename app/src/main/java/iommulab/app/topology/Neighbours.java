package iommulab.app.topology;

import java.util.Comparator;
import java.util.Optional;

/// Where the arrow keys go from a box.
final class Neighbours {
    private Neighbours() {}

    static Optional<Box> above(Picture picture, Box box) {
        var at = hanging(picture, box);
        return at.above() < 0 ? Optional.empty() : Optional.of(picture.boxes().get(at.above()));
    }

    static Optional<Box> below(Picture picture, Box box) {
        return picture.boxes().stream()
                .filter(b -> b.isFunction() && b.above() == box.id())
                .findFirst();
    }

    /// The next box in the same column, or the first of the machine.
    ///
    /// @param direction 1 downwards, -1 upwards
    static Optional<Box> beside(Picture picture, Optional<Box> from, int direction) {
        if (from.isEmpty()) {
            return picture.boxes().stream().filter(Box::isFunction).findFirst();
        }
        var box = from.get();
        return picture.boxes().stream()
                .filter(b -> b.isFunction() && b != box && leads(b))
                .filter(b -> direction * (b.at().centreY() - box.at().centreY()) > 0)
                .filter(b -> b.at().x() < box.at().right() && box.at().x() < b.at().right())
                .min(
                        Comparator.comparingDouble(
                                b -> Math.abs(b.at().centreY() - box.at().centreY())));
    }

    /// A box with rows is reached by its rows.
    private static boolean leads(Box box) {
        return box.kind() != Box.Kind.DEVICE || box.functions().size() == 1;
    }

    private static Box hanging(Picture picture, Box box) {
        return box.kind() == Box.Kind.ROW ? picture.boxes().get(box.above()) : box;
    }
}
