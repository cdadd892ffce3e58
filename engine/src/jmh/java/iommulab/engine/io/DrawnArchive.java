package iommulab.engine.io;

import iommulab.engine.session.MachineDescription;

import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.zip.GZIPInputStream;

/// The sysfs archive of a machine of any size: firmware, memory and IOMMU of a captured machine, and a
/// drawn PCI tree. Each root port leads to a switch with eight slots of up to eight functions; every
/// second slot keeps its functions apart.
public final class DrawnArchive {
    private static final String CAPTURE = "/linux-groups/rmrr-a/sysfs.tar.gz";
    private static final String ROOT_BUS = "sys/devices/pci0000:00";
    private static final int PCIE = 0x40;
    private static final int ACS = 0x100;
    private static final int BUSES_BELOW_A_ROOT_PORT = 10;
    private static final int ROOT_PORT = 4;
    private static final int UPSTREAM_PORT = 5;
    private static final int DOWNSTREAM_PORT = 6;
    private static final int ENDPOINT = 0;

    private static final String[] UNREAD = {
        "irq",
        "enable",
        "local_cpulist",
        "msi_bus",
        "power_state",
        "reset_method",
        "ari_enabled",
        "dma_mask_bits",
        "max_link_speed",
        "max_link_width",
        "current_link_speed",
        "modalias"
    };

    private final TarFile tar = new TarFile();
    private final int wanted;
    private int drawn;

    private DrawnArchive(int functions) {
        wanted = functions;
    }

    /// The archive, compressed with gzip.
    public static byte[] of(int functions) {
        var archive = new DrawnArchive(functions);
        archive.copyCapturedFacts();
        for (int port = 0; archive.drawn < functions; port++) {
            archive.rootPort(port);
        }
        return archive.tar.packed();
    }

    /// What is not of a function: ACPI tables, `/proc`, the IOMMU's registers.
    private void copyCapturedFacts() {
        try (var captured =
                new TarArchiveInputStream(
                        new GZIPInputStream(DrawnArchive.class.getResourceAsStream(CAPTURE)))) {
            for (var entry = captured.getNextEntry();
                    entry != null;
                    entry = captured.getNextEntry()) {
                String path = entry.getName();
                if (path.contains("/pci")
                        || path.contains("iommu_group")
                        || path.contains("0000:")) {
                    continue;
                }
                if (entry.isSymbolicLink()) {
                    tar.link(path, entry.getLinkName());
                } else if (entry.isFile()) {
                    tar.file(path, captured.readAllBytes());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void rootPort(int port) {
        int bus = 1 + port * BUSES_BELOW_A_ROOT_PORT;
        int last = bus + BUSES_BELOW_A_ROOT_PORT - 1;
        if (last > 255) {
            throw new IllegalArgumentException("%d functions need more buses".formatted(wanted));
        }
        String root = bridge(ROOT_BUS, 0, 2 + port << 3, ROOT_PORT, bus, last);
        String upstream = bridge(root, bus, 0, UPSTREAM_PORT, bus + 1, last);
        for (int slot = 0; slot < 8; slot++) {
            int below = bus + 2 + slot;
            String down = bridge(upstream, bus + 1, slot << 3, DOWNSTREAM_PORT, below, below);
            for (int devfn = 0; devfn < 8 && drawn < wanted; devfn++) {
                endpoint(down, below, devfn, slot % 2 == 0);
            }
        }
    }

    /// @return its path
    private String bridge(String parent, int bus, int devfn, int type, int first, int last) {
        var config = config(type, 0x060400);
        config[0x0e] = 1;
        config[0x18] = (byte) bus;
        config[0x19] = (byte) first;
        config[0x1a] = (byte) last;
        isolate(config);
        return function(parent, bus, devfn, config, "pcieport");
    }

    private void endpoint(String parent, int bus, int devfn, boolean isolated) {
        var config = config(ENDPOINT, 0x020000);
        config[0x0e] = (byte) 0x80;
        if (isolated) {
            isolate(config);
        }
        function(parent, bus, devfn, config, "e1000e");
    }

    private byte[] config(int portType, int classCode) {
        var config = new byte[4096];
        config[0x00] = (byte) 0x86;
        config[0x01] = (byte) 0x80;
        config[0x06] = 0x10;
        config[0x0a] = (byte) (classCode >> 8);
        config[0x0b] = (byte) (classCode >> 16);
        config[0x34] = PCIE;
        config[PCIE] = 0x10;
        config[PCIE + 2] = (byte) (portType << 4 | 2);
        return config;
    }

    private static void isolate(byte[] config) {
        config[ACS] = 0x0d;
        config[ACS + 2] = 1;
        config[ACS + 4] = 0x1d;
        config[ACS + 6] = 0x1d;
    }

    private String function(String parent, int bus, int devfn, byte[] config, String driver) {
        String name = "0000:%02x:%02x.%x".formatted(bus, devfn >>> 3, devfn & 7);
        String path = parent + "/" + name;
        String up = "../".repeat((int) path.chars().filter(c -> c == '/').count());
        tar.link("sys/bus/pci/devices/" + name, "../../../" + path.substring("sys/".length()))
                .link(path + "/driver", up + "sys/bus/pci/drivers/" + driver)
                .link(path + "/iommu_group", up + "sys/kernel/iommu_groups/" + drawn)
                .file(path + "/config", config)
                .file(path + "/vendor", "0x8086\n")
                .file(path + "/device", "0x10d3\n")
                .file(path + "/subsystem_vendor", "0x8086\n")
                .file(path + "/subsystem_device", "0x0000\n")
                .file(path + "/class", "0x%02x%02x00\n".formatted(config[0x0b], config[0x0a]))
                .file(path + "/revision", "0x00\n")
                .file(path + "/numa_node", "-1\n")
                .file(path + "/resource", resources());
        for (String attribute : UNREAD) {
            tar.file(path + "/" + attribute, "0\n");
        }
        drawn++;
        return path;
    }

    private String resources() {
        long start = 0xd000_0000L + drawn * 0x1_0000L;
        return "0x%016x 0x%016x 0x%016x\n".formatted(start, start + 0xffff, 0x40200)
                + "0x%016x 0x%016x 0x%016x\n".formatted(0, 0, 0).repeat(12);
    }

    /// As the import reads it.
    static MachineCapture read(byte[] archive) throws FileRefused {
        return SysfsArchive.read(new ByteArrayInputStream(archive), archive.length, Progress.NONE);
    }

    /// A machine of that many functions, imported.
    public static MachineDescription machine(int functions) {
        try {
            return CapturedMachine.describe(read(of(functions)), functions + " functions");
        } catch (FileRefused refused) {
            throw new IllegalStateException(refused);
        }
    }
}
