package iommulab.app.topology;

import iommulab.app.topology.FabricLayout.Sized;
import iommulab.engine.memory.Region.RegionKind;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Lays a plan out: the memory column, the IOMMU units, then the root buses with all that hangs below
/// them, in as many columns as give the picture the shape of a screen. A pure function of the plan, in
/// one pass over it.
final class MachineLayout {
    private static final double EDGE = 14;
    private static final double MEMORY_HEAD = 38;

    /// What nobody may use is one line in the memory column, so that the rest stands out.
    private static final double RESERVED_HEIGHT = 22;

    private static final double WALL_RESERVED_HEIGHT = 3;

    private static final double UNIT_GAP = 28;
    static final double RAIL = 20;
    private static final double RAIL_TO_PART = 16;

    /// Columns grow in steps, so that a small edit does not move what stands in which column.
    private static final double COLUMN_STEP = 240;

    /// Width by height of the place where the picture stands in a usual window.
    static final double PLACE_SHAPE = 1.8;

    private static final double SCREEN_SHAPE = 1.45;

    /// A picture that is drawn smaller than this in its usual place cannot be read: its columns
    /// break also below bridges.
    private static final double TOO_SMALL = 0.5;

    /// At less than this, boxes are compact too.
    private static final double FAR_TOO_SMALL = 0.28;

    /// Heights from which on columns below bridges may break, and by how much another picture must be
    /// larger.
    private static final double[] BREAKS = {1200, 600, 300, 150};

    private static final double PAYS = 1.15;

    private final Plan plan;
    private final BoxSizes sizes;
    private final List<Box> boxes = new ArrayList<>();
    private final List<Link> links = new ArrayList<>();
    private final FabricLayout fabric;
    private final List<Box> complexes = new ArrayList<>();

    private MachineLayout(Plan plan, BoxSizes sizes, double tallest) {
        this.plan = plan;
        this.sizes = sizes;
        this.fabric = new FabricLayout(sizes, tallest, boxes, links);
    }

    static Picture of(Plan plan) {
        return of(plan, BoxSizes.USUAL);
    }

    static Picture of(Plan plan, BoxSizes sizes) {
        var usual = largest(plan, sizes, TOO_SMALL);
        if (sizes.onWall() || fit(usual, sizes) >= FAR_TOO_SMALL) {
            return usual;
        }
        var compact = largest(plan, BoxSizes.COMPACT, 1);
        return fit(compact, sizes) > PAYS * fit(usual, sizes) ? compact : usual;
    }

    private static Picture largest(Plan plan, BoxSizes sizes, double enough) {
        var best = new MachineLayout(plan, sizes, Double.POSITIVE_INFINITY).picture();
        for (double tallest : BREAKS) {
            if (fit(best, sizes) >= enough) {
                return best;
            }
            var broken = new MachineLayout(plan, sizes, tallest).picture();
            best = fit(broken, sizes) > PAYS * fit(best, sizes) ? broken : best;
        }
        return best;
    }

    private static double fit(Picture picture, BoxSizes sizes) {
        return sizes.fit(picture.width(), picture.height());
    }

    private Picture picture() {
        double unitX = EDGE + sizes.memoryWidth() + sizes.corridor();
        double complexX =
                plan.units().isEmpty() ? unitX : unitX + sizes.unitWidth() + sizes.corridor();
        placeComplexes(complexX);
        var units = placeUnits(unitX);
        double bottom = boxes.stream().mapToDouble(b -> b.at().bottom()).max().orElse(EDGE + 200);
        bottom = Math.max(bottom, EDGE + MEMORY_HEAD + spansHeight() + 8);
        var memory = placeMemory(bottom);
        UnitLinks.add(plan, units, complexes, memory, links);
        links.addAll(Trunks.of(boxes, links));
        double right = boxes.stream().mapToDouble(b -> b.at().right()).max().orElse(0);
        return Picture.of(right + EDGE, bottom + EDGE, boxes, links);
    }

    // root buses

    private void placeComplexes(double x) {
        var sized =
                plan.complexes().stream()
                        .map(c -> c.parts().stream().map(fabric::size).toList())
                        .toList();
        double width =
                sized.stream().flatMap(List::stream).mapToDouble(Sized::width).max().orElse(0);
        width = Math.max(width, 2 * (sizes.deviceWidth() + sizes.link()));
        var rows = new ArrayList<List<FlowRow>>();
        for (var parts : sized) {
            rows.add(FlowRow.of(parts, width, sizes.link()));
        }
        double total =
                rows.stream()
                        .flatMap(List::stream)
                        .mapToDouble(r -> r.height() + sizes.gap())
                        .sum();
        double column = width + RAIL + RAIL_TO_PART;
        int columns = 1;
        while (columns < 12 && (x + columns * column) / (total / columns + 60) < SCREEN_SHAPE) {
            columns++;
        }
        double y = EDGE;
        for (int i = 0; i < rows.size(); i++) {
            y = placeComplex(i, rows.get(i), x, y, column, columns) + sizes.gap();
        }
    }

