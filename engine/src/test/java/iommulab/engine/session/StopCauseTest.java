package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.amdvi.AmdFault;
import iommulab.engine.iommu.riscv.RiscvFault;
import iommulab.engine.iommu.selftest.SelftestFault;
import iommulab.engine.iommu.smmuv3.SmmuFault;
import iommulab.engine.iommu.vtd.VtdFault;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Arrays;
import java.util.stream.Stream;

/// Why a request was stopped, in the same terms on every architecture.
class StopCauseTest {
    private static final long IOVA = 0x4000_0000L;
    private static final long HOME = 0x100_0000L;
    private static final long GUEST_RAM = 0x200_0000L;
    private static final PasidPrefix PASID = PasidPrefix.of(0x2a);
    private static final PasidPrefix NONE = PasidPrefix.NONE;

    static Stream<FaultReason> reasons() {
        return Stream.<FaultReason[]>of(
                        VtdFault.values(),
                        AmdFault.values(),
                        SmmuFault.values(),
                        RiscvFault.values(),
                        SelftestFault.values())
                .flatMap(Arrays::stream);
    }

    @ParameterizedTest
    @MethodSource("reasons")
    void everyReasonHasACause(FaultReason reason) {
        assertThat(reason.causes()).isNotEmpty();
        if (reason.name().matches(".*(RESERVED|UNREADABLE|CORRUPTED|MALFORMED|MISCONFIGURED).*")) {
            assertThat(reason.causes()).as("broken tables").containsExactly(StopCause.OTHER);
        }
    }

    static Stream<Architecture> architectures() {
        return Stream.of(Architecture.values())
                .filter(architecture -> architecture != Architecture.VTD_LEGACY);
    }

    private static int domain(ArchitectureBench bench, DomainType type) throws CommandRefused {
        return bench.created(new Command.CreateDomain(ArchitectureBench.DEVICE, type, 0));
    }

