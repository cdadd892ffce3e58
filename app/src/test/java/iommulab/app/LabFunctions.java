package iommulab.app;

import iommulab.engine.group.DomainType;
import iommulab.engine.group.Group;
import iommulab.engine.group.Grouping;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// The functions of [LabMachine], and their groups.
final class LabFunctions {
    private LabFunctions() {}

    static PciTopology topology() {
        return new PciTopology(
                List.of(
                        function(LabMachine.GPU, 0x030000, "vfio-pci"),
                        function(LabMachine.NIC, 0x020000, "ice"),
                        bridge(),
                        behindBridge(LabMachine.SOUND, "snd_emu10k1")));
    }

    static Grouping grouping() {
        return new Grouping(
                "Linux 6.1 to 7.2",
                List.of(
                        new Group(3, DomainType.DMA_FQ, List.of(LabMachine.GPU), List.of()),
                        new Group(
                                9,
                                DomainType.DMA_FQ,
                                List.of(LabMachine.NIC),
                                List.of(
                                        new Group.ReservedRegion(
                                                0xfee0_0000L, 0xfeef_ffffL, "msi"))),
                        new Group(
                                10,
                                DomainType.DMA_FQ,
                                List.of(LabMachine.BRIDGE, LabMachine.SOUND),
                                List.of())),
                Map.of(),
                Map.of());
    }

    private static PciFunction function(PciAddress address, int classCode, String driver) {
        return new PciFunction(
                address,
                Optional.empty(),
                ConfigSpace.of(new byte[256]),
                new PciFunction.PciIds(0x8086, 0x1592, 0, 0, classCode, 2),
                Optional.empty(),
                List.of(),
                Optional.of(driver),
                OptionalInt.empty());
    }

    private static PciFunction bridge() {
        return new PciFunction(
                LabMachine.BRIDGE,
                Optional.empty(),
                ConfigSpace.of(new byte[256]),
                new PciFunction.PciIds(0x104c, 0x8240, 0, 0, 0x060400, 0),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                OptionalInt.empty());
    }

    private static PciFunction behindBridge(PciAddress address, String driver) {
        var plain = function(address, 0x040100, driver);
        return new PciFunction(
                address,
                Optional.of(LabMachine.BRIDGE),
                plain.config(),
                plain.ids(),
                Optional.empty(),
                List.of(),
                plain.driver(),
                OptionalInt.empty());
    }
}