    private double placeComplex(
            int index, List<FlowRow> rows, double x, double y, double columnWidth, int columns) {
        int id = boxes.size();
        boxes.add(complexBox(id, index, new Rect(x, y, 1, 1)));
        double total = rows.stream().mapToDouble(r -> r.height() + sizes.gap()).sum();
        double target = Math.ceil(total / columns / COLUMN_STEP) * COLUMN_STEP;
        double top = y + sizes.complexHead();
        double columnX = x;
        double at = top;
        double bottom = top;
        double right = x + sizes.deviceWidth();
        int used = 1;
        for (var row : rows) {
            if (used < columns && at > top && at - top + row.height() / 2 > target) {
                used++;
                columnX += columnWidth;
                at = top;
            }
            placeRow(row, columnX + RAIL, at, id, x + RAIL, top - 6);
            right = Math.max(right, columnX + RAIL + RAIL_TO_PART + row.width());
            at += row.height();
            bottom = Math.max(bottom, at);
            at += sizes.gap();
        }
        var rect = new Rect(x, y, right + sizes.complexPad() - x, bottom + sizes.complexPad() - y);
        var complex = complexBox(id, index, rect);
        boxes.set(id, complex);
        complexes.add(complex);
        return rect.bottom();
    }

    private static Box complexBox(int id, int index, Rect at) {
        return new Box(id, Box.Kind.COMPLEX, at, List.of(), -1, at, index);
    }

    /// Devices of one row hang on the rail by a line below them.
    private void placeRow(
            FlowRow row, double rail, double y, int complex, double firstRail, double header) {
        double x = rail + RAIL_TO_PART;
        double rowBottom = y + row.height();
        for (int i = 0; i < row.parts().size(); i++) {
            var part = row.parts().get(i);
            var box = fabric.place(part, x, y, -1);
            double anchorY = y + part.anchor();
            var points = new ArrayList<Point>();
            points.add(new Point(box.at().x(), anchorY));
            if (i > 0) {
                double stub = box.at().x() - sizes.link() / 2;
                points.add(new Point(stub, anchorY));
                points.add(new Point(stub, rowBottom));
                anchorY = rowBottom;
            }
            points.add(new Point(rail, anchorY));
            if (rail != firstRail) {
                points.add(new Point(rail, header));
                points.add(new Point(firstRail, header));
            }
            links.add(new Link(Link.Kind.PCI_EXPRESS, box.id(), complex, points));
            x += part.width() + sizes.link();
        }
    }

    // units

    private List<Box> placeUnits(double x) {
        var order =
                java.util.stream.IntStream.range(0, plan.units().size())
                        .boxed()
                        .sorted(Comparator.comparingDouble(this::wishedY))
                        .toList();
        var units = new Box[plan.units().size()];
        double free = EDGE;
        for (int index : order) {
            double height = sizes.unitHeight(plan.units().get(index).lines());
            double y = Math.max(free, wishedY(index) - height / 2);
            var at = new Rect(x, y, sizes.unitWidth(), height);
            units[index] = new Box(boxes.size(), Box.Kind.UNIT, at, List.of(), -1, at, index);
            boxes.add(units[index]);
            free = at.bottom() + UNIT_GAP;
        }
        return List.of(units);
    }

    /// Beside the root buses that it serves, but not below the first screenful of them.
    private double wishedY(int unit) {
        return plan.units().get(unit).serves().stream()
                .map(complexes::get)
                .mapToDouble(c -> c.at().y() + Math.min(c.at().height() / 2, 260))
                .average()
                .orElse(0);
    }

    // memory

    private double spansHeight() {
        return plan.memory().stream().mapToDouble(s -> naturalHeight(s) + 6).sum();
    }

    private double naturalHeight(MemorySpan span) {
        if (span.kind() == RegionKind.RESERVED) {
            return sizes.onWall() ? WALL_RESERVED_HEIGHT : RESERVED_HEIGHT;
        }
        if (sizes.onWall()) {
            return sizes.rowHeight();
        }
        double size = Math.log(Math.max(1, span.bytes() / 4096.0)) / Math.log(2);
        return 48 + Math.min(30, size * 1.2) + 22 * Math.min(3, span.domains().size());
    }

    private Box placeMemory(double bottom) {
        var column = new Rect(EDGE, EDGE, sizes.memoryWidth(), bottom - EDGE);
        var memory = new Box(boxes.size(), Box.Kind.MEMORY, column, List.of(), -1, column, 0);
        boxes.add(memory);
        double room = column.height() - MEMORY_HEAD - 8;
        double stretch = Math.clamp(room / Math.max(1, spansHeight()), 1, 1.6);
        double y = column.y() + MEMORY_HEAD;
        for (int i = 0; i < plan.memory().size(); i++) {
            var span = plan.memory().get(i);
            double natural = naturalHeight(span);
            boolean stub = span.kind() == RegionKind.RESERVED;
            double height = stub ? natural : (natural + 6) * stretch - 6;
            var at = new Rect(column.x() + 8, y, sizes.memoryWidth() - 16, height);
            boxes.add(new Box(boxes.size(), Box.Kind.SPAN, at, List.of(), memory.id(), at, i));
            y += height + 6;
        }
        return memory;
    }
}
