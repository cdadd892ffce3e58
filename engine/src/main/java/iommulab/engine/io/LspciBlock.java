package iommulab.engine.io;

import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.Header;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciFunction.PciIds;
import iommulab.engine.pci.PciFunction.Resource;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What lspci prints of one function: a title, text lines if asked for, and its bytes.
final class LspciBlock {
    private static final Pattern TITLE =
            Pattern.compile("((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]) \\S.*");
    private static final Pattern CLASS_AND_IDS =
            Pattern.compile(".*?\\[([0-9a-f]{4})]:.*\\[([0-9a-f]{4}):([0-9a-f]{4})].*");
    private static final Pattern REGION =
            Pattern.compile(
                    "Region (\\d): (Memory|I/O ports) at"
                            + " ([0-9a-f]{2,16})(.*)\\[size=(\\d+)([KMGT]?)]");
    private static final Pattern NUMBER = Pattern.compile("(IOMMU group|NUMA node): (\\d{1,8})");
    private static final String DRIVER = "Kernel driver in use: ";

    private final PciAddress address;
    private final String title;
    private final byte[] bytes = new byte[4096];
    private final List<Resource> regions = new ArrayList<>();
    private int known;
    private Optional<String> driver = Optional.empty();
    private OptionalInt group = OptionalInt.empty();
    private OptionalInt numaNode = OptionalInt.empty();

    private LspciBlock(PciAddress address, String title) {
        this.address = address;
        this.title = title;
    }

    /// The block that a title begins; empty if the line is no title.
    static Optional<LspciBlock> begin(String line) {
        var match = TITLE.matcher(line);
        if (!match.matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(new LspciBlock(PciAddress.parse(match.group(1)), line));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    /// Takes a line `10: 00 11 22 …`.
    ///
    /// @return whether it was one that continues the bytes so far
    boolean takeBytes(String line) {
        int colon = line.indexOf(": ");
        if (colon < 2 || colon > 3 || parseHex(line, 0, colon) != known) {
            return false;
        }
        int at = known;
        for (int i = colon + 2; i + 2 <= line.length() && at < bytes.length; i += 3) {
            int value = parseHex(line, i, i + 2);
            if (value < 0) {
                return false;
            }
            bytes[at++] = (byte) value;
        }
        if (at != known + 16) {
            return false;
        }
        known = at;
        return true;
    }

    private static int parseHex(String line, int from, int to) {
        int value = 0;
        for (int i = from; i < to; i++) {
            int digit = Character.digit(line.charAt(i), 16);
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }

    /// Takes a line of text, as `-v` prints it below the title.
    void takeText(String text) {
        if (text.startsWith(DRIVER)) {
            driver = Optional.of(text.substring(DRIVER.length()).strip());
        }
        var number = NUMBER.matcher(text);
        if (number.matches()) {
            var value = OptionalInt.of(Integer.parseInt(number.group(2)));
            if (number.group(1).equals("NUMA node")) {
                numaNode = value;
            } else {
                group = value;
            }
        }
        var region = REGION.matcher(text);
        if (region.matches()) {
            var resource = region(region);
            if (resource.start() >= 0 && resource.end() >= resource.start()) {
                regions.add(resource);
            }
        }
    }

    /// Flags as the kernel has them: bit 8 I/O, bit 9 memory, bit 13 prefetchable, bit 20 of 64 bits.
    private static Resource region(Matcher region) {
        boolean memory = region.group(2).equals("Memory");
        String kind = region.group(4);
        long flags = memory ? 0x200 : 0x100;
        if (kind.contains(" prefetchable")) {
            flags |= 0x2000;
        }
        if (kind.contains("64-bit")) {
            flags |= 0x10_0000;
        }
        int unit = " KMGT".indexOf(region.group(6).isEmpty() ? " " : region.group(6));
        long size = Long.parseLong(region.group(5), 0, Math.min(9, region.group(5).length()), 10);
        long start = Long.parseUnsignedLong(region.group(3), 16);
        long end = start + (size << 10 * unit) - 1;
        return new Resource(Integer.parseInt(region.group(1)), start, end, flags);
    }

    PciAddress address() {
        return address;
    }

    /// Number of bytes, 0 if the text has none.
    int knownBytes() {
        return known;
    }

    OptionalInt group() {
        return group;
    }

    /// The configuration bytes; at least the IDs that the title tells, else four times `ff`.
    ConfigSpace config() {
        if (known > 0) {
            return ConfigSpace.of(Arrays.copyOf(bytes, known));
        }
        int vendor = titleNumber(2, 0xffff);
        int device = titleNumber(3, 0xffff);
        return ConfigSpace.of(
                new byte[] {
                    (byte) vendor, (byte) (vendor >>> 8), (byte) device, (byte) (device >>> 8)
                });
    }

    private int titleNumber(int part, int otherwise) {
        var match = CLASS_AND_IDS.matcher(title);
        return match.matches() ? Integer.parseInt(match.group(part), 16) : otherwise;
    }

    private PciIds ids(ConfigSpace config) {
        int vendor = config.read16(0);
        if (!config.knows(0x3c, 4) || vendor == 0xffff && config.read32(8) == -1) {
            return new PciIds(
                    titleNumber(2, vendor),
                    titleNumber(3, config.read16(2)),
                    0,
                    0,
                    titleNumber(1, 0) << 8,
                    0);
        }
        int subsystem = Header.subsystemOffset(config);
        return new PciIds(
                vendor == 0xffff ? titleNumber(2, vendor) : vendor,
                vendor == 0xffff ? titleNumber(3, 0xffff) : config.read16(2),
                subsystem == 0 ? 0 : config.read16(subsystem),
                subsystem == 0 ? 0 : config.read16(subsystem + 2),
                config.read32(8) >>> 8,
                config.read8(8));
    }

    /// The function, with the place that its neighbours tell.
    PciFunction function(Optional<PciAddress> parent, Optional<PciAddress> physicalFunction) {
        var config = config();
        var resources = new ArrayList<>(regions);
        resources.addAll(Header.windows(config));
        return new PciFunction(
                address,
                parent,
                config,
                ids(config),
                physicalFunction,
                resources,
                driver,
                numaNode);
    }
}
