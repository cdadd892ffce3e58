package iommulab.engine.io;

import iommulab.engine.firmware.AcpiTables;
import iommulab.engine.pci.PciTopology;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;

/// Reads an archive of a Linux machine's `/sys` and `/proc` (tar, compressed with gzip or not): the
/// files that describe its PCI functions, IOMMUs and groups.
///
/// The symbolic links in it are the topology; they are read as text and never followed. An archive made
/// without root has 64 configuration bytes for each function, no ACPI tables and no addresses; what it
/// does not tell stays unknown.
public final class SysfsArchive {
    private static final String ACPI = "sys/firmware/acpi/tables/";
    private static final Set<String> FUNCTION_FILES =
            Set.of(
                    "vendor",
                    "device",
                    "subsystem_vendor",
                    "subsystem_device",
                    "class",
                    "revision",
                    "config",
                    "resource",
                    "numa_node",
                    "type",
                    "reserved_regions");

    private SysfsArchive() {}

    /// @throws FileRefused if it is no such archive; the message says where and why
    /// @throws CancellationException if `progress` cancels
    public static MachineCapture read(Path file, Progress progress) throws FileRefused {
        try (var in = Files.newInputStream(file)) {
            return read(in, Files.size(file), progress);
        } catch (IOException unreadable) {
            throw FileRefused.unreadable(file, unreadable);
        }
    }

    /// @param bytes length of the archive, -1 if not known
    /// @throws FileRefused if it is no such archive; the message says where and why
    /// @throws CancellationException if `progress` cancels
    public static MachineCapture read(InputStream in, long bytes, Progress progress)
            throws FileRefused {
        var tree = ArchiveTree.read(in, bytes, SysfsArchive::isWanted, progress);
        var remarks = new ArrayList<>(tree.remarks());
        progress.at("Building the machine", 0, -1);
        var functions = SysfsFunctions.of(tree, remarks);
        var iomem = iomem(tree, remarks);
        var rootBuses = functions.rootBuses(iomem);
        var topology = DiscoveryOrder.arrange(functions.functions(), rootBuses);
        noteUnknown(topology, remarks);
        return new MachineCapture(
                topology,
                tree.line("proc/sys/kernel/osrelease").orElse(""),
                tree.line("proc/cmdline").orElse(""),
                acpi(tree, remarks),
                iomem,
                SysfsIommus.groups(tree, remarks),
                SysfsIommus.units(tree),
                rootBuses,
                remarks);
    }

    private static boolean isWanted(String path) {
        String name = path.substring(path.lastIndexOf('/') + 1);
        return path.startsWith("proc/")
                || path.startsWith(ACPI)
                || path.contains("-iommu/")
                || path.startsWith("sys/") && FUNCTION_FILES.contains(name);
    }

    private static IomemMap iomem(ArchiveTree tree, List<String> remarks) {
        var map =
                tree.file("proc/iomem")
                        .map(bytes -> new String(bytes, StandardCharsets.UTF_8))
                        .map(text -> IomemMap.parse(text, remarks))
                        .orElse(IomemMap.UNKNOWN);
        if (!map.knowsAddresses()) {
            remarks.add("memory addresses are unknown: the archive was made without root");
        }
        return map;
    }

    private static AcpiTables acpi(ArchiveTree tree, List<String> remarks) {
        var tables = new HashMap<String, byte[]>();
        tree.filesUnder(ACPI)
                .forEach((path, table) -> {
                    if (table.length > 0) {
                        tables.put(path.substring(ACPI.length()), table);
                    }
                });
        if (tables.isEmpty()) {
            remarks.add(
                    "ACPI tables are unknown: the archive was made without root, or the machine has"
                            + " none");
        }
        return new AcpiTables(tables);
    }

    private static void noteUnknown(PciTopology topology, List<String> remarks) {
        long partial = topology.functions().stream().filter(f -> f.config().size() < 256).count();
        if (partial > 0) {
            remarks.add(
                    "capabilities are unknown for %d of %d functions: only their header is known"
                            .formatted(partial, topology.size()));
        }
    }
}
