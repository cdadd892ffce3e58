package iommulab.engine.pci;

/// Short cuts into a function's PCI Express capability (ID 0x10).
public final class PciExpress {
    private static final int ID = 0x10;
    private static final int CAPABILITIES = 2;
    private static final int SLOT_IMPLEMENTED = 1 << 8;
    private static final int DEVICE_CONTROL_2 = 0x28;
    private static final int ARI_FORWARDING = 1 << 5;

    private PciExpress() {}

    /// Offset of the capability, 0 if none is known.
    public static int offset(ConfigSpace config) {
        return CapabilityChain.find(config, ID);
    }

    /// What the function is in the PCI Express tree.
    public static PortType portType(ConfigSpace config) {
        int at = offset(config);
        if (at == 0) {
            return CapabilityChain.leadsIntoUnknown(config)
                    ? PortType.UNKNOWN
                    : PortType.CONVENTIONAL;
        }
        return config.knows(at + CAPABILITIES, 2)
                ? PortType.ofCode(config.read16(at + CAPABILITIES) >>> 4 & 0xf)
                : PortType.UNKNOWN;
    }

    /// Whether the port is connected to a slot (and not to a device on the board).
    public static boolean hasSlot(ConfigSpace config) {
        int at = offset(config);
        return at != 0
                && config.knows(at + CAPABILITIES, 2)
                && (config.read16(at + CAPABILITIES) & SLOT_IMPLEMENTED) != 0;
    }

    /// Whether the port forwards to functions above 7 of the device below it.
    public static boolean forwardsAri(ConfigSpace config) {
        int at = offset(config);
        return at != 0
                && config.knows(at + DEVICE_CONTROL_2, 2)
                && (config.read16(at + DEVICE_CONTROL_2) & ARI_FORWARDING) != 0;
    }
}
