package iommulab.app.topology;

import iommulab.engine.pci.PciFunction;

import java.util.List;

/// A piece of the machine that gets one box: the functions drawn in it, and what hangs below.
///
/// @param functions in bus order; several where a device has several, or where equal ones are drawn as
///     one stack; none for an empty slot
/// @param below what hangs below a bridge, or the virtual functions of a device
record Part(Kind kind, List<PciFunction> functions, List<Part> below) {
    enum Kind {
        /// A root port, a switch's downstream port, or a bridge of unknown type.
        PORT,
        /// A switch's upstream port; its downstream ports hang below.
        SWITCH,
        /// A bridge to a conventional bus.
        CONVENTIONAL_BRIDGE,
        /// A device with one function or a row for each.
        DEVICE,
        /// Equal functions as one box with their number.
        STACK,
        /// A port with nothing below.
        EMPTY_SLOT
    }

    Part {
        functions = List.copyOf(functions);
        below = List.copyOf(below);
    }

    boolean isBridge() {
        return kind == Kind.PORT || kind == Kind.SWITCH || kind == Kind.CONVENTIONAL_BRIDGE;
    }
}
