package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.pci.AddressType;

import org.junit.jupiter.api.Test;

import java.util.List;

/// What the kernel says of a fault below an SMMUv3 or a RISC-V IOMMU: what the record in the queue says.
class FaultLinesTest {
    private static final long IOVA = 0x4000_0000L;

    private static ArchitectureBench bench(Architecture architecture) throws CommandRefused {
        var bench = new ArchitectureBench(architecture);
        int domain =
                bench.created(
                        new Command.CreateDomain(
                                ArchitectureBench.DEVICE, DomainType.UNMANAGED, 0));
        bench.map(domain, IOVA, 0x100_0000L, 0x1000, Permissions.READ);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domain));
        return bench;
    }

    private static List<String> lines(ArchitectureBench bench) {
        return bench.machine.faults.view().getFirst().kernelLines();
    }

    @Test
    void theSecondStageOfAnSmmuIsNamedWithTheIntermediateAddress() throws CommandRefused {
        var bench = bench(Architecture.SMMUV3);
        bench.dma(IOVA + 8, Access.WRITE, PasidPrefix.NONE);
        assertThat(lines(bench))
                .containsExactly(
                        "arm-smmu-v3: event: F_PERMISSION client: 0000:06:00.0 sid: 0x600 ssid: 0"
                                + " iova: 0x40000008 ipa: 0x40000000",
                        "arm-smmu-v3: unpriv data write s2 \"Input address caused fault\" stag: 0");
    }

    @Test
    void anAtsRequestThatAStreamMayNotMakeHasNoSecondLine() throws CommandRefused {
        var bench = bench(Architecture.SMMUV3);
        bench.run(new Command.SetAts(ArchitectureBench.DEVICE, true));
        bench.run(new Command.SetAts(ArchitectureBench.DEVICE, false));
        bench.run(
                new Command.IssueDma(
                        ArchitectureBench.DEVICE,
                        0x100_0000L,
                        4,
                        Access.READ,
                        PasidPrefix.NONE,
                        AddressType.TRANSLATED));
        assertThat(lines(bench))
                .containsExactly(
                        "arm-smmu-v3: event: F_TRANSL_FORBIDDEN client: 0000:06:00.0 sid: 0x600"
                                + " ssid: 0");
    }

    @Test
    void aGuestPageFaultOfARiscvIommuTellsTheGuestPhysicalAddress() throws CommandRefused {
        var bench = bench(Architecture.RISCV);
        bench.dma(IOVA + 0x1008, Access.READ, PasidPrefix.NONE);
        assertThat(lines(bench))
                .containsExactly(
                        "riscv-iommu: Fault 21 devid: 0x600 iotval: 40001008 iotval2: 40001008");
    }

    @Test
    void theLinesStayWhenTheQueueIsEmptied() throws CommandRefused {
        var bench = bench(Architecture.RISCV);
        bench.dma(IOVA, Access.WRITE, PasidPrefix.NONE);
        var unit = bench.machine.units.getFirst().name();
        bench.run(new Command.ClearFaults(unit));
        assertThat(lines(bench)).singleElement().asString().contains("Fault 23 devid: 0x600");
    }

    @Test
    void whatIsNotRecordedTheKernelDoesNotSay() throws CommandRefused {
        var bench = new ArchitectureBench(Architecture.SMMUV3);
        var unit = bench.machine.units.getFirst();
        for (int i = 0; i < 140; i++) {
            bench.dma(IOVA, Access.READ, PasidPrefix.NONE);
        }
        assertThat(unit.hardware().faultsLost()).isTrue();
        assertThat(lines(bench)).isEmpty();
    }
}
