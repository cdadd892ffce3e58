package iommulab.engine.group;

import iommulab.engine.pci.Fabric;
import iommulab.engine.pci.Header;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciExpress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciFunction.Resource;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.pci.PortType;
import iommulab.engine.pci.Route;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Ways on which a function still writes to another of a different group without asking the IOMMU:
/// groups follow rules, wires follow bits. Looked for between the ports of each switch and the
/// functions of each slot; one pair stands for all below two ports.
///
/// @param paths at most [#MOST]
/// @param more whether there are further ones
public record SurvivingPaths(List<Path> paths, boolean more) {
    /// So many are told apart; nobody reads more.
    public static final int MOST = 64;

    public SurvivingPaths {
        paths = List.copyOf(paths);
    }

    /// @param from who can write
    /// @param to whose BAR is reached
    /// @param turnsAt the port or function at which the request turns around
    /// @param reason one sentence: the bit that lets it through
    public record Path(PciAddress from, PciAddress to, PciAddress turnsAt, String reason) {}

    /// Sends a request along every way in question.
    public static SurvivingPaths of(GroupFacts facts, Grouping grouping) {
        return new Search(facts, grouping).run();
    }

    private static final class Search {
        private final PciTopology topology;
        private final Grouping grouping;
        private final Fabric fabric;
        private final List<Path> found = new ArrayList<>();

        Search(GroupFacts facts, Grouping grouping) {
            this.topology = facts.topology();
            this.grouping = grouping;
            this.fabric = new Fabric(topology, new KnownChips(facts));
        }

        SurvivingPaths run() {
            for (var siblings : siblings()) {
                for (var from : siblings) {
                    for (var to : siblings) {
                        if (found.size() == MOST) {
                            return new SurvivingPaths(found, true);
                        }
                        if (!from.address().equals(to.address())) {
                            tryWay(from, to);
                        }
                    }
                }
            }
            return new SurvivingPaths(found, false);
        }

        /// The downstream ports of each switch; else the functions of each slot that has several.
        private List<List<PciFunction>> siblings() {
            Map<Object, List<PciFunction>> together = new HashMap<>();
            var order = new ArrayList<List<PciFunction>>();
            for (var function : topology.functions()) {
                boolean switchPort =
                        PciExpress.portType(function.config()) == PortType.DOWNSTREAM_PORT;
                Object place =
                        switchPort && function.parent().isPresent()
                                ? function.parent().get()
                                : slotOf(function);
                together.computeIfAbsent(
                                place,
                                _ -> {
                                    var opened = new ArrayList<PciFunction>();
                                    order.add(opened);
                                    return opened;
                                })
                        .add(function);
            }
            return order.stream().filter(list -> list.size() > 1).toList();
        }

        private static List<Integer> slotOf(PciFunction function) {
            var address = function.address();
            return List.of(address.domain(), address.bus(), address.device());
        }

        private void tryWay(PciFunction first, PciFunction second) {
            var from = endpoint(first);
            var to = target(second);
            if (from.isEmpty() || to.isEmpty() || sameGroup(from.get(), to.get().address())) {
                return;
            }
            long address = bar(to.get()).orElseThrow().start();
            if (fabric.route(from.get(), address)
                    instanceof Route.Peer(PciAddress reached, PciAddress turn, _, String reason)) {
                found.add(new Path(from.get(), reached, turn, reason));
            }
        }

        private boolean sameGroup(PciAddress first, PciAddress second) {
            return grouping.groupOf(first).equals(grouping.groupOf(second));
        }

        /// The first function at or below that issues requests of its own.
        private Optional<PciAddress> endpoint(PciFunction function) {
            if (!Header.isBridge(function.config())) {
                return Optional.of(function.address());
            }
            return topology.childrenOf(function.address()).stream()
                    .flatMap(child -> endpoint(child).stream())
                    .findFirst();
        }

        /// The first function at or below that has memory to write to.
        private Optional<PciFunction> target(PciFunction function) {
            if (!Header.isBridge(function.config())) {
                return bar(function).map(_ -> function);
            }
            return topology.childrenOf(function.address()).stream()
                    .flatMap(child -> target(child).stream())
                    .findFirst();
        }

        private static Optional<Resource> bar(PciFunction function) {
            return function.resources().stream()
                    .filter(resource -> resource.isMemory() && resource.index() <= 5)
                    .findFirst();
        }
    }
}
