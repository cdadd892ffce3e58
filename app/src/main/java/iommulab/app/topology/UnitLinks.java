package iommulab.app.topology;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/// The lines between root buses, IOMMUs and memory.
final class UnitLinks {
    private UnitLinks() {}

    static void add(Plan plan, List<Box> units, List<Box> complexes, Box memory, List<Link> links) {
        var served = new HashSet<Integer>();
        for (int u = 0; u < units.size(); u++) {
            var unit = units.get(u);
            for (int c : plan.units().get(u).serves()) {
                served.add(c);
                links.add(toUnit(unit, complexes.get(c), u));
            }
            links.add(
                    new Link(
                            Link.Kind.TO_MEMORY,
                            unit.id(),
                            memory.id(),
                            List.of(
                                    new Point(unit.at().x(), unit.at().centreY()),
                                    new Point(memory.at().right(), unit.at().centreY()))));
        }
        for (int c = 0; c < complexes.size(); c++) {
            if (!served.contains(c)) {
                links.add(bypass(complexes.get(c), memory));
            }
        }
    }

    private static Link toUnit(Box unit, Box complex, int index) {
        double y = unit.at().centreY();
        double rail = complex.at().x() + 20;
        double inside = Math.clamp(y, complex.at().y() + 24, complex.at().bottom() - 10);
        var points = new ArrayList<Point>();
        points.add(new Point(rail, inside));
        if (inside != y) {
            double elbow = unit.at().right() + 30 - 7 * (index % 3);
            points.add(new Point(elbow, inside));
            points.add(new Point(elbow, y));
        }
        points.add(new Point(unit.at().right(), y));
        return new Link(Link.Kind.TO_UNIT, complex.id(), unit.id(), points);
    }

    private static Link bypass(Box complex, Box memory) {
        double y = complex.at().bottom() - 8;
        return new Link(
                Link.Kind.BYPASS,
                complex.id(),
                memory.id(),
                List.of(new Point(complex.at().x() + 20, y), new Point(memory.at().right(), y)));
    }
}
