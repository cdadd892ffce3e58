package iommulab.app.topology;

import iommulab.engine.pci.PciAddress;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// The ways that requests take through a picture, along its links.
final class Ways {
    private final Picture picture;
    private final Map<Integer, Link> up = new HashMap<>();
    private final List<Link> toUnits = new ArrayList<>();
    private final Map<Integer, Link> toMemory = new HashMap<>();

    Ways(Picture picture) {
        this.picture = picture;
        for (var link : picture.links()) {
            switch (link.kind()) {
                case PCI_EXPRESS, CONVENTIONAL_BUS, EMPTY_SLOT -> up.put(link.from(), link);
                case TRUNK -> {}
                case TO_UNIT -> toUnits.add(link);
                case TO_MEMORY, BYPASS -> toMemory.put(link.from(), link);
            }
        }
    }

    /// The links from a function up to its root bus, lowest first.
    List<Link> linksUp(PciAddress function) {
        var links = new ArrayList<Link>();
        var box = hanging(function);
        while (box != null) {
            var link = up.get(box.id());
            if (link == null) {
                break;
            }
            links.add(link);
            box = picture.boxes().get(link.to());
        }
        return links;
    }

    private @Nullable Box hanging(PciAddress function) {
        var box = picture.boxOf().get(function);
        return box != null && box.kind() == Box.Kind.ROW ? picture.boxes().get(box.above()) : box;
    }

    /// From a function to its root bus.
    List<Point> toRoot(PciAddress function) {
        var points = new ArrayList<Point>();
        linksUp(function).forEach(link -> points.addAll(link.points()));
        return points;
    }

    /// From a function to the edge of its IOMMU.
    ///
    /// @param unit index of the IOMMU in the plan
    List<Point> toUnit(PciAddress function, int unit) {
        var points = new ArrayList<>(toRoot(function));
        unitLink(function, unit).ifPresent(link -> points.addAll(link.points()));
        return points;
    }

    /// From a function through its IOMMU to an address.
    ///
    /// @param unit index of the IOMMU in the plan, -1 if none translated
    /// @param spans of the memory column
    /// @param hpa where the request went; empty if nowhere
    List<Point> toMemory(PciAddress function, int unit, List<MemorySpan> spans, OptionalLong hpa) {
        var points = new ArrayList<>(unit < 0 ? toRoot(function) : toUnit(function, unit));
        var link =
                unit < 0
                        ? complexOf(function).map(toMemory::get)
                        : picture.find(Box.Kind.UNIT, unit).map(box -> toMemory.get(box.id()));
        link.ifPresent(last -> points.addAll(ending(last, spans, hpa)));
        return points;
    }

    private List<Point> ending(Link link, List<MemorySpan> spans, OptionalLong hpa) {
        var end = link.points().getLast();
        for (int i = 0; hpa.isPresent() && i < spans.size(); i++) {
            if (spans.get(i).range().contains(hpa.getAsLong())) {
                var span = picture.find(Box.Kind.SPAN, i);
                if (span.isPresent()) {
                    double y = span.get().at().centreY();
                    double corridor = end.x() + 14;
                    return List.of(
                            link.points().getFirst(),
                            new Point(corridor, end.y()),
                            new Point(corridor, y),
                            new Point(span.get().at().right(), y));
                }
            }
        }
        return link.points();
    }

    /// From one function to another without going up to an IOMMU: up to where both ways meet, and down.
    List<Point> toPeer(PciAddress from, PciAddress to) {
        var rising = linksUp(from);
        var falling = linksUp(to);
        int meetR = rising.size();
        int meetF = falling.size();
        while (meetR > 0 && meetF > 0 && rising.get(meetR - 1).equals(falling.get(meetF - 1))) {
            meetR--;
            meetF--;
        }
        var points = new ArrayList<Point>();
        rising.subList(0, meetR).forEach(link -> points.addAll(link.points()));
        var down = new ArrayList<Point>();
        falling.subList(0, meetF).forEach(link -> down.addAll(link.points()));
        int turnR = points.size();
        int turnF = down.size();
        // Of a last link, at least the way from its box to the upright line is gone.
        int leastR = leastBefore(rising, meetR, turnR);
        int leastF = leastBefore(falling, meetF, turnF);
        while (turnR > leastR
                && turnF > leastF
                && points.get(turnR - 1).equals(down.get(turnF - 1))) {
            turnR--;
            turnF--;
        }
        var way = new ArrayList<>(points.subList(0, turnR));
        way.addAll(down.subList(0, turnF).reversed());
        return way;
    }

    private static int leastBefore(List<Link> links, int meet, int points) {
        return meet == 0 ? points : points - links.get(meet - 1).points().size() + 2;
    }

    /// A place on a way.
    ///
    /// @param part of the way that lies behind, 0 to 1
    static Point along(List<Point> way, double part) {
        double left = part * length(way);
        for (int i = 1; i < way.size(); i++) {
            var from = way.get(i - 1);
            var to = way.get(i);
            double piece = Math.hypot(to.x() - from.x(), to.y() - from.y());
            if (left <= piece && piece > 0) {
                double k = left / piece;
                return new Point(
                        from.x() + k * (to.x() - from.x()), from.y() + k * (to.y() - from.y()));
            }
            left -= piece;
        }
        return way.getLast();
    }

    private static double length(List<Point> way) {
        double length = 0;
        for (int i = 1; i < way.size(); i++) {
            length +=
                    Math.hypot(
                            way.get(i).x() - way.get(i - 1).x(),
                            way.get(i).y() - way.get(i - 1).y());
        }
        return length;
    }

    /// The links around an IOMMU: from its root buses, and to memory.
    List<Link> ofUnit(int unit) {
        var links = new ArrayList<Link>();
        picture.find(Box.Kind.UNIT, unit)
                .ifPresent(box -> {
                    toUnits.stream().filter(l -> l.to() == box.id()).forEach(links::add);
                    links.addAll(Stream.ofNullable(toMemory.get(box.id())).toList());
                });
        return links;
    }

    private Optional<Link> unitLink(PciAddress function, int unit) {
        var complex = complexOf(function);
        var box = picture.find(Box.Kind.UNIT, unit);
        return toUnits.stream()
                .filter(link ->
                        complex.isPresent()
                                && box.isPresent()
                                && link.from() == complex.get()
                                && link.to() == box.get().id())
                .findFirst();
    }

    private Optional<Integer> complexOf(PciAddress function) {
        var links = linksUp(function);
        return links.isEmpty() ? Optional.empty() : Optional.of(links.getLast().to());
    }
}
