package iommulab.app.shell;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciExpress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciFunction.PciIds;
import iommulab.engine.pci.PortType;

import java.util.Map;

/// What a PCI function is called where room is short.
public final class FunctionNames {
    /// Base class and subclass to a name. Spec: PCI Code and ID Assignment, "Class Codes".
    private static final Map<Integer, String> CLASSES =
            Map.ofEntries(
                    Map.entry(0x0000, "Function"),
                    Map.entry(0x0001, "VGA device"),
                    Map.entry(0x0100, "SCSI controller"),
                    Map.entry(0x0101, "IDE controller"),
                    Map.entry(0x0104, "RAID controller"),
                    Map.entry(0x0106, "SATA controller"),
                    Map.entry(0x0107, "SAS controller"),
                    Map.entry(0x0108, "NVMe controller"),
                    Map.entry(0x0200, "Ethernet controller"),
                    Map.entry(0x0207, "InfiniBand controller"),
                    Map.entry(0x0280, "Network controller"),
                    Map.entry(0x0300, "VGA controller"),
                    Map.entry(0x0302, "3D controller"),
                    Map.entry(0x0380, "Display controller"),
                    Map.entry(0x0400, "Video device"),
                    Map.entry(0x0401, "Audio device"),
                    Map.entry(0x0403, "HD Audio"),
                    Map.entry(0x0500, "RAM controller"),
                    Map.entry(0x0580, "Memory controller"),
                    Map.entry(0x0600, "Host bridge"),
                    Map.entry(0x0601, "ISA bridge"),
                    Map.entry(0x0604, "PCI bridge"),
                    Map.entry(0x0607, "CardBus bridge"),
                    Map.entry(0x0609, "PCI bridge"),
                    Map.entry(0x0700, "Serial controller"),
                    Map.entry(0x0780, "Communication controller"),
                    Map.entry(0x0800, "Interrupt controller"),
                    Map.entry(0x0801, "DMA controller"),
                    Map.entry(0x0806, "IOMMU"),
                    Map.entry(0x0807, "Event collector"),
                    Map.entry(0x0880, "System peripheral"),
                    Map.entry(0x0c00, "FireWire controller"),
                    Map.entry(0x0c03, "USB controller"),
                    Map.entry(0x0c05, "SMBus"),
                    Map.entry(0x0c80, "Serial bus controller"),
                    Map.entry(0x0d80, "Wireless controller"),
                    Map.entry(0x1000, "Encryption controller"),
                    Map.entry(0x1080, "Encryption controller"),
                    Map.entry(0x1180, "Signal processing"),
                    Map.entry(0x1200, "Accelerator"));

    private FunctionNames() {}

    /// What the function is in the tree, such as `Root port`, `Switch, upstream`, `NVMe controller`.
    public static String role(PciFunction function) {
        return switch (PciExpress.portType(function.config())) {
            case ROOT_PORT -> "Root port";
            case UPSTREAM_PORT -> "Switch, upstream";
            case DOWNSTREAM_PORT -> "Switch, downstream";
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

    /// The name of the device, such as `[8086:10d3] Ethernet controller`.
    public static String name(PciFunction function) {
        return className(function.ids()) + " " + ids(function.ids());
    }

    /// `[8086:10d3]`
    public static String ids(PciIds ids) {
        return "[%04x:%04x]".formatted(ids.vendor(), ids.device());
    }

    private static String className(PciIds ids) {
        var known = CLASSES.get(ids.classCode() >>> 8);
        return known != null ? known : "Class %04x".formatted(ids.classCode() >>> 8);
    }

    /// The address as short as the machine allows: without the segment where there is only one.
    public static String address(PciAddress address) {
        return address.domain() == 0 ? address.withoutDomain() : address.toString();
    }
}
