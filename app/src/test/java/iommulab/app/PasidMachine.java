package iommulab.app;

import iommulab.engine.firmware.AcpiTables;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.iommu.vtd.VtdCapabilities;
import iommulab.engine.os.Software;
import iommulab.engine.os.process.ProcessDescription;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineDescription;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// The lab machine of the samples with an IOMMU in scalable mode, below which two devices can send PASIDs of
/// 20 bits, with execute and privileged.
public final class PasidMachine {
    /// Sends PASIDs.
    public static final PciAddress NVME = PciAddress.parse("0000:06:00.0");

    /// Sends PASIDs too.
    public static final PciAddress NIC = PciAddress.parse("0000:05:00.0");

    /// Has no PASID capability.
    public static final PciAddress OTHER = PciAddress.parse("0000:03:00.0");

    private static final int LAST = 0xf00;

    private PasidMachine() {}

    /// The same in proposal mode: calls exist that Linux never got.
    public static MachineDescription withProposals() {
        var machine = describe();
        return new MachineDescription(
                machine.name(),
                machine.origin(),
                machine.about(),
                machine.kernelRelease(),
                machine.commandLine(),
                machine.topology(),
                machine.firmware(),
                machine.units(),
                machine.memory(),
                machine.externalFacing(),
                machine.kernelSaid(),
                machine.remarks(),
                new Software(Map.of(), Map.of(), ProcessDescription.USUAL, true));
    }

    public static MachineDescription describe() {
        try {
            var lab = MachineFile.read(Path.of("../samples/lab-station.iommulab.json")).machine();
            var topology = lab.topology();
            for (var address : List.of(NVME, NIC)) {
                var function = topology.find(address).orElseThrow();
                topology = topology.with(function.withConfig(withPasids(function.config())));
            }
            var unit = VtdCapabilities.SCALABLE;
            return new MachineDescription(
                    "pasid-lab",
                    lab.origin(),
                    lab.about(),
                    "7.0.0",
                    lab.commandLine(),
                    topology,
                    new AcpiTables(Map.of()),
                    List.of(IommuUnit.of("dmar0", 0xfed90000L, unit.cap(), unit.ecap())),
                    lab.memory(),
                    lab.externalFacing(),
                    Map.of(),
                    List.of());
        } catch (iommulab.engine.io.FileRefused e) {
            throw new AssertionError(e);
        }
    }

    /// Links a PASID capability to the end of the chain of extended capabilities.
    private static ConfigSpace withPasids(ConfigSpace small) {
        var config = ConfigSpace.of(Arrays.copyOf(small.toBytes(), 4096));
        int at = 0x100;
        while (config.read32(at) >>> 20 != 0) {
            at = config.read32(at) >>> 20;
        }
        int place = config.read32(at) == 0 ? at : LAST;
        if (place == LAST) {
            config = config.with(at + 2, 2, config.read16(at + 2) & 0xf | LAST << 4);
        }
        return config.with(place, 4, 0x1b | 1 << 16).with(place + 4, 4, 0x1406);
    }
}
