package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.group.DomainType;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.stream.Stream;

/// What holds on every architecture that has PASIDs and two stages: the same commands, the same answers.
class EveryArchitectureTest {
    private static final long IOVA = 0x4000_0000L;
    private static final long PAGE = 0x100_0000L;
    private static final long GUEST_RAM = 0x200_0000L;
    private static final PasidPrefix PASID = PasidPrefix.of(0x2a);

    static Stream<IommuUnit> units() {
        return Stream.of(Architecture.values())
                .filter(architecture -> architecture != Architecture.VTD_LEGACY)
                .map(Architecture::unit);
    }

    @ParameterizedTest
    @MethodSource("units")
    void aDeviceReachesWhatItsDomainMaps(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        attached(bench);
        var walk = bench.read(IOVA + 0x123_456, PasidPrefix.NONE);
        assertThat(walk.outcome()).isEqualTo(DmaOutcome.WALK);
        assertThat(walk.target()).isEqualTo(PAGE + 0x123_456);
        assertThat(bench.read(IOVA + 0x123_460, PasidPrefix.NONE).outcome())
                .isEqualTo(DmaOutcome.HIT);
        assertThat(bench.read(IOVA + 0x20_0000, PasidPrefix.NONE).outcome())
                .isEqualTo(DmaOutcome.FAULT);
    }

    @ParameterizedTest
    @MethodSource("units")
    void anUnmapReachesTheCaches(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        int domain = attached(bench);
        bench.read(IOVA, PasidPrefix.NONE);
        bench.run(new Command.UnmapPages(domain, IOVA, 0x20_0000, true));
        assertThat(bench.read(IOVA, PasidPrefix.NONE).outcome()).isEqualTo(DmaOutcome.FAULT);
    }

    @ParameterizedTest
    @MethodSource("units")
    void aPasidHasItsOwnAddressSpace(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        bench.passThrough();
        int space = bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, 0, 0));
        bench.map(space, IOVA, PAGE + 0x1000, 0x1000, Permissions.READ);
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, 0x2a, space));
        assertThat(bench.read(IOVA + 8, PASID).target()).isEqualTo(PAGE + 0x1008);
        assertThat(bench.read(IOVA + 12, PASID).outcome()).isEqualTo(DmaOutcome.HIT);
        assertThat(bench.dma(IOVA, Access.WRITE, PASID).outcome()).isEqualTo(DmaOutcome.FAULT);
        assertThat(bench.read(IOVA, PasidPrefix.of(0x2b)).outcome()).isEqualTo(DmaOutcome.FAULT);
        bench.run(new Command.DetachPasid(ArchitectureBench.DEVICE, 0x2a));
        assertThat(bench.read(IOVA, PASID).outcome()).isEqualTo(DmaOutcome.FAULT);
    }

    @ParameterizedTest
    @MethodSource("units")
    void aPasidDoesNotSeeTheDevicesOwnDomain(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        bench.passThrough();
        int space = bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, 0, 0));
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, 0x2a, space));
        bench.map(space, IOVA, PAGE, 0x1000, Permissions.READ);
        assertThat(bench.read(IOVA, PASID).target()).isEqualTo(PAGE);
        assertThat(bench.read(IOVA, PasidPrefix.NONE).target()).isNotEqualTo(PAGE);
    }

    @ParameterizedTest
    @MethodSource("units")
    void aNestedDomainGoesThroughItsParent(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        int parent = guest(bench);
        int nested =
                bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, parent, 0));
        bench.map(nested, IOVA, 0x5000, 0x1000, Permissions.READ);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, nested));
        var walk = bench.read(IOVA + 4, PasidPrefix.NONE);
        assertThat(walk.outcome()).isEqualTo(DmaOutcome.WALK);
        assertThat(walk.target()).isEqualTo(GUEST_RAM + 0x5004);
        bench.run(new Command.UnmapPages(parent, 0x20_0000, 0x20_0000, true));
        assertThat(bench.read(IOVA + 4, PasidPrefix.NONE).outcome())
                .as("what the guest maps is still there")
                .isEqualTo(DmaOutcome.WALK);
        bench.run(new Command.UnmapPages(parent, 0x5000, 0x1000, true));
        assertThat(bench.read(IOVA + 4, PasidPrefix.NONE).outcome()).isEqualTo(DmaOutcome.FAULT);
    }

    @ParameterizedTest
    @MethodSource("units")
    void aParentLivesAsLongAsWhatIsNestedInIt(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        int parent = guest(bench);
        bench.run(new Command.CreateFirstStage(ArchitectureBench.DEVICE, parent, 0));
        assertThatThrownBy(() -> bench.run(new Command.DeleteDomain(parent)))
                .isInstanceOf(CommandRefused.class)
                .hasMessageContaining("nested in domain");
    }

    @ParameterizedTest
    @MethodSource("units")
    void goingBackGoesBackToTheSameState(IommuUnit unit) throws CommandRefused {
        var bench = new ArchitectureBench(unit);
        int parent = guest(bench);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, parent));
        int nested =
                bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, parent, 0));
        bench.map(nested, IOVA, 0x5000, 0x1000, Permissions.READ);
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, 0x2a, nested));
        bench.read(IOVA, PASID);
        var then = bench.machine.checkpoint();
        long hash = bench.machine.stateHash();
        bench.map(nested, IOVA + 0x1000, 0x6000, 0x1000, Permissions.READ);
        bench.read(IOVA + 0x1000, PASID);
        bench.run(new Command.DetachPasid(ArchitectureBench.DEVICE, 0x2a));
        bench.machine.restore(then);
        assertThat(bench.machine.stateHash()).isEqualTo(hash);
        assertThat(bench.read(IOVA, PASID).outcome()).isEqualTo(DmaOutcome.HIT);
        bench.map(nested, IOVA + 0x1000, 0x6000, 0x1000, Permissions.READ);
        assertThat(bench.read(IOVA + 0x1000, PASID).target()).isEqualTo(GUEST_RAM + 0x6000);
    }

    private static int attached(ArchitectureBench bench) throws CommandRefused {
        int domain =
                bench.created(
                        new Command.CreateDomain(
                                ArchitectureBench.DEVICE, DomainType.UNMANAGED, 0));
        bench.map(domain, IOVA, PAGE, 0x20_0000, Permissions.READ_WRITE);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domain));
        return domain;
    }

    /// A guest with 8 MiB of memory from guest-physical 0 on.
    private static int guest(ArchitectureBench bench) throws CommandRefused {
        int parent =
                bench.created(
                        new Command.CreateDomain(
                                ArchitectureBench.DEVICE, DomainType.UNMANAGED, 0));
        bench.map(parent, 0, GUEST_RAM, 0x80_0000, Permissions.READ_WRITE);
        return parent;
    }
}
