package iommulab.app.topology;

import java.util.List;

/// A line of the picture, from the lower box up to the one nearer to memory.
///
/// @param from index of the lower box
/// @param to index of the upper box
/// @param points at least two; only horizontal and vertical pieces
record Link(Kind kind, int from, int to, List<Point> points) {
    enum Kind {
        PCI_EXPRESS,
        /// The trunk of a root bus; what hangs on it ends there.
        TRUNK,
        /// A bus of many devices: drawn thick, with a stub to each.
        CONVENTIONAL_BUS,
        EMPTY_SLOT,
        /// From a root bus to its IOMMU.
        TO_UNIT,
        TO_MEMORY,
        /// From a root bus to memory, past all IOMMUs.
        BYPASS
    }

    Link {
        points = List.copyOf(points);
    }
}
