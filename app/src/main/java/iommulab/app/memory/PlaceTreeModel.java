package iommulab.app.memory;

import iommulab.engine.session.FrameView.Place;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.TreeMap;

/// All structures in memory by unit, each below the one that points to it. Pure.
record PlaceTreeModel(List<Unit> units) {
    /// One IOMMU.
    record Unit(String name, List<Node> roots) {
        Unit {
            roots = List.copyOf(roots);
        }
    }

    /// A structure and those that it points to.
    record Node(Place place, List<Node> below) {
        Node {
            below = List.copyOf(below);
        }
    }

    PlaceTreeModel {
        units = List.copyOf(units);
    }

    static PlaceTreeModel of(List<Place> places) {
        var byUnit = new LinkedHashMap<String, Growing>();
        for (var place : places) {
            byUnit.computeIfAbsent(place.unit(), _ -> new Growing()).add(place);
        }
        var units = new ArrayList<Unit>();
        byUnit.forEach((name, growing) -> units.add(new Unit(name, grown(growing.roots))));
        return new PlaceTreeModel(units);
    }

    private static List<Node> grown(List<Sprout> sprouts) {
        return sprouts.stream().map(s -> new Node(s.place, grown(s.below))).toList();
    }

    private record Sprout(Place place, List<Sprout> below) {}

    /// What points to a structure is met before it.
    private static final class Growing {
        private final List<Sprout> roots = new ArrayList<>();
        private final TreeMap<Long, Sprout> byAddress = new TreeMap<>();

        void add(Place place) {
            var sprout = new Sprout(place, new ArrayList<>());
            var above = byAddress.floorEntry(place.pointer());
            boolean found =
                    place.pointer() >= 0
                            && above != null
                            && place.pointer() < above.getKey() + above.getValue().place.bytes();
            (found ? above.getValue().below : roots).add(sprout);
            byAddress.putIfAbsent(place.hpa(), sprout);
        }
    }
}
