package iommulab.engine.pci;

/// What a function is in the PCI Express tree: bits 7:4 of its PCI Express Capabilities register.
/// Spec: PCIe Base, "PCI Express Capabilities Register", Device/Port Type.
public enum PortType {
    ENDPOINT(0, "PCI Express endpoint"),
    LEGACY_ENDPOINT(1, "legacy PCI Express endpoint"),
    ROOT_PORT(4, "root port"),
    UPSTREAM_PORT(5, "upstream switch port"),
    DOWNSTREAM_PORT(6, "downstream switch port"),
    PCIE_TO_PCI_BRIDGE(7, "PCI Express to PCI bridge"),
    PCI_TO_PCIE_BRIDGE(8, "PCI to PCI Express bridge"),
    ROOT_COMPLEX_ENDPOINT(9, "root complex integrated endpoint"),
    EVENT_COLLECTOR(10, "root complex event collector"),
    /// A PCI Express capability with a type that the specification does not name.
    RESERVED(-1, "PCI Express function of a reserved type"),
    /// No PCI Express capability.
    CONVENTIONAL(-1, "conventional PCI function"),
    /// The bytes that would tell are not known.
    UNKNOWN(-1, "function of unknown type");

    private static final PortType[] BY_CODE = new PortType[16];

    static {
        for (var type : values()) {
            if (type.code >= 0) {
                BY_CODE[type.code] = type;
            }
        }
    }

    private final int code;
    private final String words;

    PortType(int code, String words) {
        this.code = code;
        this.words = words;
    }

    /// The type that a register names.
    ///
    /// @param code 4 bits
    public static PortType ofCode(int code) {
        var type = BY_CODE[code];
        return type == null ? RESERVED : type;
    }

    /// In words, such as `root port`.
    public String words() {
        return words;
    }

    /// Whether the function has a PCI Express capability.
    public boolean isPciExpress() {
        return this != CONVENTIONAL && this != UNKNOWN;
    }

    /// Whether a function of this type can only be below a root port or a switch.
    public boolean needsPortAbove() {
        return this == UPSTREAM_PORT || this == DOWNSTREAM_PORT || this == PCIE_TO_PCI_BRIDGE;
    }
}
