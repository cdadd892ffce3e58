package iommulab.engine.io;

import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/// The PCI functions of a sysfs archive.
final class SysfsFunctions {
    private static final String DEVICES = "sys/bus/pci/devices/";

    /// Linux's `IORESOURCE_UNSET`: the function asked, and has no address.
    private static final long UNSET = 0x2000_0000;

    private final ArchiveTree tree;
    private final List<String> remarks;
    private final Map<PciAddress, SysfsPath> paths = new TreeMap<>();
    private final List<PciFunction> functions = new ArrayList<>();

    private SysfsFunctions(ArchiveTree tree, List<String> remarks) {
        this.tree = tree;
        this.remarks = remarks;
    }

    /// @throws FileRefused if there is none
    static SysfsFunctions of(ArchiveTree tree, List<String> remarks) throws FileRefused {
        var all = new SysfsFunctions(tree, remarks);
        tree.linksUnder(DEVICES).forEach((link, target) -> all.locate(link, target));
        if (all.paths.isEmpty()) {
            throw new FileRefused(
                    "the archive",
                    "has no PCI functions under sys/bus/pci/devices",
                    "Make it with the capture command on the machine itself.");
        }
        all.paths.forEach(all::build);
        return all;
    }

    /// In no particular order.
    List<PciFunction> functions() {
        return List.copyOf(functions);
    }

    /// All root buses, such as `0000:00`, in the order in which the firmware lists them as far as the
    /// archive tells.
    List<String> rootBuses(IomemMap iomem) {
        return RootBusOrder.of(paths, functions, tree, iomem);
    }

    private void locate(String link, String target) {
        String name = link.substring(DEVICES.length());
        var address = SysfsPath.address(name);
        var path = SysfsPath.of(name, target);
        if (address.isPresent() && path.isPresent()) {
            paths.put(address.get(), path.get());
        } else {
            remarks.add(
                    "ignored %s: it leads to %s, which is no place of a PCI function"
                            .formatted(link, target));
        }
    }

    private void build(PciAddress address, SysfsPath place) {
        String path = place.path();
        functions.add(
                new PciFunction(
                        address,
                        knownParent(address, place),
                        config(address, path),
                        ids(path),
                        tree.linkName(path + "/physfn").flatMap(SysfsPath::address),
                        resources(address, path),
                        tree.linkName(path + "/driver"),
                        numaNode(path)));
    }

    private Optional<PciAddress> knownParent(PciAddress address, SysfsPath place) {
        var parent = place.parent();
        if (parent.isPresent() && !paths.containsKey(parent.get())) {
            remarks.add(
                    "the bridge %s above %s is not in the archive; %s stands on a root bus of its own"
                            .formatted(parent.get(), address, address));
            return Optional.empty();
        }
        return parent;
    }

    private ConfigSpace config(PciAddress address, String path) {
        var bytes = tree.file(path + "/config").orElse(new byte[0]);
        if (bytes.length > 0 && bytes.length <= 4096) {
            return ConfigSpace.of(bytes);
        }
        remarks.add("the configuration bytes of %s are unknown".formatted(address));
        int vendor = number(path, "vendor");
        int device = number(path, "device");
        return ConfigSpace.of(
                new byte[] {
                    (byte) vendor, (byte) (vendor >>> 8), (byte) device, (byte) (device >>> 8)
                });
    }

    private PciFunction.PciIds ids(String path) {
        return new PciFunction.PciIds(
                number(path, "vendor") & 0xffff,
                number(path, "device") & 0xffff,
                number(path, "subsystem_vendor") & 0xffff,
                number(path, "subsystem_device") & 0xffff,
                number(path, "class") & 0xffffff,
                number(path, "revision") & 0xff);
    }

    /// A number as sysfs writes it (`0x8086`), 0 if it is missing.
    private int number(String path, String attribute) {
        var text = tree.line(path + "/" + attribute).filter(t -> t.length() <= 10).orElse("0x0");
        try {
            return (int) hex(text);
        } catch (NumberFormatException | IndexOutOfBoundsException _) {
            remarks.add("ignored %s/%s: '%s' is no number".formatted(path, attribute, text));
            return 0;
        }
    }

    private OptionalInt numaNode(String path) {
        return tree.line(path + "/numa_node")
                .filter(text -> text.matches("[0-9]{1,4}"))
                .map(text -> OptionalInt.of(Integer.parseInt(text)))
                .orElse(OptionalInt.empty());
    }

    /// Lines `start end flags`, one for each BAR, the ROM and the bridge windows.
    private List<PciFunction.Resource> resources(PciAddress address, String path) {
        var resources = new ArrayList<PciFunction.Resource>();
        var text = tree.file(path + "/resource").orElse(new byte[0]);
        int index = 0;
        for (String line : new String(text, StandardCharsets.US_ASCII).split("\n")) {
            try {
                var resource = resource(index, line.split(" "));
                if (resource.end() != 0 && (resource.flags() & UNSET) == 0) {
                    resources.add(resource);
                }
            } catch (IllegalArgumentException | IndexOutOfBoundsException _) {
                if (!line.isBlank()) {
                    remarks.add(
                            "ignored a resource of %s: '%s' is not start end flags"
                                    .formatted(address, line));
                }
            }
            index++;
        }
        return resources;
    }

    private static PciFunction.Resource resource(int index, String[] words) {
        var resource = new PciFunction.Resource(index, hex(words[0]), hex(words[1]), hex(words[2]));
        if (resource.start() < 0 || resource.end() < resource.start()) {
            throw new IllegalArgumentException(resource + " is no range");
        }
        return resource;
    }

    private static long hex(String text) {
        return Long.parseUnsignedLong(text, 2, text.length(), 16);
    }
}
