package iommulab.app;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Replacement;
import iommulab.engine.group.AcsParameter;
import iommulab.engine.group.DomainType;
import iommulab.engine.group.Grouping;
import iommulab.engine.group.LinuxGroups;
import iommulab.engine.io.CapturedFacts;
import iommulab.engine.io.KernelUnit;
import iommulab.engine.io.MachineCapture;
import iommulab.engine.io.Progress;
import iommulab.engine.io.SysfsArchive;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Stage;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.Region;
import iommulab.engine.memory.Region.RegionKind;
import iommulab.engine.os.SoftwareView;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciTopology;
import iommulab.engine.session.Command;
import iommulab.engine.session.JournalView;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Counters;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.Unit;
import iommulab.engine.session.Preview;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Snapshots of captured machines, for tests of panels: topology and units are the capture's, groups are
/// formed from them, and the rest is said by the test.
public final class SnapshotFixture {
    private static final String FOLDER = "../engine/src/test/resources/linux-groups";

    private final MachineCapture capture;
    private PciTopology topology;
    private final String name;
    private final List<Domain> domains = new ArrayList<>();
    private final List<DmaEvent> events = new ArrayList<>();

    private SnapshotFixture(String name, MachineCapture capture) {
        this.name = name;
        this.capture = capture;
        this.topology = capture.topology();
    }

    /// A captured machine of the engine's test resources, such as `sriov-igb-a`.
    public static SnapshotFixture captured(String name) {
        var file = Path.of(FOLDER, name, "sysfs.tar.gz");
        try (InputStream in = Files.newInputStream(file)) {
            return new SnapshotFixture(
                    name, SysfsArchive.read(in, Files.size(file), Progress.NONE));
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (iommulab.engine.io.FileRefused e) {
            throw new AssertionError(e);
        }
    }

    public SnapshotFixture with(PciTopology other) {
        topology = other;
        return this;
    }

    /// A domain made by somebody.
    public SnapshotFixture domain(int id, String... functions) {
        domains.add(
                new Domain(
                        id,
                        "user " + id,
                        DomainType.UNMANAGED,
                        true,
                        "dmar0",
                        id,
                        Stage.SECOND,
                        0,
                        0x10_0000,
                        4,
                        java.util.Arrays.stream(functions).map(PciAddress::parse).toList(),
                        List.of(),
                        List.of(
                                new MachineSnapshot.Mapping(
                                        0x1000,
                                        0x200_0000,
                                        0x20_0000,
                                        iommulab.engine.iommu.Permissions.READ_WRITE,
                                        "1 × 2 MiB")),
                        0x20_0000,
                        3,
                        List.of()));
        return this;
    }

    public SnapshotFixture dma(String function, DmaOutcome outcome) {
        return dma(function, outcome, Optional.empty());
    }

    public SnapshotFixture peer(String function, String target) {
        return dma(function, DmaOutcome.PEER, Optional.of(PciAddress.parse(target)));
    }

    private SnapshotFixture dma(String function, DmaOutcome outcome, Optional<PciAddress> peer) {
        var device = PciAddress.parse(function);
        events.addFirst(
                new DmaEvent(
                        events.size() + 1,
                        device,
                        device.requesterId(),
                        0x1000,
                        64,
                        Access.READ,
                        PasidPrefix.NONE,
                        AddressType.UNTRANSLATED,
                        outcome,
                        outcome == DmaOutcome.HIT ? 0x200_0000 : 0,
                        peer,
                        outcome == DmaOutcome.PEER || outcome == DmaOutcome.BLOCKED ? "" : "dmar0",
                        1,
                        outcome == DmaOutcome.WALK ? 3 : 0,
                        14,
                        outcome == DmaOutcome.FAULT
                                ? Optional.of(LabMachine.Reason.READ_CLEAR)
                                : Optional.empty(),
                        ""));
        return this;
    }

    public MachineSnapshot snapshot() {
        return new MachineSnapshot(
                name,
                "captured",
                new MachineSnapshot.Kernel(capture.kernelRelease(), capture.commandLine(), "Linux"),
                topology,
                grouping(),
                capture.kernelSaid(),
                capture.kernelUnits().stream().map(this::unit).toList(),
                List.copyOf(domains),
                memory(),
                List.of(),
                false,
                Counters.ZERO,
                Map.of(),
                Map.of(),
                List.of(),
                List.copyOf(events),
                SoftwareView.NONE,
                JournalView.EMPTY);
    }

    /// What configuration writes would do to the groups, by the engine's own rules.
    public Preview preview(List<Command> commands) {
        var after = topology;
        for (var command : commands) {
            if (command instanceof Command.WriteConfig(var at, int offset, int width, int value)) {
                var function = after.get(at);
                after =
                        after.with(
                                function.withConfig(function.config().with(offset, width, value)));
            }
        }
        var facts = CapturedFacts.of(capture).with(after);
        var grouping = LinuxGroups.of(facts);
        return new Preview(
                grouping(),
                grouping,
                after,
                List.of(),
                AcsParameter.forEdits(topology, after).orElse(""));
    }

    private Grouping grouping() {
        return LinuxGroups.of(CapturedFacts.of(capture).with(topology));
    }

    private Unit unit(KernelUnit unit) {
        boolean intel = unit.name().startsWith("dmar");
        return new Unit(
                unit.name(),
                intel ? "VT-d legacy" : "another",
                intel,
                unit.address().orElse(0),
                unit.devices().size() + " functions",
                unit.devices(),
                intel,
                0,
                48,
                unit.cap().orElse(0),
                unit.ecap().orElse(0),
                intel ? caches() : List.of(),
                List.of(new MachineSnapshot.FaultRecord(0, 0, 0, true, List.of())),
                false,
                Optional.empty(),
                List.of(),
                List.of(),
                Counters.ZERO);
    }

    private static List<CacheSnapshot> caches() {
        return List.of(
                cache(CacheKind.DEVICE_ENTRY, 0, 1000, 991),
                cache(CacheKind.IOTLB, 0, 1000, 974),
                cache(CacheKind.PAGING_STRUCTURE, 4, 26, 25),
                cache(CacheKind.PAGING_STRUCTURE, 3, 26, 20),
                cache(CacheKind.PAGING_STRUCTURE, 2, 0, 0));
    }

    private static CacheSnapshot cache(CacheKind kind, int level, long lookups, long hits) {
        return new CacheSnapshot(
                kind,
                level,
                new CacheGeometry(4, 4, Replacement.LRU),
                new CacheSnapshot.Statistics(lookups, hits, 0, 0, 0, 0, 0, 0),
                List.of(),
                -1,
                -1);
    }

    private List<Region> memory() {
        var regions = new ArrayList<Region>();
        regions.add(region(RegionKind.RAM, "System RAM", 0, 0x7fff_ffff));
        regions.add(region(RegionKind.TABLES, "tables", 0x8000_0000L, 0x80ff_ffffL));
        regions.add(region(RegionKind.INTERRUPT, "interrupts", 0xfee0_0000L, 0xfeef_ffffL));
        for (var function : topology.functions()) {
            for (var r : function.resources()) {
                if (r.isMemory() && r.index() < 6) {
                    regions.add(
                            new Region(
                                    new AddressRange(r.start(), r.end()),
                                    RegionKind.BAR,
                                    "BAR %d of %s".formatted(r.index(), function.address()),
                                    Optional.of(function.address())));
                }
            }
        }
        return regions;
    }

    private static Region region(RegionKind kind, String name, long start, long last) {
        return new Region(new AddressRange(start, last), kind, name, Optional.empty());
    }
}
