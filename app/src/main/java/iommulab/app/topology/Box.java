package iommulab.app.topology;

import iommulab.engine.pci.PciAddress;

import java.util.List;

/// One box of the picture.
///
/// @param id its index in the picture
/// @param functions drawn in it
/// @param above the box that its link leads up to; -1 if it has none
/// @param extent the box with everything that hangs below it
/// @param index which memory span, unit or root bus of the plan it shows; else 0
record Box(
        int id, Kind kind, Rect at, List<PciAddress> functions, int above, Rect extent, int index) {
    enum Kind {
        /// The column of physical addresses.
        MEMORY,
        /// One span of the column.
        SPAN,
        UNIT,
        /// A root bus.
        COMPLEX,
        /// Around a switch and all that hangs below it.
        SWITCH,
        /// A port of a root complex or of a switch.
        PORT,
        /// A bridge to a conventional bus.
        BRIDGE,
        DEVICE,
        /// One function of a device with several.
        ROW,
        /// Equal functions together.
        STACK,
        /// Nothing is plugged in.
        EMPTY_SLOT
    }

    Box {
        functions = List.copyOf(functions);
    }

    /// Whether the box stands for functions (and is not just drawn around others).
    boolean isFunction() {
        return switch (kind) {
            case PORT, BRIDGE, DEVICE, ROW, STACK -> true;
            case MEMORY, SPAN, UNIT, COMPLEX, SWITCH, EMPTY_SLOT -> false;
        };
    }
}
