package iommulab.app.topology;

import iommulab.app.topology.Part.Kind;
import iommulab.engine.pci.PciFunction;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Gives the boxes of the PCI tree their places: a bridge at the left, what hangs below it stacked at
/// its right. Two passes over the parts, first sizes, then places; a part moves only what comes after
/// it.
final class FabricLayout {
    static final double ROW_GAP = 3;
    static final double ROW_PAD = 5;

    /// One more column must make what hangs below a bridge so much smaller.
    private static final double PAYS = 0.9;

    /// A part with its size.
    ///
    /// @param anchor where its link ends, below its top
    /// @param below what hangs below it, column by column
    record Sized(Part part, double width, double height, double anchor, List<List<Sized>> below) {
        boolean isLeaf() {
            return below.isEmpty();
        }
    }

    private final BoxSizes sizes;
    private final double tallest;
    private final List<Box> boxes;
    private final List<Link> links;

    /// @param tallest what hangs below a bridge stands in several columns when it is taller
    FabricLayout(BoxSizes sizes, double tallest, List<Box> boxes, List<Link> links) {
        this.sizes = sizes;
        this.tallest = tallest;
        this.boxes = boxes;
        this.links = links;
    }

    // sizes

    Sized size(Part part) {
        var below = columns(part, part.below().stream().map(this::size).toList());
        double own = ownHeight(part);
        if (below.isEmpty() && !part.isBridge()) {
            return new Sized(part, sizes.margin() + ownWidth(part), own, own / 2, below);
        }
        double anchor = Math.max(middle(below), own / 2);
        double shift = anchor - middle(below);
        double height = Math.max(shift + blockHeight(below), anchor + own / 2);
        double width = sizes.margin() + lead(part) + blockWidth(below);
        double top = sizes.marginTop();
        double margin = sizes.margin();
        return switch (part.kind()) {
            case SWITCH ->
                    new Sized(
                            part,
                            width + 2 * sizes.casePad() + margin,
                            top + sizes.caseHead() + height + sizes.casePad() + margin,
                            top + sizes.caseHead() + anchor,
                            below);
            case PORT, CONVENTIONAL_BRIDGE ->
                    new Sized(part, width + margin, top + height + margin, top + anchor, below);
            case DEVICE, STACK, EMPTY_SLOT -> new Sized(part, width, height, anchor, below);
        };
    }

    /// Below a bridge, what would be too tall for one column stands in as many as give it the shape
    /// of the place where it stands.
    private List<List<Sized>> columns(Part part, List<Sized> below) {
        if (below.isEmpty()) {
            return List.of();
        }
        var best = List.of(below);
        if (!part.isBridge() || columnHeight(below) <= tallest) {
            return best;
        }
        for (int count = 2; count <= below.size(); count++) {
            var columns = inColumns(below, columnHeight(below) / count);
            if (extent(columns) < PAYS * extent(best)) {
                best = columns;
            }
        }
        return best;
    }

    private List<List<Sized>> inColumns(List<Sized> below, double wanted) {
        var columns = new ArrayList<List<Sized>>();
        var column = new ArrayList<Sized>();
        double filled = 0;
        for (var child : below) {
            if (!column.isEmpty() && filled + child.height() / 2 > wanted) {
                columns.add(List.copyOf(column));
                column.clear();
                filled = 0;
            }
            column.add(child);
            filled += child.height() + sizes.gap();
        }
        columns.add(List.copyOf(column));
        return columns;
    }

    /// Height of the smallest screen that holds the columns.
    private double extent(List<List<Sized>> columns) {
        return Math.max(blockWidth(columns) / MachineLayout.PLACE_SHAPE, blockHeight(columns));
    }

    private double ownWidth(Part part) {
        return switch (part.kind()) {
            case PORT, SWITCH, CONVENTIONAL_BRIDGE -> sizes.portWidth();
            case DEVICE, STACK -> sizes.deviceWidth();
            case EMPTY_SLOT -> sizes.slotWidth();
        };
    }

    private double ownHeight(Part part) {
        int rows = part.functions().size();
        return switch (part.kind()) {
            case PORT, SWITCH, CONVENTIONAL_BRIDGE -> sizes.portHeight();
            case DEVICE ->
                    rows == 1
                            ? sizes.deviceHeight()
                            : 2 * ROW_PAD + rows * (sizes.rowHeight() + ROW_GAP) - ROW_GAP;
            case STACK -> sizes.stackHeight();
            case EMPTY_SLOT -> sizes.rowHeight() + 2;
        };
    }

    /// From the left of a part's own box to what hangs below.
    private double lead(Part part) {
        double bus = part.kind() == Kind.CONVENTIONAL_BRIDGE ? 10 : 0;
        return ownWidth(part) + sizes.link() + bus - sizes.margin();
    }

    private double columnHeight(List<Sized> column) {
        return column.stream().mapToDouble(Sized::height).sum()
                + sizes.gap() * Math.max(0, column.size() - 1);
    }

    private static double columnWidth(List<Sized> column) {
        return column.stream().mapToDouble(Sized::width).max().orElse(0);
    }

    private double blockHeight(List<List<Sized>> columns) {
        return columns.stream().mapToDouble(this::columnHeight).max().orElse(0);
    }

    private double blockWidth(List<List<Sized>> columns) {
        return columns.stream().mapToDouble(FabricLayout::columnWidth).sum()
                + sizes.link() * Math.max(0, columns.size() - 1);
    }

