package iommulab.engine.firmware;

import iommulab.engine.pci.Header;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;

import java.util.List;
import java.util.Optional;

/// Names a device by the way down to it: a starting bus, then a device and function number per bridge
/// passed. Bus numbers below the first bridge are not in the table; they are in the bridges.
/// Spec: VT-d, "Device Scope Structure".
///
/// @param kind what is named
/// @param enumeration I/O APIC or HPET number, else 0
/// @param startBus 8 bits
/// @param path from the starting bus down
public record DeviceScope(Kind kind, int enumeration, int startBus, List<Hop> path) {

    public DeviceScope {
        path = List.copyOf(path);
    }

    /// What a scope names.
    public enum Kind {
        ENDPOINT,
        /// A bridge and everything below it.
        BRIDGE,
        IO_APIC,
        HPET,
        ACPI_DEVICE,
        /// A number that the specification keeps for later.
        OTHER;

        static Kind ofCode(int code) {
            return switch (code) {
                case 1 -> ENDPOINT;
                case 2 -> BRIDGE;
                case 3 -> IO_APIC;
                case 4 -> HPET;
                case 5 -> ACPI_DEVICE;
                default -> OTHER;
            };
        }
    }

    /// @param device 5 bits
    /// @param function 3 bits
    public record Hop(int device, int function) {}

    /// The function named, if it is there and of the kind that the scope says (Linux drops an endpoint
    /// scope that leads to a bridge, and a bridge scope that leads to an endpoint).
    ///
    /// @param segment PCI segment of the structure that holds the scope
    public Optional<PciFunction> resolve(PciTopology topology, int segment) {
        if (path.isEmpty() || kind != Kind.ENDPOINT && kind != Kind.BRIDGE) {
            return Optional.empty();
        }
        var at = find(topology, segment, startBus, path.getFirst());
        for (int i = 1; i < path.size() && at.isPresent(); i++) {
            at = find(topology, segment, Header.secondaryBus(at.get().config()), path.get(i));
        }
        return at.filter(f -> Header.isBridge(f.config()) == (kind == Kind.BRIDGE));
    }

    private static Optional<PciFunction> find(PciTopology topology, int segment, int bus, Hop hop) {
        return hop.device() > 0x1f || hop.function() > 7
                ? Optional.empty()
                : topology.find(new PciAddress(segment, bus, hop.device(), hop.function()));
    }

    /// `00:02.0`, `00:1c.0/00.0`
    @Override
    public String toString() {
        var text = new StringBuilder("%02x:".formatted(startBus));
        for (int i = 0; i < path.size(); i++) {
            text.append(i == 0 ? "" : "/")
                    .append("%02x.%x".formatted(path.get(i).device(), path.get(i).function()));
        }
        return text.toString();
    }
}
