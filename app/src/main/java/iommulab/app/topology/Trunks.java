package iommulab.app.topology;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// The trunk of each root bus: from the first to the last of what hangs on it, column by column.
final class Trunks {
    private Trunks() {}

    /// @param links that end on root buses
    static List<Link> of(List<Box> boxes, List<Link> links) {
        var trunks = new ArrayList<Link>();
        for (var box : boxes) {
            if (box.kind() == Box.Kind.COMPLEX) {
                var columns = new TreeMap<Double, double[]>();
                for (var link : links) {
                    if (link.to() == box.id() && link.kind() == Link.Kind.PCI_EXPRESS) {
                        link.points().forEach(p -> stretch(columns, box, p));
                    } else if (link.from() == box.id()) {
                        stretch(columns, box, link.points().getFirst());
                    }
                }
                columns.forEach((x, ends) ->
                        trunks.add(
                                new Link(
                                        Link.Kind.TRUNK,
                                        box.id(),
                                        box.id(),
                                        List.of(new Point(x, ends[0]), new Point(x, ends[1])))));
            }
        }
        return trunks;
    }

    private static void stretch(TreeMap<Double, double[]> columns, Box complex, Point point) {
        if (isRail(complex, point)) {
            var ends = columns.computeIfAbsent(point.x(), _ -> new double[] {point.y(), point.y()});
            ends[0] = Math.min(ends[0], point.y());
            ends[1] = Math.max(ends[1], point.y());
        }
    }

    /// Only the first column needs a trunk of its own: links of the others go up along theirs.
    private static boolean isRail(Box complex, Point point) {
        return Math.abs(point.x() - (complex.at().x() + MachineLayout.RAIL)) < 0.5;
    }
}
