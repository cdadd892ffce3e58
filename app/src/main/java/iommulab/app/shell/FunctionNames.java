package iommulab.app.shell;

import iommulab.engine.pci.DeviceNames;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciExpress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciFunction.PciIds;
import iommulab.engine.pci.PortType;

import java.io.InputStream;
import java.util.Objects;

/// What a PCI function is called where room is short.
public final class FunctionNames {
    private static final DeviceNames NAMES =
            DeviceNames.reading(() ->
                    Objects.requireNonNullElseGet(
                            FunctionNames.class.getResourceAsStream("/names/pci.ids.gz"),
                            InputStream::nullInputStream));

    private FunctionNames() {}

    /// What the function is in the tree, such as `Root port`, `Upstream port`, `NVMe controller`.
    public static String role(PciFunction function) {
        return switch (PciExpress.portType(function.config())) {
            case ROOT_PORT -> "Root port";
            case UPSTREAM_PORT -> "Upstream port";
            case DOWNSTREAM_PORT -> "Downstream port";
            case PCIE_TO_PCI_BRIDGE -> "PCIe to PCI bridge";
            case PCI_TO_PCIE_BRIDGE -> "PCI to PCIe bridge";
            case EVENT_COLLECTOR -> "Event collector";
            case ENDPOINT,
                    LEGACY_ENDPOINT,
                    ROOT_COMPLEX_ENDPOINT,
                    RESERVED,
                    CONVENTIONAL,
                    UNKNOWN ->
                    className(function.ids());
        };
    }

    /// Whether the function is a PCI Express port or bridge.
    public static boolean isPort(PciFunction function) {
        var type = PciExpress.portType(function.config());
        return type == PortType.ROOT_PORT
                || type == PortType.UPSTREAM_PORT
                || type == PortType.DOWNSTREAM_PORT
                || type == PortType.PCIE_TO_PCI_BRIDGE
                || type == PortType.PCI_TO_PCIE_BRIDGE;
    }

    /// Whether a bridge leads from PCI Express to conventional PCI.
    public static boolean leadsToConventionalBus(PciFunction function) {
        return PciExpress.portType(function.config()) == PortType.PCIE_TO_PCI_BRIDGE;
    }

    /// Every name there is, for whoever needs the vendor or the subsystem too.
    public static DeviceNames names() {
        return NAMES;
    }

    /// The name of the device where room is short, such as `82574L Gigabit Network Connection`; its class
    /// and numbers if it has none.
    public static String name(PciFunction function) {
        var ids = function.ids();
        var numbers = ids(ids);
        var device = NAMES.device(ids.vendor(), ids.device());
        return device.equals(numbers) ? className(ids) + " " + numbers : device;
    }

    /// The name with vendor and numbers.
    public static String fullName(PciFunction function) {
        return NAMES.describe(function.ids());
    }

    /// `[8086:10d3]`
    public static String ids(PciIds ids) {
        return "[%04x:%04x]".formatted(ids.vendor(), ids.device());
    }

    private static String className(PciIds ids) {
        return NAMES.classOf(ids.classCode());
    }

    /// The address as short as the machine allows: without the segment where there is only one.
    public static String address(PciAddress address) {
        return address.domain() == 0 ? address.withoutDomain() : address.toString();
    }
}
