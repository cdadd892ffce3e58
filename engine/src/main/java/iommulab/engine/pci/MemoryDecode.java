package iommulab.engine.pci;

import iommulab.engine.pci.PciFunction.Resource;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The memory addresses that a function answers to: its own BARs, and, if it is a bridge, the windows
/// that it forwards downwards. All addresses are those on the bus, that is hpa.
///
/// Nothing is decoded while Memory Space Enable (bit 1 of the command register) is clear; a virtual
/// function has no such bit, its physical function enables it. A BAR lies where the configuration
/// bytes say; its length, which they cannot say, comes from the function's resources.
/// Spec: PCI Local Bus, "Base Addresses"; PCI-to-PCI Bridge, "Memory Base Register and Memory Limit
/// Register".
///
/// @param bars own BARs
/// @param windows memory and prefetchable window of a bridge
record MemoryDecode(List<Resource> bars, List<Resource> windows) {
    private static final MemoryDecode NOTHING = new MemoryDecode(List.of(), List.of());

    private static final int COMMAND = 0x04;
    private static final int MEMORY_SPACE_ENABLE = 1 << 1;
    private static final int FIRST_BAR = 0x10;
    private static final int MEMORY_BASE = 0x20;
    private static final int PREFETCHABLE_BASE = 0x24;
    private static final int PREFETCHABLE_BASE_UPPER = 0x28;
    private static final int PREFETCHABLE_LIMIT_UPPER = 0x2c;
    private static final int LAST_BAR_INDEX = 5;
    private static final int MEMORY_WINDOW = 14;
    private static final int PREFETCHABLE_WINDOW = 15;
    private static final long MEMORY = 0x200;
    private static final long WINDOW_LOW_BITS = 0xf_ffff;

    MemoryDecode {
        bars = List.copyOf(bars);
        windows = List.copyOf(windows);
    }

    static MemoryDecode of(PciFunction function) {
        var config = function.config();
        boolean enabled =
                function.isVirtualFunction()
                        || (config.knows(COMMAND, 2)
                                && (config.read16(COMMAND) & MEMORY_SPACE_ENABLE) != 0);
        if (!enabled) {
            return NOTHING;
        }
        return new MemoryDecode(barsOf(function), windowsOf(config));
    }

    boolean claims(long address) {
        return ownBar(address) || inWindow(address);
    }

    boolean ownBar(long address) {
        return bars.stream().anyMatch(bar -> bar.contains(address));
    }

    boolean inWindow(long address) {
        return windows.stream().anyMatch(window -> window.contains(address));
    }

    private static List<Resource> barsOf(PciFunction function) {
        var bars = new ArrayList<Resource>();
        for (int index = 0; index <= LAST_BAR_INDEX; index++) {
            bar(function, index).ifPresent(bars::add);
        }
        return bars;
    }

    /// Where a memory BAR lies, whether it is enabled or not.
    static Optional<Resource> bar(PciFunction function, int index) {
        return function.resources().stream()
                .filter(resource -> resource.index() == index && resource.isMemory())
                .filter(r -> Long.compareUnsigned(r.end(), r.start()) >= 0)
                .map(r -> movedTo(barAddress(function, r).orElse(r.start()), r))
                .findFirst();
    }

    private static Resource movedTo(long start, Resource resource) {
        long last = start + (resource.end() - resource.start());
        return new Resource(resource.index(), start, last, resource.flags());
    }

    /// Where the BAR register itself says; empty if it says nothing (virtual functions, enhanced
    /// allocation, bytes that are not known).
    private static Optional<Long> barAddress(PciFunction function, Resource resource) {
        var config = function.config();
        int at = FIRST_BAR + 4 * resource.index();
        int bars = Header.type(config) == 0 ? 6 : Header.type(config) == 1 ? 2 : 0;
        if (function.isVirtualFunction() || resource.index() >= bars || !config.knows(at, 4)) {
            return Optional.empty();
        }
        int low = config.read32(at);
        boolean wide = (low & 6) == 4 && resource.index() + 1 < bars && config.knows(at + 4, 4);
        long address = low & 0xffff_fff0L | (wide ? (long) config.read32(at + 4) << 32 : 0);
        return address == 0 || (low & 1) != 0 ? Optional.empty() : Optional.of(address);
    }

    private static List<Resource> windowsOf(ConfigSpace config) {
        var windows = new ArrayList<Resource>();
        if (Header.type(config) == 1 && config.knows(MEMORY_BASE, 16)) {
            addWindow(windows, MEMORY_WINDOW, config, MEMORY_BASE, 0, 0);
            boolean wide = (config.read16(PREFETCHABLE_BASE) & 0xf) == 1;
            addWindow(
                    windows,
                    PREFETCHABLE_WINDOW,
                    config,
                    PREFETCHABLE_BASE,
                    wide ? config.read32(PREFETCHABLE_BASE_UPPER) : 0,
                    wide ? config.read32(PREFETCHABLE_LIMIT_UPPER) : 0);
        }
        return windows;
    }

    /// A window whose base is above its limit is switched off.
    private static void addWindow(
            List<Resource> windows,
            int index,
            ConfigSpace config,
            int at,
            int baseUpper,
            int limitUpper) {
        long base = (long) baseUpper << 32 | (config.read16(at) & 0xfff0L) << 16;
        long last =
                (long) limitUpper << 32 | (config.read16(at + 2) & 0xfff0L) << 16 | WINDOW_LOW_BITS;
        if (Long.compareUnsigned(base, last) <= 0) {
            windows.add(new Resource(index, base, last, MEMORY));
        }
    }
}
