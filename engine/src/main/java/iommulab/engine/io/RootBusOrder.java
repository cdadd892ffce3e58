package iommulab.engine.io;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The order in which the firmware lists the root buses, as far as an archive tells: by the numbers
/// that ACPI gave the host bridges (`PNP0A08:01`), else by address in `/proc/iomem`, else by number.
/// Group numbers would tell it too; they are not used, because groups are to be computed without them.
final class RootBusOrder {
    private static final Pattern HOST_BRIDGE =
            Pattern.compile("/(PNP0A0[38]|ACPI0016):([0-9a-f]{2,8})(?=/)");

    private RootBusOrder() {}

    /// @param paths where each function lies
    /// @param functions the same functions; a bus of one without parent is a root bus
    /// @return such as `0000:00`; buses that a function brings (Intel VMD) come last
    static List<String> of(
            Map<PciAddress, SysfsPath> paths,
            List<PciFunction> functions,
            ArchiveTree tree,
            IomemMap iomem) {
        var buses = new TreeSet<String>();
        for (var function : functions) {
            if (function.parent().isEmpty() && !function.isVirtualFunction()) {
                buses.add(DiscoveryOrder.busName(function.address()));
            }
        }
        var inner = new TreeSet<String>();
        var hostBridges = new HashMap<String, String>();
        for (var place : paths.values()) {
            if (place.inner()) {
                inner.add(place.rootBus());
            } else {
                hostBridge(tree, place).ifPresent(name -> hostBridges.put(place.rootBus(), name));
            }
        }
        var listed = fromHostBridges(buses, inner, hostBridges).orElse(fromIomem(iomem));
        return buses.stream()
                .sorted(
                        Comparator.<String, Boolean>comparing(inner::contains)
                                .thenComparing(bus -> position(listed, bus)))
                .toList();
    }

    private static int position(List<String> listed, String bus) {
        int at = listed.indexOf(bus);
        return at < 0 ? Integer.MAX_VALUE : at;
    }

    private static Optional<String> hostBridge(ArchiveTree tree, SysfsPath place) {
        return tree.linkTarget(place.path() + "/firmware_node")
                .map(HOST_BRIDGE::matcher)
                .filter(matcher -> matcher.find())
                .map(matcher -> matcher.group(1) + matcher.group(2));
    }

    /// Usable only if every bus has one and all are of one kind, since each kind is counted apart.
    private static Optional<List<String>> fromHostBridges(
            TreeSet<String> buses, TreeSet<String> inner, Map<String, String> hostBridges) {
        var kinds = new TreeSet<String>();
        hostBridges.values().forEach(name -> kinds.add(name.substring(0, 7)));
        boolean all = buses.stream().allMatch(b -> inner.contains(b) || hostBridges.containsKey(b));
        return kinds.size() == 1 && all
                ? Optional.of(
                        hostBridges.entrySet().stream()
                                .sorted(Map.Entry.comparingByValue())
                                .map(Map.Entry::getKey)
                                .toList())
                : Optional.empty();
    }

    private static List<String> fromIomem(IomemMap iomem) {
        return iomem.lines().stream()
                .filter(line -> line.name().startsWith("PCI Bus "))
                .map(line -> line.name().substring("PCI Bus ".length()))
                .distinct()
                .toList();
    }
}
