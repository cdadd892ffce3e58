package iommulab.engine.pci;

import iommulab.engine.ImmutableValue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// All functions of a machine and the bridges between them, in the order in which Linux discovers
/// them: every function of a bus by number, then, bridge by bridge, everything below.
@ImmutableValue
public final class PciTopology {
    public static final PciTopology EMPTY = new PciTopology(List.of());

    private final SequencedMap<PciAddress, PciFunction> functions = new LinkedHashMap<>();
    private final Map<PciAddress, List<PciFunction>> below = new HashMap<>();
    private final List<PciFunction> onRootBuses = new ArrayList<>();

    /// @param functions in discovery order
    /// @throws IllegalArgumentException if two share an address, a parent is missing, or bridges form
    ///     a cycle
    public PciTopology(List<PciFunction> functions) {
        for (var function : functions) {
            if (this.functions.put(function.address(), function) != null) {
                throw new IllegalArgumentException("two functions at " + function.address());
            }
        }
        for (var function : functions) {
            var parent = function.parent();
            if (parent.isEmpty()) {
                onRootBuses.add(function);
            } else {
                requireRooted(function);
                below.computeIfAbsent(parent.get(), _ -> new ArrayList<>()).add(function);
            }
        }
    }

    private void requireRooted(PciFunction function) {
        var at = function;
        for (int bridges = 0; at.parent().isPresent(); bridges++) {
            var parent = functions.get(at.parent().get());
            if (parent == null) {
                throw new IllegalArgumentException(
                        "%s is below %s, which does not exist"
                                .formatted(at.address(), at.parent().get()));
            }
            if (bridges > 256) {
                throw new IllegalArgumentException(
                        "the bridges above %s form a cycle".formatted(function.address()));
            }
            at = parent;
        }
    }

    /// All functions in discovery order.
    public List<PciFunction> functions() {
        return List.copyOf(functions.values());
    }

    public int size() {
        return functions.size();
    }

    public Optional<PciFunction> find(PciAddress address) {
        return Optional.ofNullable(functions.get(address));
    }

    /// @throws IllegalArgumentException if there is no such function
    public PciFunction get(PciAddress address) {
        return find(address)
                .orElseThrow(() -> new IllegalArgumentException("no function at " + address));
    }

    /// The bridge directly above, empty on a root bus.
    public Optional<PciFunction> parentOf(PciFunction function) {
        return function.parent().map(functions::get);
    }

    /// The functions directly below a bridge, in discovery order.
    public List<PciFunction> childrenOf(PciAddress bridge) {
        return List.copyOf(below.getOrDefault(bridge, List.of()));
    }

    /// The functions on root buses, in discovery order.
    public List<PciFunction> onRootBuses() {
        return List.copyOf(onRootBuses);
    }

    /// The same machine with one function replaced (same address).
    public PciTopology with(PciFunction changed) {
        get(changed.address());
        return new PciTopology(
                functions().stream()
                        .map(f -> f.address().equals(changed.address()) ? changed : f)
                        .toList());
    }

    /// The same machine without a function and everything below it; a physical function takes its
    /// virtual functions along.
    public PciTopology without(PciAddress address) {
        get(address);
        return new PciTopology(functions().stream().filter(f -> !goesWith(f, address)).toList());
    }

    private boolean goesWith(PciFunction function, PciAddress removed) {
        if (function.address().equals(removed)) {
            return true;
        }
        return function.physicalFunction().map(removed::equals).orElse(false)
                || parentOf(function).map(parent -> goesWith(parent, removed)).orElse(false);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PciTopology topology && functions().equals(topology.functions());
    }

    @Override
    public int hashCode() {
        return functions.hashCode();
    }

    @Override
    public String toString() {
        return functions.size() + " functions";
    }
}
