package iommulab.engine.pci;

import iommulab.engine.pci.PciFunction.Resource;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The PCI tree as memory requests travel it: which requester ID a request has at the root complex,
/// and whether it gets there or turns off to a peer.
///
/// A new topology needs a new fabric. Not thread-safe: it decodes functions when they are first asked
/// for. [#tableOf] is for the hot path; the other methods decode step by step and can say why.
///
/// What the specification leaves to the chip is taken as Linux takes it when it forms groups: functions
/// of one slot reach each other unless ACS redirects; root ports of different slots, and single
/// functions on the root bus, reach each other only through the IOMMU; an ACS bit that a function does
/// not offer is one that it does not need. Whoever issues a request is taken to have bus mastering
/// enabled, and the bridges above it as well.
/// Spec: PCIe Base, "Access Control Services (ACS)"; kernel: `pci_for_each_dma_alias`.
public final class Fabric {
    private final PciTopology topology;
    private final PeerKnowledge quirks;
    private final Map<PciAddress, FabricNode> nodes = new HashMap<>();
    private final Map<PciAddress, RouteTable> tables = new HashMap<>();

    public Fabric(PciTopology topology) {
        this(topology, PeerKnowledge.NONE);
    }

    /// @param quirks chips that do not behave as their ACS registers say
    public Fabric(PciTopology topology, PeerKnowledge quirks) {
        this.topology = topology;
        this.quirks = quirks;
    }

    /// The name under which the root complex sees the requests of a function.
    ///
    /// @throws IllegalArgumentException if there is no such function
    public RequesterId requesterId(PciAddress from) {
        var function = topology.get(from);
        int requester = RequesterNames.issuedBy(function);
        for (var bridge = topology.parentOf(function);
                bridge.isPresent();
                bridge = topology.parentOf(bridge.get())) {
            requester =
                    RequesterNames.writtenBy(bridge.get(), topology.parentOf(bridge.get()))
                            .map(RequesterId::raw)
                            .orElse(requester);
        }
        return new RequesterId(requester);
    }

    /// Where an untranslated request goes.
    ///
    /// @param from the function that issues it
    /// @param address in the request: an iova, if it gets up to the IOMMU
    public Route route(PciAddress from, long address) {
        return route(from, address, AddressType.UNTRANSLATED);
    }

    /// Where a request goes.
    public Route route(PciAddress from, long address, AddressType type) {
        return new Journey(this, node(topology.get(from)), address, type).route();
    }

    /// What every function and bridge on the way does with a request, in order.
    public List<Hop> explain(PciAddress from, long address, AddressType type) {
        var journey = new Journey(this, node(topology.get(from)), address, type);
        journey.route();
        return journey.hops();
    }

    /// The way of every untranslated request of a function, ready for the hot path. Made at the first
    /// call.
    public RouteTable tableOf(PciAddress from) {
        return tables.computeIfAbsent(from, _ -> RouteTable.of(this, topology.get(from)));
    }

    /// A memory BAR of a function where it lies now; empty if it has none of that number.
    ///
    /// @param index 0 to 5
    public Optional<Resource> bar(PciAddress function, int index) {
        return MemoryDecode.bar(topology.get(function), index);
    }

    FabricNode node(PciFunction function) {
        return nodes.computeIfAbsent(function.address(), _ -> FabricNode.of(function, quirks));
    }

    Optional<FabricNode> above(FabricNode node) {
        return topology.parentOf(node.function()).map(this::node);
    }

    List<FabricNode> below(FabricNode bridge) {
        return topology.childrenOf(bridge.address()).stream().map(this::node).toList();
    }

    /// The functions on the same bus, itself included.
    List<FabricNode> onSameBus(FabricNode node) {
        var above = topology.parentOf(node.function());
        var siblings =
                above.isPresent()
                        ? topology.childrenOf(above.get().address())
                        : topology.onRootBuses();
        return siblings.stream()
                .filter(s ->
                        s.address().domain() == node.address().domain()
                                && s.address().bus() == node.address().bus())
                .map(this::node)
                .toList();
    }

    /// Every range that some function or bridge at or below `node` decodes.
    void collectRanges(FabricNode node, List<Resource> into) {
        into.addAll(node.decode().bars());
        into.addAll(node.decode().windows());
        for (var child : below(node)) {
            collectRanges(child, into);
        }
    }
}
