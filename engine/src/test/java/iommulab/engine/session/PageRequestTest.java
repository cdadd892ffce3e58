package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot.DmaEvent;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A device that asks for pages which it misses, on every architecture whose devices can.
class PageRequestTest {
    private static final PciAddress DEVICE = ArchitectureBench.DEVICE;
    private static final long IOVA = 0x4000_0000L;
    private static final long PAGE = 0x100_0000L;
    private static final PasidPrefix NONE = PasidPrefix.NONE;

    private ArchitectureBench bench;
    private int domain;

    private void on(Architecture architecture) throws CommandRefused {
        bench = new ArchitectureBench(architecture);
        domain = bench.created(new Command.CreateDomain(DEVICE, DomainType.UNMANAGED, 0));
        bench.run(new Command.AttachDevice(DEVICE, domain));
        bench.map(domain, IOVA, PAGE, 0x4000, Permissions.READ_WRITE);
        bench.run(new Command.SetAts(DEVICE, true));
        bench.run(new Command.SetPageRequests(DEVICE, true));
    }

    private DeviceSide device() {
        var sides = bench.machine.snapshot(false, JournalView.EMPTY).units().getFirst().devices();
        assertThat(sides).as("devices with a TLB").hasSize(1);
        return sides.getFirst();
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"VTD_LEGACY", "SELFTEST"})
    void aPageThatIsMappedOnRequestIsReachedOnTheSecondTry(Architecture architecture)
            throws CommandRefused {
        on(architecture);
        var event = bench.read(IOVA + 0x10_0004, NONE);
        assertThat(event.note()).contains("asks for the page, group 0");
        assertThat(device().groups()).hasSize(1);
        assertThat(device().groups().getFirst().pages()).containsExactly(IOVA + 0x10_0000);
        bench.map(domain, IOVA + 0x10_0000, PAGE, 0x1000, Permissions.READ);
        var answered =
                (Outcome.PagesAnswered)
                        bench.run(new Command.AnswerPages(DEVICE, 0, PageResponse.SUCCESS));
        assertThat(answered.tried()).hasSize(1);
        assertThat(answered.tried().getFirst().target()).isEqualTo(PAGE + 4);
        assertThat(device().groups()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"VTD_LEGACY", "SELFTEST"})
    void aGroupOfPagesIsAskedForAndAnsweredAsAWhole(Architecture architecture)
            throws CommandRefused {
        on(architecture);
        var request = new Command.RequestPages(DEVICE, IOVA, 3, Access.WRITE, NONE);
        assertThat(bench.run(request)).isEqualTo(new Outcome.PagesRequested(0));
        var queues = bench.machine.units.getFirst().hardware().queues();
        assertThat(queues.getLast().recent()).as("requests in the queue").hasSize(3);
        var answered =
                (Outcome.PagesAnswered)
                        bench.run(new Command.AnswerPages(DEVICE, 0, PageResponse.SUCCESS));
        assertThat(answered.tried())
                .extracting(DmaEvent::target)
                .containsExactly(PAGE, PAGE + 0x1000, PAGE + 0x2000);
        assertThat(device().tlb().lines()).hasSize(3);
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"VTD_LEGACY", "SELFTEST"})
    void afterAFailureTheDeviceAsksNoMore(Architecture architecture) throws CommandRefused {
        on(architecture);
        var request = new Command.RequestPages(DEVICE, IOVA, 1, Access.READ, NONE);
        bench.run(request);
        bench.run(new Command.AnswerPages(DEVICE, 0, PageResponse.FAILURE));
        assertThat(device().toldToStop()).isTrue();
        assertThatThrownBy(() -> bench.run(request)).hasMessageContaining("told it to stop");
    }
}
