package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.DomainType;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.vtd.VtdCapabilities;
import iommulab.engine.os.Domain;
import iommulab.engine.os.IommuDriver;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

import java.util.List;

/// Domains that make all requests look into the processors' caches: the bits that say so, where they are.
class EnforcedSnoopingTest {
    private static final long IOVA = 0x4000_0000L;
    private static final long HOME = 0x100_0000L;
    private static final PasidPrefix PASID = PasidPrefix.of(0x2a);
    private static final long SNOOP_CONTROL = 1 << 7;

    private static int created(ArchitectureBench bench) throws CommandRefused {
        return bench.created(
                new Command.CreateDomain(ArchitectureBench.DEVICE, DomainType.UNMANAGED, 0));
    }

    private static boolean enforce(ArchitectureBench bench, int number) throws MappingRefused {
        return domain(bench, number).enforceSnooping(driver(bench));
    }

    private static Domain domain(ArchitectureBench bench, int number) {
        return bench.machine.domains.find(number).orElseThrow();
    }

    private static IommuDriver driver(ArchitectureBench bench) {
        return bench.machine.units.getFirst().driver();
    }

    /// The values of a field in all entries on the way of a read.
    private static List<Long> field(ArchitectureBench bench, String name, PasidPrefix prefix)
            throws CommandRefused {
        var question =
                new WalkQuestion(ArchitectureBench.DEVICE, IOVA, 4, Access.READ, prefix, false);
        return Explanation.of(bench.machine, question).steps().stream()
                .flatMap(step -> step.fields().stream())
                .filter(field -> field.name().equals(name))
                .map(field -> field.value())
                .toList();
    }

    @ParameterizedTest
    @EnumSource(
            value = Architecture.class,
            names = {"VTD_LEGACY", "VTD_SCALABLE"})
    void everyLeafOfASecondStageSaysSo(Architecture architecture) throws Exception {
        var bench = new ArchitectureBench(architecture);
        int domain = created(bench);
        assertThat(enforce(bench, domain)).isTrue();
        assertThat(domain(bench, domain).enforcesSnooping()).isTrue();
        bench.map(domain, IOVA, HOME, 0x20_0000, Permissions.READ_WRITE);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domain));
        assertThat(bench.read(IOVA, PasidPrefix.NONE).outcome()).isEqualTo(DmaOutcome.WALK);
        assertThat(field(bench, "SNP", PasidPrefix.NONE)).containsExactly(1L);
        bench.run(new Command.UnmapPages(domain, IOVA + 0x1000, 0x1000, true));
        assertThat(field(bench, "SNP", PasidPrefix.NONE)).as("of a part").containsExactly(1L);
    }

    @Test
    void onAmdViTheLeavesForceCoherence() throws Exception {
        var bench = new ArchitectureBench(Architecture.AMD_VI);
        int domain = created(bench);
        assertThat(enforce(bench, domain)).isTrue();
        bench.map(domain, IOVA, HOME, 0x1000, Permissions.READ_WRITE);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domain));
        assertThat(bench.read(IOVA, PasidPrefix.NONE).outcome()).isEqualTo(DmaOutcome.WALK);
        assertThat(field(bench, "FC", PasidPrefix.NONE)).containsExactly(1L);
    }

    @Test
    void ofAFirstStageThePasidsEntriesSaySo() throws Exception {
        var bench = new ArchitectureBench(Architecture.VTD_SCALABLE);
        bench.passThrough();
        int space = bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, 0, 0));
        bench.map(space, IOVA, HOME, 0x1000, Permissions.READ);
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, PASID.pasid(), space));
        bench.read(IOVA, PASID);
        assertThat(enforce(bench, space)).as("whatever is mapped").isTrue();
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, 0x55, space));
        for (var prefix : List.of(PASID, PasidPrefix.of(0x55))) {
            assertThat(field(bench, "PGSNP", prefix)).containsExactly(1L);
            assertThat(bench.read(IOVA, prefix).target()).isEqualTo(HOME);
        }
        assertThat(field(bench, "PGSNP", PasidPrefix.NONE)).containsExactly(0L);
    }

    @Test
    void whatIsMappedAlreadyStandsInTheWayOfASecondStage() throws Exception {
        var bench = new ArchitectureBench(Architecture.VTD_SCALABLE);
        int domain = created(bench);
        bench.map(domain, IOVA, HOME, 0x1000, Permissions.READ);
        assertThat(enforce(bench, domain)).isFalse();
        assertThat(domain(bench, domain).enforcesSnooping()).isFalse();
        bench.run(new Command.UnmapPages(domain, IOVA, 0x1000, true));
        assertThat(enforce(bench, domain)).isTrue();
        assertThat(enforce(bench, domain)).as("once more").isTrue();
    }

    @Test
    void withoutSnoopControlItCannotBeDone() throws Exception {
        var everything = VtdCapabilities.EVERYTHING;
        var unit = IommuUnit.of("dmar0", 0, everything.cap(), everything.ecap() & ~SNOOP_CONTROL);
        var bench = new ArchitectureBench(unit);
        int domain = created(bench);
        assertThat(enforce(bench, domain)).isFalse();
        bench.map(domain, IOVA, HOME, 0x1000, Permissions.READ);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domain));
        assertThat(bench.read(IOVA, PasidPrefix.NONE).outcome()).isEqualTo(DmaOutcome.WALK);
    }

    @ParameterizedTest
    @EnumSource(
            value = Architecture.class,
            mode = Mode.EXCLUDE,
            names = {"VTD_LEGACY", "VTD_SCALABLE", "AMD_VI"})
    void otherArchitecturesDoNotOfferIt(Architecture architecture) throws Exception {
        var bench = new ArchitectureBench(architecture);
        assertThat(enforce(bench, created(bench))).isFalse();
    }

    @Test
    void trackingAndSnoopingGoTogetherAndGoBackTogether() throws Exception {
        var bench = new ArchitectureBench(Architecture.VTD_SCALABLE);
        int domain = created(bench);
        enforce(bench, domain);
        domain(bench, domain).trackDirty(true, driver(bench));
        var then = bench.machine.checkpoint();
        long hash = bench.machine.stateHash();
        domain(bench, domain).trackDirty(false, driver(bench));
        bench.machine.restore(then);
        assertThat(bench.machine.stateHash()).isEqualTo(hash);
        bench.map(domain, IOVA, HOME, 0x1000, Permissions.READ_WRITE);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domain));
        bench.dma(IOVA, Access.WRITE, PasidPrefix.NONE);
        assertThat(field(bench, "SNP", PasidPrefix.NONE)).containsExactly(1L);
        assertThat(domain(bench, domain).readDirty(IOVA, 0x1000, false, (_, _) -> {}).pages())
                .hasToString("1 × 4 KiB");
    }
}
