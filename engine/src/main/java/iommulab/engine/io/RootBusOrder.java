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

/// The order in which the firmware lists the root buses, as far as an archive tells: first those whose
/// host bridge has a number from ACPI (`PNP0A08:01`), by it; the others by address in `/proc/iomem`; what
/// is left by bus number. Group numbers would tell it too; they are not used, because groups are to be
/// computed without them.
final class RootBusOrder {
    private static final Pattern HOST_BRIDGE =
            Pattern.compile("/(PNP0A0[38]|ACPI0016):([0-9a-f]{2,7})(?=/)");

    private RootBusOrder() {}

    /// A host bridge in ACPI's name space; each kind is counted apart.
    private record HostBridge(String kind, int number) implements Comparable<HostBridge> {
        private static final HostBridge NONE = new HostBridge("", 0);

        /// PCI Express (`PNP0A08`) before PCI (`PNP0A03`, on servers the chip's own buses), none last.
        private static final Comparator<HostBridge> ORDER =
                Comparator.comparing(HostBridge::kind).reversed().thenComparing(HostBridge::number);

        @Override
        public int compareTo(HostBridge other) {
            return ORDER.compare(this, other);
        }
    }

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
        var hostBridges = new HashMap<String, HostBridge>();
        for (var place : paths.values()) {
            if (place.inner()) {
                inner.add(place.rootBus());
            } else {
                hostBridge(tree, place).ifPresent(hb -> hostBridges.put(place.rootBus(), hb));
            }
        }
        var byAddress = fromIomem(iomem);
        return buses.stream()
                .sorted(
                        Comparator.<String, Boolean>comparing(inner::contains)
                                .thenComparing(b -> hostBridges.getOrDefault(b, HostBridge.NONE))
                                .thenComparing(b -> position(byAddress, b)))
                .toList();
    }

    private static int position(List<String> listed, String bus) {
        int at = listed.indexOf(bus);
        return at < 0 ? Integer.MAX_VALUE : at;
    }

    private static Optional<HostBridge> hostBridge(ArchiveTree tree, SysfsPath place) {
        return tree.linkTarget(place.path() + "/firmware_node")
                .map(HOST_BRIDGE::matcher)
                .filter(matcher -> matcher.find())
                .map(matcher ->
                        new HostBridge(matcher.group(1), Integer.parseInt(matcher.group(2), 16)));
    }

    private static List<String> fromIomem(IomemMap iomem) {
        return iomem.lines().stream()
                .filter(line -> line.name().startsWith("PCI Bus "))
                .map(line -> line.name().substring("PCI Bus ".length()))
                .distinct()
                .toList();
    }
}
