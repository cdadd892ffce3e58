package iommulab.app;

import iommulab.app.shell.Bench;
import iommulab.engine.group.DomainType;
import iommulab.engine.io.CapturedMachine;
import iommulab.engine.io.Progress;
import iommulab.engine.io.SysfsArchive;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.CommandText;
import iommulab.engine.session.MachineDescription;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Session;
import iommulab.engine.traffic.Pattern;
import iommulab.engine.traffic.TrafficSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A real session on a machine that a Linux kernel was captured on: what the window shows in tests.
public final class LabSession implements AutoCloseable {
    private static final Path CAPTURES = Path.of("../engine/src/test/resources/linux-groups");
    private static final long IOVA = 0x4000_0000L;
    private static final long BYTES = 0x20_0000;

    private final Session session;

    private LabSession(Session session) {
        this.session = session;
    }

    /// The machine of a capture, switched on.
    ///
    /// @param capture name of its folder
    public static LabSession captured(String capture) {
        try (var archive =
                Files.newInputStream(CAPTURES.resolve(capture).resolve("sysfs.tar.gz"))) {
            var machine =
                    CapturedMachine.describe(
                            SysfsArchive.read(archive, -1, Progress.NONE), capture);
            return new LabSession(Session.open(machine, List.of()));
        } catch (Exception e) {
            throw new AssertionError(capture, e);
        }
    }

    /// A machine that was described by hand, switched on.
    public static LabSession described(MachineDescription machine) {
        try {
            return new LabSession(Session.open(machine, List.of()));
        } catch (CommandRefused e) {
            throw new AssertionError(e);
        }
    }

    /// A call of the kernel, in the words of the console.
    public LabSession call(String call) {
        try {
            return run(CommandText.parse(call));
        } catch (CommandRefused unreadable) {
            throw new AssertionError(call, unreadable);
        }
    }

    /// A bench with this machine on it; call on the JavaFX thread.
    public Bench bench() {
        return new Bench(session);
    }

    public Session session() {
        return session;
    }

    public MachineSnapshot machine() {
        return session.newest();
    }

    /// Runs a command and waits for it.
    public LabSession run(Command command) {
        session.submit(command).join();
        return this;
    }

    /// A domain for a function, with 2 MiB mapped at 0x40000000 and a source that asks for them.
    public LabSession atWork(PciAddress function) {
        run(new Command.CreateDomain(function, DomainType.UNMANAGED, 4));
        int domain = machine().domains().getLast().id();
        run(new Command.BindDriver(function, java.util.Optional.of("vfio-pci")));
        run(new Command.AttachDevice(function, domain));
        run(new Command.MapPages(domain, IOVA, 0x1000_0000L, BYTES, Permissions.READ_WRITE));
        return run(
                new Command.SetSource(
                        new TrafficSource(
                                1, function, new Pattern.Uniform(IOVA, BYTES), 1, 64, 50, 42)));
    }

    @Override
    public void close() {
        session.close();
    }
}
