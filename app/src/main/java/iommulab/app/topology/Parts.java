package iommulab.app.topology;

import iommulab.app.topology.Part.Kind;
import iommulab.engine.pci.Header;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciExpress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.pci.PortType;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Cuts a topology into parts: one for each device, bridge and stack of equal siblings.
final class Parts {
    /// So many equal siblings become one stack.
    static final int STACKED = 4;

    private final PciTopology topology;
    private final Set<PciAddress> expanded;
    private final Map<PciAddress, List<PciFunction>> virtualFunctions = new HashMap<>();

    private Parts(PciTopology topology, Set<PciAddress> expanded) {
        this.topology = topology;
        this.expanded = expanded;
        for (var function : topology.functions()) {
            function.physicalFunction()
                    .ifPresent(pf ->
                            virtualFunctions
                                    .computeIfAbsent(pf, _ -> new ArrayList<>())
                                    .add(function));
        }
    }

    /// The root buses with all that hangs below them.
    ///
    /// @param expanded first functions of the stacks that are to be shown one by one
    static List<Plan.Complex> complexes(PciTopology topology, Set<PciAddress> expanded) {
        var parts = new Parts(topology, expanded);
        return byRootBus(topology).values().stream()
                .map(functions -> {
                    var first = functions.getFirst().address();
                    return new Plan.Complex(first.domain(), first.bus(), parts.siblings(functions));
                })
                .toList();
    }

    /// For each function the index of the root bus that it hangs below.
    static Map<PciAddress, Integer> rootBuses(PciTopology topology) {
        var index = new HashMap<PciAddress, Integer>();
        int bus = 0;
        for (var functions : byRootBus(topology).values()) {
            for (var function : functions) {
                index.put(function.address(), bus);
            }
            bus++;
        }
        for (var function : topology.functions()) {
            function.parent().map(index::get).ifPresent(b -> index.put(function.address(), b));
        }
        return index;
    }

    private static Map<Long, List<PciFunction>> byRootBus(PciTopology topology) {
        var buses = new LinkedHashMap<Long, List<PciFunction>>();
        for (var function : topology.onRootBuses()) {
            var at = function.address();
            buses.computeIfAbsent((long) at.domain() << 8 | at.bus(), _ -> new ArrayList<>())
                    .add(function);
        }
        return buses;
    }

    private List<Part> siblings(List<PciFunction> functions) {
        var slots = new LinkedHashMap<Integer, List<PciFunction>>();
        for (var function : functions) {
            if (!hangsAtItsPhysicalFunction(function)) {
                int slot = function.address().bus() << 5 | function.address().device();
                slots.computeIfAbsent(slot, _ -> new ArrayList<>()).add(function);
            }
        }
        var parts = new ArrayList<Part>();
        slots.values().forEach(slot -> parts.addAll(slot(slot)));
        return stackEqualOnes(parts);
    }

    private boolean hangsAtItsPhysicalFunction(PciFunction function) {
        return function.physicalFunction().flatMap(topology::find).isPresent();
    }

    /// One device: a box of its own for each bridge in it, and one for the rest.
    private List<Part> slot(List<PciFunction> functions) {
        var parts = new ArrayList<Part>();
        var rest = new ArrayList<PciFunction>();
        for (var function : functions) {
            if (Header.isBridge(function.config())
                    || !topology.childrenOf(function.address()).isEmpty()) {
                parts.add(bridge(function));
            } else {
                rest.add(function);
            }
        }
        if (!rest.isEmpty()) {
            boolean equal =
                    rest.size() >= STACKED
                            && rest.stream().map(Parts::likeness).distinct().count() == 1
                            && !expanded.contains(rest.getFirst().address());
            var kind = equal ? Kind.STACK : Kind.DEVICE;
            parts.add(0, new Part(kind, rest, virtualFunctionsOf(rest)));
        }
        return parts;
    }

    private Part bridge(PciFunction function) {
        var children = siblings(topology.childrenOf(function.address()));
        var kind = bridgeKind(function);
        if (children.isEmpty() && kind != Kind.SWITCH) {
            children = List.of(new Part(Kind.EMPTY_SLOT, List.of(), List.of()));
        }
        return new Part(kind, List.of(function), children);
    }

    private static Kind bridgeKind(PciFunction function) {
        return switch (PciExpress.portType(function.config())) {
            case UPSTREAM_PORT -> Kind.SWITCH;
            case PCIE_TO_PCI_BRIDGE, CONVENTIONAL -> Kind.CONVENTIONAL_BRIDGE;
            case ENDPOINT,
                    LEGACY_ENDPOINT,
                    ROOT_PORT,
                    DOWNSTREAM_PORT,
                    PCI_TO_PCIE_BRIDGE,
                    ROOT_COMPLEX_ENDPOINT,
                    EVENT_COLLECTOR,
                    RESERVED,
                    UNKNOWN ->
                    Kind.PORT;
        };
    }

    private List<Part> virtualFunctionsOf(List<PciFunction> device) {
        var parts = new ArrayList<Part>();
        for (var physical : device) {
            var all = virtualFunctions.getOrDefault(physical.address(), List.of());
            if (all.size() > 1 && !expanded.contains(all.getFirst().address())) {
                parts.add(new Part(Kind.STACK, all, List.of()));
            } else {
                all.forEach(vf -> parts.add(new Part(Kind.DEVICE, List.of(vf), List.of())));
            }
        }
        return parts;
    }

    /// Runs of at least [#STACKED] equal siblings become one part, and what hangs below them likewise.
    private List<Part> stackEqualOnes(List<Part> parts) {
        var result = new ArrayList<Part>();
        for (int i = 0; i < parts.size(); ) {
            int end = i + 1;
            while (end < parts.size() && alike(parts.get(i), parts.get(end))) {
                end++;
            }
            var run = parts.subList(i, end);
            boolean stacked =
                    run.size() >= STACKED
                            && !expanded.contains(run.getFirst().functions().getFirst().address());
            result.addAll(stacked ? List.of(stack(run)) : run);
            i = end;
        }
        return result;
    }

    private static boolean alike(Part a, Part b) {
        if (a.kind() != b.kind()
                || a.functions().size() > 1
                || b.functions().size() > 1
                || a.below().size() != b.below().size()) {
            return false;
        }
        for (int i = 0; i < a.functions().size(); i++) {
            if (!likeness(a.functions().get(i)).equals(likeness(b.functions().get(i)))) {
                return false;
            }
        }
        for (int i = 0; i < a.below().size(); i++) {
            if (!alike(a.below().get(i), b.below().get(i))) {
                return false;
            }
        }
        return true;
    }

    private static Part stack(List<Part> run) {
        var first = run.getFirst();
        var functions = run.stream().flatMap(p -> p.functions().stream()).toList();
        var below = new ArrayList<Part>();
        for (int i = 0; i < first.below().size(); i++) {
            int at = i;
            below.add(stack(run.stream().map(p -> p.below().get(at)).toList()));
        }
        var kind = first.kind() == Kind.DEVICE ? Kind.STACK : first.kind();
        return new Part(kind, functions, below);
    }

    /// What makes two functions look the same.
    private static List<Object> likeness(PciFunction function) {
        return List.of(
                function.ids(),
                function.driver(),
                PciExpress.portType(function.config()) == PortType.UNKNOWN);
    }
}
