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
    private static final int ATS_AT = 0xa20;
    private static final int PRI_AT = 0xa40;

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
                                topology.with(withServices(function)),
                                new AcpiTables(Map.of()),
                                List.of(unit),
                                captured.memory(),
                                Set.of(),
                                Map.of(),
                                List.of()));
        run(new Command.BindDriver(DEVICE, Optional.of("vfio-pci")));
    }

    /// Links a PASID capability of 20 bits, with execute and privileged, an ATS capability and a page
    /// request capability for 8 requests to the end of the chain.
    private static PciFunction withServices(PciFunction function) {
        ConfigSpace config =
                linked(function.config(), PASID_AT, 0x1b).with(PASID_AT + 4, 4, 0x1406);
        config = linked(config, ATS_AT, 0x0f).with(ATS_AT + 4, 4, 0x20);
        config = linked(config, PRI_AT, 0x13).with(PRI_AT + 4, 4, 0x100_0000);
        return function.withConfig(config.with(PRI_AT + 8, 4, 8).with(PRI_AT + 12, 4, 8));
    }

    private static ConfigSpace linked(ConfigSpace config, int newAt, int id) {
        int at = 0x100;
        while (config.read32(at) >>> 20 != 0) {
            at = config.read32(at) >>> 20;
        }
        return config.with(at + 2, 2, config.read16(at + 2) & 0xf | newAt << 4)
                .with(newAt, 4, id | 1 << 16);
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
