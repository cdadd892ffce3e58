package iommulab.engine.session;

import iommulab.engine.firmware.AcpiTables;
import iommulab.engine.group.DomainType;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.pci.ConfigSpace;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.session.MachineSnapshot.DmaEvent;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A small captured machine with another IOMMU, below which a function has PASIDs: the same commands on
/// every architecture.
final class ArchitectureBench {
    static final PciAddress DEVICE = PciAddress.parse("0000:06:00.0");
    private static final int PASID_AT = 0xa00;

    final Machine machine;

    ArchitectureBench(Architecture architecture) throws CommandRefused {
        this(architecture.unit());
    }

    /// The bench after a conversion.
    ArchitectureBench(Session.Saved saved) throws CommandRefused {
        machine = Machine.powerOn(saved.description());
        for (var command : saved.journal()) {
            run(command);
        }
    }

    /// @param unit the only IOMMU of the machine
    ArchitectureBench(IommuUnit unit) throws CommandRefused {
        var captured = TestMachine.captured("switch-noacs-a");
        var topology = captured.topology();
        var function = topology.find(DEVICE).orElseThrow();
        machine =
                Machine.powerOn(
                        new MachineDescription(
                                "bench",
                                "test",
                                "",
                                "7.0.0",
                                "",
                                topology.with(withPasids(function)),
                                new AcpiTables(Map.of()),
                                List.of(unit),
                                captured.memory(),
                                Set.of(),
                                Map.of(),
                                List.of()));
        run(new Command.BindDriver(DEVICE, Optional.of("vfio-pci")));
    }

    /// Links a PASID capability of 20 bits, with execute and privileged, to the end of the chain.
    private static PciFunction withPasids(PciFunction function) {
        ConfigSpace config = function.config();
        int at = 0x100;
        while (config.read32(at) >>> 20 != 0) {
            at = config.read32(at) >>> 20;
        }
        if (config.read32(0x100) != 0) {
            config = config.with(at + 2, 2, config.read16(at + 2) & 0xf | PASID_AT << 4);
            at = PASID_AT;
        }
        config = config.with(at, 4, 0x1b | 1 << 16).with(at + 4, 4, 0x1406);
        return function.withConfig(config);
    }

    Outcome run(Command command) throws CommandRefused {
        return machine.apply(command);
    }

    int created(Command command) throws CommandRefused {
        return ((Outcome.DomainCreated) run(command)).domain();
    }

    /// Puts the device into an identity domain, as Linux has devices with PASIDs.
    void passThrough() throws CommandRefused {
        int identity = created(new Command.CreateDomain(DEVICE, DomainType.IDENTITY, 0));
        run(new Command.AttachDevice(DEVICE, identity));
    }

    void map(int domain, long iova, long to, long bytes, Permissions permissions)
            throws CommandRefused {
        run(new Command.MapPages(domain, iova, to, bytes, permissions));
    }

    DmaEvent read(long iova, PasidPrefix prefix) throws CommandRefused {
        return dma(iova, Access.READ, prefix);
    }

    DmaEvent dma(long iova, Access access, PasidPrefix prefix) throws CommandRefused {
        var outcome = run(new Command.IssueDma(DEVICE, iova, 4, access, prefix));
        return ((Outcome.DmaFinished) outcome).event();
    }
}
