package iommulab.engine.pci;

import iommulab.engine.pci.PciFunction.Resource;

import java.util.ArrayList;
import java.util.List;

/// Short cuts into the first 64 bytes that every function has.
/// Spec: PCI Local Bus, "Configuration Space Organization".
public final class Header {
    private static final int TYPE = 0x0e;
    private static final int SECONDARY_BUS = 0x19;
    private static final int SUBORDINATE_BUS = 0x1a;

    private static final int SUBSYSTEM_CAPABILITY = 0x0d;

    /// The kernel's number of a bridge's first window.
    private static final int FIRST_WINDOW = 13;

    private static final long IO = 0x100;
    private static final long MEMORY = 0x200;
    private static final long PREFETCHABLE = 0x2000;

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

    /// Where the subsystem's vendor and device IDs are; 0 if the function has none or the bytes are not
    /// known.
    public static int subsystemOffset(ConfigSpace config) {
        int offset =
                switch (type(config)) {
                    case 0 -> 0x2c;
                    case 1 -> {
                        int at = CapabilityChain.find(config, SUBSYSTEM_CAPABILITY);
                        yield at == 0 ? 0 : at + 4;
                    }
                    case 2 -> 0x40;
                    default -> 0;
                };
        return config.knows(offset, 4) ? offset : 0;
    }

    /// The address ranges that a PCI-to-PCI bridge forwards to the bus below, those that are open.
    public static List<Resource> windows(ConfigSpace config) {
        if (type(config) != 1 || !config.knows(0x30, 4)) {
            return List.of();
        }
        var windows = new ArrayList<Resource>();
        int io = config.read8(0x1c);
        boolean wideIo = (io & 0xf) == 1;
        long ioBase = (io & 0xf0) << 8 | (wideIo ? (long) config.read16(0x30) << 16 : 0);
        long ioLimit =
                (config.read8(0x1d) & 0xf0) << 8
                        | 0xfff
                        | (wideIo ? (long) config.read16(0x32) << 16 : 0);
        add(windows, new Resource(FIRST_WINDOW, ioBase, ioLimit, IO));
        long base = (config.read16(0x20) & 0xfff0L) << 16;
        long limit = (config.read16(0x22) & 0xfff0L) << 16 | 0xf_ffff;
        add(windows, new Resource(FIRST_WINDOW + 1, base, limit, MEMORY));
        boolean wide = (config.read16(0x24) & 0xf) == 1;
        long upperBase = wide ? (long) config.read32(0x28) << 32 : 0;
        long upperLimit = wide ? (long) config.read32(0x2c) << 32 : 0;
        add(
                windows,
                new Resource(
                        FIRST_WINDOW + 2,
                        upperBase | (config.read16(0x24) & 0xfff0L) << 16,
                        upperLimit | (config.read16(0x26) & 0xfff0L) << 16 | 0xf_ffff,
                        MEMORY | PREFETCHABLE));
        return windows;
    }

    /// A window whose limit lies below its base is shut; one from 0 was never set.
    private static void add(List<Resource> windows, Resource window) {
        if (window.start() != 0 && Long.compareUnsigned(window.end(), window.start()) > 0) {
            windows.add(window);
        }
    }
}
