package iommulab.app.topology;

import iommulab.app.topology.Box.Kind;
import iommulab.engine.pci.PciAddress;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Where everything of a machine lies: boxes and links with places, in pixels at 100 %.
/// Memory is at the left, devices at the right: up is left.
///
/// @param boxes containers before what they contain
/// @param boxOf the innermost box of each function
record Picture(
        double width,
        double height,
        List<Box> boxes,
        List<Link> links,
        Map<PciAddress, Box> boxOf) {

    Picture {
        boxes = List.copyOf(boxes);
        links = List.copyOf(links);
        boxOf = Map.copyOf(boxOf);
    }

    static Picture of(double width, double height, List<Box> boxes, List<Link> links) {
        var boxOf = new HashMap<PciAddress, Box>();
        for (var box : boxes) {
            if (box.isFunction()) {
                box.functions().forEach(function -> boxOf.put(function, box));
            }
        }
        return new Picture(width, height, boxes, links, boxOf);
    }

    /// The innermost box at a place.
    Optional<Box> boxAt(double x, double y) {
        for (int i = boxes.size() - 1; i >= 0; i--) {
            if (boxes.get(i).at().contains(x, y)) {
                return Optional.of(boxes.get(i));
            }
        }
        return Optional.empty();
    }

    Optional<Box> find(Kind kind, int index) {
        return boxes.stream().filter(b -> b.kind() == kind && b.index() == index).findFirst();
    }
}
