package iommulab.app;

import iommulab.engine.firmware.AcpiTables;
import iommulab.engine.group.DomainType;
import iommulab.engine.io.CapturedMachine;
import iommulab.engine.io.FileRefused;
import iommulab.engine.io.Progress;
import iommulab.engine.io.SysfsArchive;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.MachineDescription;
import iommulab.engine.session.Session;
import iommulab.engine.session.WalkQuestion;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A captured machine with an IOMMU of any architecture, and a function whose PASID 0x2a a guest has:
/// four levels of tables in each stage, pages of 4 KiB.
public final class NestedMachine {
    public static final PciAddress DEVICE = PciAddress.parse("0000:06:00.0");
    public static final PasidPrefix PASID = PasidPrefix.of(0x2a);

    /// Two pages are mapped from here on.
    public static final long IOVA = 0x4000_0000L;

    private static final int PASID_AT = 0xa00;
    private static final Path CAPTURE =
            Path.of("../engine/src/test/resources/linux-groups/switch-noacs-a/sysfs.tar.gz");

    private NestedMachine() {}

    /// Switched on, its tables written.
    public static Session of(Architecture architecture) {
        return of(architecture, 0);
    }

    /// The same with so many levels in each stage; 0 for as many as usual.
    public static Session of(Architecture architecture, int levels) {
        var session = bare(architecture);
        nest(session, levels);
        return session;
    }

    /// Switched on, and nothing was done yet.
    public static Session bare(Architecture architecture) {
        try (var archive = Files.newInputStream(CAPTURE)) {
            var captured =
                    CapturedMachine.describe(
                            SysfsArchive.read(archive, -1, Progress.NONE), "nested");
            var topology = captured.topology();
            return Session.open(
                    new MachineDescription(
                            "nested",
                            "test",
                            "",
                            "7.0.0",
                            "",
                            topology.with(withPasids(topology.find(DEVICE).orElseThrow())),
                            new AcpiTables(Map.of()),
                            List.of(architecture.unit()),
                            captured.memory(),
                            Set.of(),
                            Map.of(),
                            List.of()),
                    List.of());
        } catch (IOException | CommandRefused | FileRefused e) {
            throw new AssertionError(architecture.words(), e);
        }
    }

    private static void nest(Session session, int levels) {
        session.submit(new Command.BindDriver(DEVICE, Optional.of("vfio-pci"))).join();
        session.submit(new Command.CreateDomain(DEVICE, DomainType.UNMANAGED, levels)).join();
        int parent = session.newest().domains().getLast().id();
        session.submit(
                        new Command.MapPages(
                                parent, 0, 0x200_1000L, 0x40_0000, Permissions.READ_WRITE))
                .join();
        session.submit(new Command.AttachDevice(DEVICE, parent)).join();
        session.submit(new Command.CreateFirstStage(DEVICE, parent, levels)).join();
        int guest = session.newest().domains().getLast().id();
        session.submit(new Command.MapPages(guest, IOVA, 0x5000, 0x2000, Permissions.READ)).join();
        session.submit(new Command.AttachPasid(DEVICE, PASID.pasid(), guest)).join();
    }

    /// Asks for a page of the guest.
    public static WalkQuestion question(boolean withCaches) {
        return new WalkQuestion(DEVICE, IOVA + 0x10, 4, Access.READ, PASID, withCaches);
    }

    /// Lets the device read the other page, so that the caches know the way to its neighbour.
    public static Command readOfTheNeighbour() {
        return new Command.IssueDma(DEVICE, IOVA + 0x1000, 4, Access.READ, PASID);
    }

    /// Links a PASID capability of 20 bits to the end of the chain.
    private static PciFunction withPasids(PciFunction function) {
        var config = function.config();
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
}