    private static int firstStage(ArchitectureBench bench, int parent) throws CommandRefused {
        return bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, parent, 0));
    }

    private static void attach(ArchitectureBench bench, int domain) throws CommandRefused {
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domain));
    }

    private static StopCause why(
            ArchitectureBench bench, long iova, Access access, PasidPrefix prefix)
            throws CommandRefused {
        var outcome = bench.dma(iova, access, prefix).outcome();
        assertThat(outcome).isIn(DmaOutcome.FAULT, DmaOutcome.BLOCKED);
        return cause(bench.machine.units.getFirst().hardware());
    }

    private static StopCause cause(Iommu hardware) {
        var cause = hardware.lastCause().orElseThrow();
        var fault = hardware.lastFault();
        if (fault != null) {
            assertThat(fault.causes()).as("what %s can come to", fault).contains(cause);
        }
        return cause;
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void aDeviceInABlockedDomainIsBlocked(Architecture architecture) throws CommandRefused {
        var bench = new ArchitectureBench(architecture);
        attach(bench, domain(bench, DomainType.UNMANAGED));
        bench.run(new Command.DetachDevice(ArchitectureBench.DEVICE));
        attach(bench, domain(bench, DomainType.BLOCKED));
        assertThat(why(bench, IOVA, Access.READ, NONE)).isEqualTo(StopCause.BLOCKED);
        assertThat(why(bench, IOVA, Access.WRITE, NONE)).isEqualTo(StopCause.BLOCKED);
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void aRequesterThatNobodyKnowsIsBlocked(Architecture architecture) throws CommandRefused {
        var hardware = new ArchitectureBench(architecture).machine.units.getFirst().hardware();
        hardware.translate(0x12ff, Iommu.NO_PASID, IOVA, Iommu.READ);
        assertThat(cause(hardware)).isEqualTo(StopCause.BLOCKED);
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void aPasidWithoutAnEntryHasItsOwnCause(Architecture architecture) throws CommandRefused {
        var bench = new ArchitectureBench(architecture);
        bench.passThrough();
        var hardware = bench.machine.units.getFirst().hardware();
        hardware.translate(0x600, PASID.pasid(), IOVA, Iommu.READ);
        assertThat(cause(hardware)).as("no PASIDs at all").isEqualTo(StopCause.PASID);
        int space = firstStage(bench, 0);
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, 5, space));
        assertThat(why(bench, IOVA, Access.READ, PASID)).isEqualTo(StopCause.PASID);
        assertThat(why(bench, IOVA, Access.READ, PasidPrefix.of(0xf_ffff)))
                .as("beyond the table")
                .isEqualTo(StopCause.PASID);
        bench.run(new Command.DetachPasid(ArchitectureBench.DEVICE, 5));
        assertThat(why(bench, IOVA, Access.READ, PasidPrefix.of(5))).isEqualTo(StopCause.PASID);
    }

    static Stream<Architecture> all() {
        return Stream.of(Architecture.values());
    }

    @ParameterizedTest
    @MethodSource("all")
    void aSecondStageAloneIsToldApart(Architecture architecture) throws CommandRefused {
        var bench = new ArchitectureBench(architecture);
        int domain = domain(bench, DomainType.UNMANAGED);
        bench.map(domain, IOVA, HOME, 0x1000, Permissions.READ);
        attach(bench, domain);
        assertThat(why(bench, IOVA, Access.WRITE, NONE)).isEqualTo(StopCause.SECOND_STAGE_RIGHTS);
        bench.read(IOVA, NONE);
        assertThat(why(bench, IOVA, Access.WRITE, NONE))
                .as("once it is cached")
                .isEqualTo(StopCause.SECOND_STAGE_RIGHTS);
        for (var access : Access.values()) {
            assertThat(why(bench, IOVA + 0x1000, access, NONE))
                    .isEqualTo(StopCause.SECOND_STAGE_UNMAPPED);
            assertThat(why(bench, IOVA + 0x3000_0000, access, NONE))
                    .isEqualTo(StopCause.SECOND_STAGE_UNMAPPED);
        }
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void aFirstStageAloneIsToldApart(Architecture architecture) throws CommandRefused {
        var bench = new ArchitectureBench(architecture);
        bench.passThrough();
        int space = firstStage(bench, 0);
        bench.map(space, IOVA, HOME, 0x1000, Permissions.READ);
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, PASID.pasid(), space));
        assertThat(why(bench, IOVA, Access.WRITE, PASID)).isEqualTo(StopCause.FIRST_STAGE_RIGHTS);
        bench.read(IOVA, PASID);
        assertThat(why(bench, IOVA, Access.WRITE, PASID)).isEqualTo(StopCause.FIRST_STAGE_RIGHTS);
        assertThat(why(bench, IOVA + 0x1000, Access.READ, PASID))
                .isEqualTo(StopCause.FIRST_STAGE_UNMAPPED);
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void ofTwoStagesTheOneThatRefusesIsNamed(Architecture architecture) throws CommandRefused {
        var bench = new ArchitectureBench(architecture);
        int parent = domain(bench, DomainType.UNMANAGED);
        bench.map(parent, 0, GUEST_RAM, 0x10_0000, Permissions.READ_WRITE);
        bench.map(parent, 0x10_0000, GUEST_RAM, 0x1000, Permissions.READ);
        bench.map(parent, 0x20_0000, GUEST_RAM + 0x20_0000, 0x20_0000, Permissions.READ_WRITE);
        int nested = firstStage(bench, parent);
        bench.map(nested, IOVA, 0x5000, 0x1000, Permissions.READ);
        bench.map(nested, IOVA + 0x1000, 0x10_0000, 0x1000, Permissions.READ_WRITE);
        bench.map(nested, IOVA + 0x2000, 0x18_0000, 0x1000, Permissions.READ_WRITE);
        attach(bench, nested);
        for (int round = 0; round < 2; round++) {
            assertThat(why(bench, IOVA, Access.WRITE, NONE))
                    .isEqualTo(StopCause.FIRST_STAGE_RIGHTS);
            assertThat(why(bench, IOVA + 0x1000, Access.WRITE, NONE))
                    .isEqualTo(StopCause.SECOND_STAGE_RIGHTS);
            assertThat(why(bench, IOVA + 0x2000, Access.READ, NONE))
                    .isEqualTo(StopCause.SECOND_STAGE_UNMAPPED);
            assertThat(why(bench, IOVA + 0x3000, Access.READ, NONE))
                    .isEqualTo(StopCause.FIRST_STAGE_UNMAPPED);
            // The second time caches know what can be read.
            bench.read(IOVA, NONE);
            bench.read(IOVA + 0x1000, NONE);
        }
        bench.run(new Command.UnmapPages(parent, 0x20_0000, 0x20_0000, true));
        assertThat(why(bench, IOVA, Access.READ, NONE))
                .as("the guest's tables are gone")
                .isEqualTo(StopCause.SECOND_STAGE_UNMAPPED);
    }
}
