package iommulab.engine.io;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The order in which Linux meets the functions of a machine: root buses as the firmware lists them;
/// on each every function by number, then, bridge by bridge, everything below. Virtual functions come
/// when they are enabled, after everything of the boot.
/// Source: `pci_scan_child_bus_extend` in `drivers/pci/probe.c`.
final class DiscoveryOrder {
    private static final String REMEDY = "Make the file anew on the machine.";

    private final Map<PciAddress, List<PciFunction>> below = new HashMap<>();
    private final Map<String, List<PciFunction>> onRootBus = new HashMap<>();
    private final List<PciFunction> virtual = new ArrayList<>();
    private final List<PciFunction> ordered = new ArrayList<>();

    private DiscoveryOrder() {}

    /// @param functions in any order, every parent among them
    /// @param rootBuses all of them, in the order of discovery, such as `0000:00`
    /// @throws FileRefused if the bridges form a cycle or a function is there twice
    static PciTopology arrange(List<PciFunction> functions, List<String> rootBuses)
            throws FileRefused {
        var order = new DiscoveryOrder();
        functions.stream().sorted(Comparator.comparing(PciFunction::address)).forEach(order::file);
        for (String bus : rootBuses) {
            order.discover(order.onRootBus.getOrDefault(bus, List.of()));
        }
        order.discoverVirtual();
        if (order.ordered.size() != functions.size()) {
            throw new FileRefused("the bridges", "form a cycle", REMEDY);
        }
        try {
            return new PciTopology(order.ordered);
        } catch (IllegalArgumentException impossible) {
            throw new FileRefused(
                    "the functions", String.valueOf(impossible.getMessage()), REMEDY, impossible);
        }
    }

    /// `0000:00`, as the kernel names a root bus.
    static String busName(PciAddress address) {
        return "%04x:%02x".formatted(address.domain(), address.bus());
    }

    private void file(PciFunction function) {
        if (function.isVirtualFunction()) {
            virtual.add(function);
        } else if (function.parent().isPresent()) {
            below.computeIfAbsent(function.parent().get(), _ -> new ArrayList<>()).add(function);
        } else {
            onRootBus
                    .computeIfAbsent(busName(function.address()), _ -> new ArrayList<>())
                    .add(function);
        }
    }

    private void discover(List<PciFunction> bus) {
        var buses = new ArrayDeque<List<PciFunction>>();
        buses.push(bus);
        while (!buses.isEmpty()) {
            var here = buses.pop();
            ordered.addAll(here);
            for (var bridge : here.reversed()) {
                var children = below.get(bridge.address());
                if (children != null) {
                    buses.push(children);
                }
            }
        }
    }

    private void discoverVirtual() {
        var position = new HashMap<PciAddress, Integer>();
        for (var function : ordered) {
            position.put(function.address(), position.size());
        }
        virtual.stream()
                .sorted(
                        Comparator.comparing(function ->
                                function.physicalFunction()
                                        .map(position::get)
                                        .orElse(Integer.MAX_VALUE)))
                .forEach(ordered::add);
    }
}
