package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;

/// What the kernel says of a fault below an AMD IOMMU: what the event in its log says.
class AmdFaultLinesTest {
    private static final long IOVA = 0x4000_0000L;

    private ArchitectureBench bench;

    @BeforeEach
    void aDeviceWithAPageThatItMayRead() throws CommandRefused {
        bench = new ArchitectureBench(Architecture.AMD_VI);
        int domain =
                bench.created(
                        new Command.CreateDomain(
                                ArchitectureBench.DEVICE, DomainType.UNMANAGED, 0));
        bench.map(domain, IOVA, 0x100_0000L, 0x1000, Permissions.READ);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domain));
    }

    private List<String> lines() {
        return bench.machine.faults.view().getFirst().kernelLines();
    }

    @Test
    void aWriteToAPageThatMayOnlyBeReadIsARightMissing() throws CommandRefused {
        bench.dma(IOVA, Access.WRITE, PasidPrefix.NONE);
        assertThat(lines())
                .singleElement()
                .asString()
                .startsWith("0000:06:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x")
                .endsWith(" address=0x40000000 flags=0x0070]");
    }

    @Test
    void theLineStaysWhenTheLogIsEmptied() throws CommandRefused {
        bench.dma(IOVA + 0x1000, Access.READ, PasidPrefix.NONE);
        bench.run(new Command.ClearFaults("ivhd0"));
        assertThat(lines()).singleElement().asString().endsWith("address=0x40001000 flags=0x0000]");
    }
}
