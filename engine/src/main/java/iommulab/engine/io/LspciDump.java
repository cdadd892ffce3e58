package iommulab.engine.io;

import iommulab.engine.firmware.AcpiTables;
import iommulab.engine.pci.Header;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciExpress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.SrIov;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;

/// Reads the text of `lspci -xxxx` (or `-xxx`, `-x`; with `-nn`, `-v` and more or without), compressed
/// with gzip or not.
///
/// The topology comes from the bus numbers in the bridges, virtual functions from their physical
/// function's SR-IOV capability, sizes of BARs from the text that `-v` adds. What the text does not
/// tell (ACPI tables, memory, kernel) stays unknown.
public final class LspciDump {
    private static final int MOST_FUNCTIONS = 65_536;
    private static final String REMEDY = "Make the text with lspci -nnvvvxxxx as root.";

    private final TreeMap<PciAddress, LspciBlock> blocks = new TreeMap<>();
    private final Map<String, PciAddress> bridgeAbove = new HashMap<>();
    private final Map<PciAddress, PciAddress> physicalFunctions = new HashMap<>();
    private final List<String> remarks = new ArrayList<>();

    private LspciDump() {}

    /// @throws FileRefused if it is no such text; the message says where and why
    /// @throws CancellationException if `progress` cancels
    public static MachineCapture read(Path file, Progress progress) throws FileRefused {
        try (var in = Files.newInputStream(file)) {
            return read(in, Files.size(file), progress);
        } catch (IOException unreadable) {
            throw FileRefused.unreadable(file, unreadable);
        }
    }

    /// @param bytes length of the text, -1 if not known
    /// @throws FileRefused if it is no such text; the message says where and why
    /// @throws CancellationException if `progress` cancels
    public static MachineCapture read(InputStream in, long bytes, Progress progress)
            throws FileRefused {
        var dump = new LspciDump();
        var counted = new MeteredStream(in);
        try {
            var text = new BufferedInputStream(new MeteredStream(Gzip.plain(counted)), 1 << 16);
            dump.readBlocks(new LineReader(text), counted, bytes, progress);
        } catch (MeteredStream.TooLong tooLong) {
            throw new FileRefused("the text", tooLong.rule(), REMEDY, tooLong);
        } catch (IOException damaged) {
            throw new FileRefused(
                    "byte %d of the text".formatted(counted.count()),
                    "cannot be read (%s)".formatted(damaged.getMessage()),
                    REMEDY,
                    damaged);
        }
        return dump.machine();
    }

    private void readBlocks(LineReader lines, MeteredStream counted, long bytes, Progress progress)
            throws IOException, FileRefused {
        Optional<LspciBlock> block = Optional.empty();
        for (var next = lines.next(); next.isPresent(); next = lines.next()) {
            String line = next.get().stripTrailing();
            var begun = LspciBlock.begin(line);
            if (begun.isPresent()) {
                block = begun;
                add(begun.get(), lines.number());
                progress.at("Reading", counted.count(), bytes);
                if (progress.cancelled()) {
                    throw new CancellationException("the import was cancelled");
                }
            } else if (line.startsWith("\t") || line.startsWith("  ")) {
                block.ifPresent(b -> b.takeText(line.strip()));
            } else if (!line.isBlank()
                    && !line.startsWith("#")
                    && !block.map(b -> b.takeBytes(line)).orElse(false)) {
                remarks.add("ignored line %d: %s".formatted(lines.number(), start(line)));
            }
        }
    }

    private static String start(String line) {
        return line.length() <= 60 ? line : line.substring(0, 60) + "…";
    }

    private void add(LspciBlock block, int line) throws FileRefused {
        if (blocks.putIfAbsent(block.address(), block) != null) {
            throw new FileRefused(
                    "line " + line,
                    "%s is there for the second time".formatted(block.address()),
                    "Take one of the two out.");
        }
        if (blocks.size() > MOST_FUNCTIONS) {
            throw new FileRefused(
                    "line " + line, "is more than 65,536 functions", "Split the text.");
        }
    }

    private MachineCapture machine() throws FileRefused {
        if (blocks.values().stream().allMatch(block -> block.knownBytes() == 0)) {
            throw new FileRefused(
                    "the text", "has no configuration bytes (lines such as 00: 86 80 …)", REMEDY);
        }
        blocks.values().forEach(this::noteBridge);
        blocks.values().forEach(this::noteVirtualFunctions);
        var functions = new ArrayList<PciFunction>();
        for (var block : blocks.values()) {
            functions.add(place(block));
        }
        var rootBuses =
                functions.stream()
                        .filter(f -> f.parent().isEmpty())
                        .map(f -> DiscoveryOrder.busName(f.address()))
                        .distinct()
                        .toList();
        var topology = DiscoveryOrder.arrange(functions, rootBuses);
        remarks.add(
                "ACPI tables, memory map, kernel and command line are unknown: lspci does not print"
                        + " them");
        return new MachineCapture(
                topology,
                "",
                "",
                AcpiTables.NONE,
                IomemMap.UNKNOWN,
                groups(),
                List.of(),
                rootBuses,
                remarks);
    }

    private void noteBridge(LspciBlock bridge) {
        int bus = Header.secondaryBus(bridge.config());
        var address = bridge.address();
        if (bus == 0) {
            return;
        }
        if (bus <= address.bus()) {
            remarks.add(
                    "ignored bus %02x of bridge %s: it is not above the bridge's own"
                            .formatted(bus, address));
            return;
        }
        String name = DiscoveryOrder.busName(PciAddress.of(address.domain(), bus, 0));
        var other = bridgeAbove.putIfAbsent(name, address);
        if (other != null) {
            remarks.add(
                    "ignored bus %s of bridge %s: %s has it already"
                            .formatted(name, address, other));
        }
    }

    private void noteVirtualFunctions(LspciBlock block) {
        SrIov.of(block.config())
                .ifPresent(sriov -> {
                    for (int i = 0; i < sriov.enabled(); i++) {
                        sriov.requesterOf(i, block.address().requesterId())
                                .map(id ->
                                        PciAddress.of(
                                                block.address().domain(), id.bus(), id.devfn()))
                                .ifPresent(
                                        vf -> physicalFunctions.putIfAbsent(vf, block.address()));
                    }
                });
    }

    private PciFunction place(LspciBlock block) {
        var physical =
                Optional.ofNullable(physicalFunctions.get(block.address()))
                        .filter(pf -> !pf.equals(block.address()));
        var parent = Optional.ofNullable(bridgeAbove.get(DiscoveryOrder.busName(block.address())));
        if (parent.isEmpty() && physical.isPresent()) {
            parent = Optional.ofNullable(bridgeAbove.get(DiscoveryOrder.busName(physical.get())));
        }
        if (parent.isEmpty() && PciExpress.portType(block.config()).needsPortAbove()) {
            remarks.add(
                    "no bridge to bus %s of %s is in the text; the bus counts as a root bus"
                            .formatted(DiscoveryOrder.busName(block.address()), block.address()));
        }
        return block.function(parent, physical);
    }

    private List<KernelGroup> groups() {
        var members = new TreeMap<Integer, List<PciAddress>>();
        for (var block : blocks.values()) {
            block.group()
                    .ifPresent(id ->
                            members.computeIfAbsent(id, _ -> new ArrayList<>())
                                    .add(block.address()));
        }
        return members.entrySet().stream()
                .map(group -> new KernelGroup(group.getKey(), "", group.getValue(), List.of()))
                .toList();
    }
}