    /// Halfway between the first and the last link of the first column.
    private double middle(List<List<Sized>> columns) {
        if (columns.isEmpty()) {
            return 0;
        }
        var first = columns.getFirst();
        double last = columnHeight(first) - first.getLast().height() + first.getLast().anchor();
        return (first.getFirst().anchor() + last) / 2;
    }

    // places

    /// Places a part and all below it.
    ///
    /// @param x left of its extent
    /// @param y top of its extent
    /// @param above the box that it hangs at, -1 on a root bus
    Box place(Sized sized, double x, double y, int above) {
        var part = sized.part();
        var extent = new Rect(x, y, sized.width(), sized.height());
        double anchorY = y + sized.anchor();
        double left = x + sizes.margin();
        if (part.kind() == Kind.SWITCH) {
            left += sizes.casePad();
            add(
                    Box.Kind.SWITCH,
                    new Rect(
                            x + sizes.margin(),
                            y + sizes.marginTop(),
                            sized.width() - 2 * sizes.margin(),
                            sized.height() - sizes.marginTop() - sizes.margin()),
                    part.functions(),
                    above,
                    extent);
        }
        double height = ownHeight(part);
        var at = new Rect(left, anchorY - height / 2, ownWidth(part), height);
        var ownExtent = sized.isLeaf() && !part.isBridge() ? at : extent;
        var box = add(kind(part), at, part.functions(), above, ownExtent);
        if (part.kind() == Kind.DEVICE && part.functions().size() > 1) {
            placeRows(part, box);
        }
        placeBelow(sized, box, anchorY);
        return box;
    }

    private void placeRows(Part part, Box device) {
        double y = device.at().y() + ROW_PAD;
        for (var function : part.functions()) {
            var at =
                    new Rect(
                            device.at().x() + ROW_PAD,
                            y,
                            device.at().width() - 2 * ROW_PAD,
                            sizes.rowHeight());
            add(Box.Kind.ROW, at, List.of(function), device.id(), at);
            y += sizes.rowHeight() + ROW_GAP;
        }
    }

    private void placeBelow(Sized sized, Box box, double anchorY) {
        if (sized.below().isEmpty()) {
            return;
        }
        boolean bus = sized.part().kind() == Kind.CONVENTIONAL_BRIDGE;
        double x = box.at().x() + lead(sized.part());
        double top = anchorY - middle(sized.below());
        var trunk =
                new Trunk(
                        box.at().right() + (bus ? 22 : sizes.link() / 2),
                        top - sizes.marginTop() / 2,
                        new Point(box.at().right(), anchorY));
        double rail = trunk.x();
        for (var column : sized.below()) {
            placeColumn(sized.part(), column, new Point(x, top), box, trunk.at(rail));
            double width = columnWidth(column) + sizes.link();
            x += width;
            rail += width;
        }
    }

    private void placeColumn(
            Part part, List<Sized> column, Point at, Box box, Function<Point, List<Point>> way) {
        double y = at.y();
        for (var child : column) {
            var placed = place(child, at.x(), y, box.id());
            var from = new Point(placed.at().x(), y + child.anchor());
            links.add(new Link(linkKind(part, child), placed.id(), box.id(), way.apply(from)));
            y += child.height() + sizes.gap();
        }
    }

    private static Link.Kind linkKind(Part above, Sized child) {
        if (child.part().kind() == Kind.EMPTY_SLOT) {
            return Link.Kind.EMPTY_SLOT;
        }
        return above.kind() == Kind.CONVENTIONAL_BRIDGE
                ? Link.Kind.CONVENTIONAL_BUS
                : Link.Kind.PCI_EXPRESS;
    }

    /// Where the links below a bridge come together: upright beside it, and for further columns along
    /// a line above them.
    ///
    /// @param x of the upright line
    /// @param header of the line above all columns
    /// @param bridge where it ends
    private record Trunk(double x, double header, Point bridge) {
        /// The ways up from the column with an upright line of its own.
        Function<Point, List<Point>> at(double rail) {
            return from -> rail == x ? elbow(from) : over(from, rail);
        }

        private List<Point> elbow(Point from) {
            return Math.abs(from.y() - bridge.y()) < 0.5
                    ? List.of(from, new Point(x, bridge.y()), bridge)
                    : List.of(from, new Point(x, from.y()), new Point(x, bridge.y()), bridge);
        }

        private List<Point> over(Point from, double rail) {
            return List.of(
                    from,
                    new Point(rail, from.y()),
                    new Point(rail, header),
                    new Point(x, header),
                    new Point(x, bridge.y()),
                    bridge);
        }
    }

    private static Box.Kind kind(Part part) {
        return switch (part.kind()) {
            case PORT, SWITCH -> Box.Kind.PORT;
            case CONVENTIONAL_BRIDGE -> Box.Kind.BRIDGE;
            case DEVICE -> Box.Kind.DEVICE;
            case STACK -> Box.Kind.STACK;
            case EMPTY_SLOT -> Box.Kind.EMPTY_SLOT;
        };
    }

    private Box add(Box.Kind kind, Rect at, List<PciFunction> functions, int above, Rect extent) {
        var box =
                new Box(
                        boxes.size(),
                        kind,
                        at,
                        functions.stream().map(PciFunction::address).toList(),
                        above,
                        extent,
                        0);
        boxes.add(box);
        return box;
    }
}
