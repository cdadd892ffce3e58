package iommulab.engine.io;

import iommulab.engine.pci.PciAddress;

import java.util.ArrayDeque;
import java.util.Optional;

/// Where a function lies in `/sys/devices`: its path is its topology.
///
/// @param path below the top of the archive, such as `sys/devices/pci0000:00/0000:00:02.0`
/// @param rootBus such as `0000:00`
/// @param parent the bridge above, empty on a root bus
/// @param inner whether the root bus itself belongs to a function (Intel VMD)
record SysfsPath(String path, String rootBus, Optional<PciAddress> parent, boolean inner) {
    private static final String BASE = "sys/bus/pci/devices/";

    /// Reads the target of a link in `sys/bus/pci/devices`.
    ///
    /// @param name of the link, a PCI address
    /// @return empty if it leads to no PCI function of that name
    static Optional<SysfsPath> of(String name, String target) {
        String path = resolve(BASE, target);
        var components = path.split("/");
        int root = components.length - 1;
        while (root >= 0 && !isRootBus(components[root])) {
            root--;
        }
        int last = components.length - 1;
        if (root < 0 || last == root || !components[last].equals(name)) {
            return Optional.empty();
        }
        var parent =
                last - 1 == root ? Optional.<PciAddress>empty() : address(components[last - 1]);
        if (last - 1 != root && parent.isEmpty()) {
            return Optional.empty();
        }
        boolean inner = root > 0 && address(components[root - 1]).isPresent();
        return Optional.of(
                new SysfsPath(path, components[root].substring("pci".length()), parent, inner));
    }

    /// A PCI address, if the text is one.
    static Optional<PciAddress> address(String text) {
        // Looked at first, because an exception for each of a million components is not cheap.
        if (text.length() < 12 || text.charAt(text.length() - 2) != '.') {
            return Optional.empty();
        }
        try {
            return Optional.of(PciAddress.parse(text));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    private static boolean isRootBus(String component) {
        return component.startsWith("pci")
                && component.length() >= 10
                && component.charAt(component.length() - 3) == ':';
    }

    /// What a relative link means, as text; dots that climb too far end at the top.
    ///
    /// @param folder where the link lies, with a slash at the end
    static String resolve(String folder, String target) {
        var components = new ArrayDeque<String>();
        String from = target.startsWith("/") ? target : folder + target;
        for (String component : from.split("/")) {
            switch (component) {
                case "", "." -> {}
                case ".." -> components.pollLast();
                default -> components.addLast(component);
            }
        }
        return String.join("/", components);
    }
}
