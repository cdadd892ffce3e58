package iommulab.engine.group;

import iommulab.engine.pci.Header;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciExpress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.pci.PortType;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Whether two functions would be separated by putting the card of one of them below another, empty
/// root port.
///
/// @param emptyPorts where it could go
record SlotRemedies(GroupFacts facts, List<PciFunction> emptyPorts) {
    private static final int MOST_PORTS = 8;

    List<String> of(PciAddress first, PciAddress second) {
        var remedies = new ArrayList<String>();
        for (var function : List.of(first, second)) {
            var other = function.equals(first) ? second : first;
            for (var port : emptyPorts) {
                if (works(function, other, port)) {
                    remedies.add(
                            "Put the card of %s under root port %s, which is empty."
                                    .formatted(
                                            FunctionTable.name(function),
                                            FunctionTable.name(port.address())));
                    break;
                }
            }
        }
        return remedies;
    }

    /// The root ports below which nothing is, a few of them.
    static List<PciFunction> emptyPorts(PciTopology topology) {
        return topology.onRootBuses().stream()
                .filter(f -> PciExpress.portType(f.config()) == PortType.ROOT_PORT)
                .filter(f -> Header.secondaryBus(f.config()) != 0)
                .filter(f -> topology.childrenOf(f.address()).isEmpty())
                .limit(MOST_PORTS)
                .toList();
    }

    private boolean works(PciAddress function, PciAddress other, PciFunction port) {
        var moved = moved(function, port);
        return moved.isPresent()
                && moved.get().places().containsKey(function)
                && !moved.get().places().containsKey(other)
                && Remedies.apart(
                        facts.with(moved.get().topology()),
                        moved.get().places().get(function),
                        other);
    }

    /// A machine with one card moved.
    ///
    /// @param places old address to new
    private record Moved(PciTopology topology, Map<PciAddress, PciAddress> places) {}

    /// Moves all functions of a slot that is a card's: no bridge among them, below a port.
    private Optional<Moved> moved(PciAddress function, PciFunction port) {
        var topology = facts.topology();
        var parent = topology.get(function).parent();
        if (parent.isEmpty()) {
            return Optional.empty();
        }
        Map<PciAddress, PciAddress> places = new HashMap<>();
        for (var mate : topology.childrenOf(parent.get())) {
            if (Header.isBridge(mate.config()) || mate.isVirtualFunction()) {
                return Optional.empty();
            }
            places.put(
                    mate.address(),
                    PciAddress.of(
                            port.address().domain(),
                            Header.secondaryBus(port.config()),
                            mate.address().devfn()));
        }
        return Optional.of(
                new Moved(
                        new PciTopology(
                                topology.functions().stream()
                                        .map(f -> place(f, places, port.address()))
                                        .toList()),
                        places));
    }

    private static PciFunction place(
            PciFunction function, Map<PciAddress, PciAddress> places, PciAddress port) {
        var place = places.get(function.address());
        return place == null
                ? function
                : new PciFunction(
                        place,
                        Optional.of(port),
                        function.config(),
                        function.ids(),
                        function.physicalFunction(),
                        function.resources(),
                        function.driver(),
                        function.numaNode());
    }
}
