package iommulab.engine.pci;

/// Short cuts into the first 64 bytes that every function has.
/// Spec: PCI Local Bus, "Configuration Space Organization".
public final class Header {
    private static final int TYPE = 0x0e;
    private static final int SECONDARY_BUS = 0x19;
    private static final int SUBORDINATE_BUS = 0x1a;

    private Header() {}

    /// 0 function, 1 bridge, 2 CardBus bridge; -1 if the byte is not known or nothing answers.
    public static int type(ConfigSpace config) {
        if (!config.knows(TYPE, 1) || config.read8(TYPE) == 0xff) {
            return -1;
        }
        return config.read8(TYPE) & 0x7f;
    }

    /// Bit 7 of the header type: the device may have more than one function.
    public static boolean multifunction(ConfigSpace config) {
        return type(config) >= 0 && (config.read8(TYPE) & 0x80) != 0;
    }

    /// Whether the function forwards to another bus (PCI or CardBus).
    public static boolean isBridge(ConfigSpace config) {
        return type(config) == 1 || type(config) == 2;
    }

    /// The bus directly below a bridge, 0 if not set.
    public static int secondaryBus(ConfigSpace config) {
        return isBridge(config) && config.knows(SECONDARY_BUS, 1) ? config.read8(SECONDARY_BUS) : 0;
    }

    /// The highest bus below a bridge, 0 if not set.
    public static int subordinateBus(ConfigSpace config) {
        return isBridge(config) && config.knows(SUBORDINATE_BUS, 1)
                ? config.read8(SUBORDINATE_BUS)
                : 0;
    }
}
