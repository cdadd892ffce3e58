package iommulab.engine.session;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Replacement;
import iommulab.engine.group.DomainType;
import iommulab.engine.io.CapturedMachine;
import iommulab.engine.io.FileRefused;
import iommulab.engine.io.Progress;
import iommulab.engine.io.SysfsArchive;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.os.Invalidation;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.traffic.Pattern;
import iommulab.engine.traffic.TrafficSource;

import java.util.List;
import java.util.Optional;
import java.util.Random;

/// Machines and commands to try the session with.
final class TestMachine {
    private TestMachine() {}

    /// A machine that a Linux kernel was captured on; see the captures' folder for what it has.
    static MachineDescription captured(String name) {
        try (var archive =
                TestMachine.class.getResourceAsStream("/linux-groups/" + name + "/sysfs.tar.gz")) {
            return CapturedMachine.describe(SysfsArchive.read(archive, -1, Progress.NONE), name);
        } catch (java.io.IOException | FileRefused e) {
            throw new IllegalStateException(e);
        }
    }

    /// Commands that often make sense and sometimes do not.
    ///
    /// @param functions that the machine had at power-on; some may be gone
    static Command randomCommand(
            Random random, List<PciAddress> functions, MachineSnapshot machine) {
        var function = functions.get(random.nextInt(functions.size()));
        int domains = machine.domains().size() + 1;
        int domain = random.nextInt(domains + 1);
        long page = 0x100L + random.nextInt(64);
        return switch (random.nextInt(20)) {
            case 0 -> new Command.CreateDomain(function, type(random), random.nextInt(6));
            case 1 -> new Command.DeleteDomain(domain);
            case 2, 3 -> new Command.AttachDevice(function, domain);
            case 4 -> new Command.DetachDevice(function);
            case 5, 6, 7 ->
                    new Command.MapPages(
                            domain,
                            page << 12,
                            (page + random.nextInt(8)) << 12,
                            (1L + random.nextInt(1024)) << 12,
                            Permissions.values()[random.nextInt(4)]);
            case 8, 9 ->
                    new Command.UnmapPages(
                            domain,
                            page << 12,
                            (1L + random.nextInt(32)) << 12,
                            random.nextBoolean());
            case 10, 11, 12 ->
                    new Command.IssueDma(
                            function,
                            (page << 12) + random.nextInt(4000),
                            1 + random.nextInt(96),
                            random.nextBoolean() ? Access.READ : Access.WRITE);
            case 13 -> new Command.BindDriver(function, driver(random));
            case 14 ->
                    new Command.Invalidate(
                            "dmar0", invalidation(random, page << 12), random.nextBoolean());
            case 15 ->
                    new Command.SetCacheGeometry(
                            "dmar0", CacheKind.values()[random.nextInt(3)], geometry(random));
            case 16 ->
                    new Command.WriteConfig(
                            function, 0x100 + 4 * random.nextInt(64), 2, random.nextInt(0x10000));
            case 17 -> new Command.SetSource(source(random, function));
            case 18 -> new Command.RunTraffic(1 + random.nextInt(300));
            default -> rare(random, function, page);
        };
    }

    private static Command rare(Random random, PciAddress function, long page) {
        return switch (random.nextInt(6)) {
            case 0 -> new Command.RemoveFunction(function);
            case 1 -> new Command.SetTranslation("dmar0", random.nextBoolean());
            case 2 -> new Command.ClearFaults("dmar0");
            case 3 -> new Command.WriteMemory(page << 12, random.nextLong());
            case 4 -> new Command.RemoveSource(1 + random.nextInt(3));
            default ->
                    new Command.SetCost(
                            CostEvent.values()[random.nextInt(CostEvent.values().length)],
                            random.nextInt(500));
        };
    }

    private static DomainType type(Random random) {
        return random.nextInt(3) > 0
                ? DomainType.UNMANAGED
                : DomainType.values()[random.nextInt(DomainType.values().length)];
    }

    private static Optional<String> driver(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> Optional.of("vfio-pci");
            case 1 -> Optional.of("e1000e");
            default -> Optional.empty();
        };
    }

    private static Invalidation invalidation(Random random, long iova) {
        int tag = random.nextInt(12);
        return switch (random.nextInt(6)) {
            case 0 -> new Invalidation.ContextGlobal();
            case 1 -> new Invalidation.ContextDomain(tag);
            case 2 -> new Invalidation.ContextDevice(tag, random.nextInt(0x300), 0);
            case 3 -> new Invalidation.IotlbGlobal();
            case 4 -> new Invalidation.IotlbDomain(tag);
            default -> new Invalidation.IotlbPage(tag, iova, random.nextInt(6));
        };
    }

    private static CacheGeometry geometry(Random random) {
        var policies = Replacement.values();
        return random.nextInt(4) == 0
                ? CacheGeometry.OFF
                : new CacheGeometry(
                        1 << random.nextInt(5),
                        1 << random.nextInt(3),
                        policies[random.nextInt(policies.length)]);
    }

    private static TrafficSource source(Random random, PciAddress device) {
        long start = 0x100000;
        long bytes = 0x40000;
        Pattern pattern =
                switch (random.nextInt(6)) {
                    case 0 -> new Pattern.Sequential(start, bytes);
                    case 1 -> new Pattern.Uniform(start, bytes);
                    case 2 -> new Pattern.Zipf(start, bytes, 1);
                    case 3 -> new Pattern.Stride(start, bytes, 8192);
                    case 4 -> new Pattern.NicRing(start, 32, start + 0x10000, 2048);
                    default -> new Pattern.Msi(4);
                };
        return new TrafficSource(
                1 + random.nextInt(3),
                device,
                pattern,
                1 + random.nextInt(5),
                64,
                random.nextInt(101),
                random.nextLong());
    }

    static List<String> names() {
        return List.of("switch-mixed-acs-a", "pci-bridges-deep-a", "sriov-igb-a", "rmrr-a");
    }
}
