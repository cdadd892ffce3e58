package iommulab.app.topology;

import iommulab.app.topology.Part.Kind;
import iommulab.engine.pci.PciFunction;

import java.util.List;

/// Gives the boxes of the PCI tree their places: a bridge at the left, what hangs below it stacked at
/// its right. Two passes over the parts, first sizes, then places; a part moves only what comes after
/// it.
final class FabricLayout {
    static final double PORT_WIDTH = 118;
    static final double PORT_HEIGHT = 36;
    static final double DEVICE_WIDTH = 222;
    static final double DEVICE_HEIGHT = 44;
    static final double ROW_HEIGHT = 24;
    static final double ROW_GAP = 3;
    static final double ROW_PAD = 5;
    static final double STACK_HEIGHT = 60;
    static final double SHADOW = 6;
    static final double LINK = 34;
    static final double GAP = 14;

    /// Room around a bridge and all below it, for the outline of a group.
    static final double MARGIN = 9;

    static final double MARGIN_TOP = 15;
    static final double CASE_PAD = 10;
    static final double CASE_HEAD = 28;

    /// A part with its size.
    ///
    /// @param anchor where its link ends, below its top
    record Sized(Part part, double width, double height, double anchor, List<Sized> below) {
        boolean isLeaf() {
            return below.isEmpty();
        }
    }

    private final List<Box> boxes;
    private final List<Link> links;

    FabricLayout(List<Box> boxes, List<Link> links) {
        this.boxes = boxes;
        this.links = links;
    }

    // sizes

    static Sized size(Part part) {
        var below = part.below().stream().map(FabricLayout::size).toList();
        double own = ownHeight(part);
        if (below.isEmpty() && !part.isBridge()) {
            return new Sized(part, MARGIN + ownWidth(part), own, own / 2, below);
        }
        double anchor = Math.max(middle(below), own / 2);
        double shift = anchor - middle(below);
        double height = Math.max(shift + blockHeight(below), anchor + own / 2);
        double width = MARGIN + lead(part) + blockWidth(below);
        return switch (part.kind()) {
            case SWITCH ->
                    new Sized(
                            part,
                            width + 2 * CASE_PAD + MARGIN,
                            MARGIN_TOP + CASE_HEAD + height + CASE_PAD + MARGIN,
                            MARGIN_TOP + CASE_HEAD + anchor,
                            below);
            case PORT, CONVENTIONAL_BRIDGE ->
                    new Sized(
                            part,
                            width + MARGIN,
                            MARGIN_TOP + height + MARGIN,
                            MARGIN_TOP + anchor,
                            below);
            case DEVICE, STACK, EMPTY_SLOT -> new Sized(part, width, height, anchor, below);
        };
    }

    private static double ownWidth(Part part) {
        return switch (part.kind()) {
            case PORT, SWITCH, CONVENTIONAL_BRIDGE -> PORT_WIDTH;
            case DEVICE -> DEVICE_WIDTH;
            case STACK -> DEVICE_WIDTH;
            case EMPTY_SLOT -> DEVICE_WIDTH - 60;
        };
    }

    private static double ownHeight(Part part) {
        int rows = part.functions().size();
        return switch (part.kind()) {
            case PORT, SWITCH, CONVENTIONAL_BRIDGE -> PORT_HEIGHT;
            case DEVICE ->
                    rows == 1
                            ? DEVICE_HEIGHT
                            : 2 * ROW_PAD + rows * (ROW_HEIGHT + ROW_GAP) - ROW_GAP;
            case STACK -> STACK_HEIGHT;
            case EMPTY_SLOT -> ROW_HEIGHT + 2;
        };
    }

    /// From the left of a part's own box to what hangs below.
    private static double lead(Part part) {
        return ownWidth(part) + LINK + (part.kind() == Kind.CONVENTIONAL_BRIDGE ? 10 : 0) - MARGIN;
    }

    private static double blockHeight(List<Sized> below) {
        return below.stream().mapToDouble(Sized::height).sum()
                + GAP * Math.max(0, below.size() - 1);
    }

    private static double blockWidth(List<Sized> below) {
        return below.stream().mapToDouble(Sized::width).max().orElse(0);
    }

    /// Halfway between the first and the last link of a block.
    private static double middle(List<Sized> below) {
        if (below.isEmpty()) {
            return 0;
        }
        double last = blockHeight(below) - below.getLast().height() + below.getLast().anchor();
        return (below.getFirst().anchor() + last) / 2;
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
        double left = x + MARGIN;
        if (part.kind() == Kind.SWITCH) {
            left += CASE_PAD;
            add(
                    Box.Kind.SWITCH,
                    new Rect(
                            x + MARGIN,
                            y + MARGIN_TOP,
                            sized.width() - 2 * MARGIN,
                            sized.height() - MARGIN_TOP - MARGIN),
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
                            ROW_HEIGHT);
            add(Box.Kind.ROW, at, List.of(function), device.id(), at);
            y += ROW_HEIGHT + ROW_GAP;
        }
    }

    private void placeBelow(Sized sized, Box box, double anchorY) {
        if (sized.below().isEmpty()) {
            return;
        }
        var part = sized.part();
        double x = box.at().x() + lead(part);
        double y = anchorY - middle(sized.below());
        boolean bus = part.kind() == Kind.CONVENTIONAL_BRIDGE;
        double rail = box.at().right() + (bus ? 22 : LINK / 2);
        for (var child : sized.below()) {
            var placed = place(child, x, y, box.id());
            double childY = y + child.anchor();
            links.add(
                    new Link(
                            child.part().kind() == Kind.EMPTY_SLOT
                                    ? Link.Kind.EMPTY_SLOT
                                    : bus ? Link.Kind.CONVENTIONAL_BUS : Link.Kind.PCI_EXPRESS,
                            placed.id(),
                            box.id(),
                            elbow(placed.at().x(), childY, rail, box.at().right(), anchorY)));
            y += child.height() + GAP;
        }
    }

    private static List<Point> elbow(
            double fromX, double fromY, double rail, double toX, double toY) {
        if (Math.abs(fromY - toY) < 0.5) {
            return List.of(new Point(fromX, fromY), new Point(rail, toY), new Point(toX, toY));
        }
        return List.of(
                new Point(fromX, fromY),
                new Point(rail, fromY),
                new Point(rail, toY),
                new Point(toX, toY));
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
