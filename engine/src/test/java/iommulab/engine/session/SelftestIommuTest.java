package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.selftest.SelftestFault;
import iommulab.engine.os.IommuDriver;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The IOMMU of the kernel's self-test: what it has that no other has, pages of 2 KiB above all.
class SelftestIommuTest {
    private static final long IOVA = 0x100_0000L;
    private static final long HOME = 0x300_0000L;
    private static final PasidPrefix PASID = PasidPrefix.of(0xf_ffff);

    private ArchitectureBench bench;
    private int domain;

    @BeforeEach
    void attachADevice() throws CommandRefused {
        bench = new ArchitectureBench(Architecture.SELFTEST);
        domain = created(DomainType.UNMANAGED);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, domain));
    }

    private int created(DomainType type) throws CommandRefused {
        return bench.created(new Command.CreateDomain(ArchitectureBench.DEVICE, type, 0));
    }

    private IommuDriver driver() {
        return bench.machine.units.getFirst().driver();
    }

    private SelftestFault whyStopped(DmaEvent event) {
        assertThat(event.outcome()).isEqualTo(DmaOutcome.FAULT);
        return (SelftestFault) bench.machine.units.getFirst().hardware().lastFault();
    }

    @Test
    void twoHalvesOfAPageLeadToDifferentPlaces() throws CommandRefused {
        bench.map(domain, IOVA, HOME + 0x800, 0x800, Permissions.READ);
        bench.map(domain, IOVA + 0x800, HOME + 0x5000, 0x800, Permissions.READ_WRITE);
        for (var outcome : new DmaOutcome[] {DmaOutcome.WALK, DmaOutcome.HIT}) {
            var lower = bench.read(IOVA + 0x7fc, PasidPrefix.NONE);
            assertThat(lower.outcome()).isEqualTo(outcome);
            assertThat(lower.target()).isEqualTo(HOME + 0xffc);
            var upper = bench.read(IOVA + 0x800, PasidPrefix.NONE);
            assertThat(upper.outcome()).isEqualTo(outcome);
            assertThat(upper.target()).isEqualTo(HOME + 0x5000);
        }
        bench.run(new Command.UnmapPages(domain, IOVA + 0x800, 0x800, true));
        assertThat(bench.read(IOVA, PasidPrefix.NONE).target()).isEqualTo(HOME + 0x800);
        assertThat(whyStopped(bench.read(IOVA + 0x800, PasidPrefix.NONE)))
                .isEqualTo(SelftestFault.SECOND_STAGE_NOT_MAPPED);
    }

    @Test
    void aQuarterOfAPageIsRefused() {
        assertThatThrownBy(() -> bench.map(domain, IOVA + 0x400, HOME, 0x800, Permissions.READ))
                .isInstanceOf(CommandRefused.class)
                .hasMessageContaining("multiples of 0x800");
        assertThatThrownBy(() -> bench.map(domain, IOVA, HOME + 0x400, 0x800, Permissions.READ))
                .isInstanceOf(CommandRefused.class)
                .hasMessageContaining("a multiple of 0x800");
    }

    @Test
    void aGuestsTableLiesInTwoPlacesOfTheHost() throws CommandRefused {
        int parent = created(DomainType.UNMANAGED);
        for (long gpa = 0; gpa < 0x10_0000; gpa += 0x800) {
            // Each half of a guest's page is where the other half should be.
            bench.map(parent, gpa, HOME + (gpa ^ 0x800), 0x800, Permissions.READ_WRITE);
        }
        bench.map(parent, 0x10_0000, HOME + 0x10_0000, 0x20_0000, Permissions.READ_WRITE);
        int nested =
                bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, parent, 0));
        bench.map(nested, IOVA, 0x4000, 0x1000, Permissions.READ);
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, PASID.pasid(), nested));
        assertThat(bench.read(IOVA + 0x10, PASID).target()).isEqualTo(HOME + 0x4810);
        assertThat(bench.read(IOVA + 0x810, PASID).target()).isEqualTo(HOME + 0x4010);
        assertThat(bench.read(IOVA + 0x20, PASID).outcome()).isEqualTo(DmaOutcome.HIT);
    }

    @Test
    void softwareIsToldTheAddressesOfTheKernelsSelfTest() throws MappingRefused {
        var limits = driver().limits(Stage.SECOND, 0);
        assertThat(1 << limits.shape().pageShift()).isEqualTo(0x800);
        assertThat(driver().aperture(limits)).hasToString("0x1000000-0x7fffffff");
    }

    @Test
    void aPasidUsesAnyDomainWhateverTheDeviceUses() throws CommandRefused {
        int other = created(DomainType.UNMANAGED);
        bench.map(other, IOVA, HOME, 0x800, Permissions.READ);
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, PASID.pasid(), other));
        assertThat(bench.read(IOVA, PASID).target()).isEqualTo(HOME);
        assertThat(whyStopped(bench.read(IOVA, PasidPrefix.NONE)))
                .isEqualTo(SelftestFault.SECOND_STAGE_NOT_MAPPED);
    }

    @Test
    void eachStopHasItsReason() throws CommandRefused {
        bench.map(domain, IOVA, HOME, 0x800, Permissions.READ);
        var hardware = bench.machine.units.getFirst().hardware();
        hardware.translate(0x600, PASID.pasid(), IOVA, Iommu.READ);
        assertThat(hardware.lastFault()).isEqualTo(SelftestFault.PASIDS_OFF);
        assertThat(whyStopped(bench.dma(IOVA, Access.WRITE, PasidPrefix.NONE)))
                .isEqualTo(SelftestFault.SECOND_STAGE_NO_RIGHT);
        int space = bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, 0, 0));
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, 5, space));
        assertThat(whyStopped(bench.read(IOVA, PASID))).isEqualTo(SelftestFault.PASID_NOT_ATTACHED);
        assertThat(whyStopped(bench.read(IOVA, PasidPrefix.of(5))))
                .isEqualTo(SelftestFault.FIRST_STAGE_NOT_MAPPED);
        int blocked = created(DomainType.BLOCKED);
        bench.run(new Command.DetachDevice(ArchitectureBench.DEVICE));
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, blocked));
        assertThat(whyStopped(bench.read(IOVA, PasidPrefix.NONE)))
                .isEqualTo(SelftestFault.DEVICE_BLOCKED);
    }

    @Test
    void aStoppedRequestIsWrittenToTheLog() throws CommandRefused {
        int space = bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, 0, 0));
        bench.run(new Command.AttachPasid(ArchitectureBench.DEVICE, 5, space));
        bench.dma(IOVA + 8, Access.WRITE, PASID);
        var log = bench.machine.units.getFirst().hardware().queues().getFirst();
        assertThat(log.recent().getFirst()).endsWith("06:00.0, PASID 0xfffff, write 0x1000008");
    }
}
