package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.pci.PciAddress;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Commands that guests of SMMUv3 give, with their own streams, carried out on the real unit.
class GuestStreamCommandsTest {
    private static final PciAddress A = new PciAddress(0, 0, 1, 0);
    private static final PciAddress B = new PciAddress(0, 0, 2, 0);
    private static final String FLUSH =
            "iommufd.hwpt_invalidate(iommufd=%s, hwpt_id=%s, data_type=arm_smmuv3, entries=%s)";
    private static final long IOVA = 0x100_0000L;
    private static final String FORGET_IN_DEVICE = "{cmd=[0x%x00000040, 52]}";

    private final KernelLab lab = KernelLab.of(Architecture.SMMUV3, 1, 1);
    private String fd;
    private String ioas;
    private String viommu;

    @BeforeEach
    void aGuestThatKnowsTwoDevicesAsStreamsFiveAndSix() {
        fd = lab.iommufd();
        ioas = lab.ioas(fd);
        var a = lab.bind(fd, "devA");
        var b = lab.bind(fd, "devB");
        lab.ok(
                "iommufd.ioas_map(iommufd=%s, ioas_id=%s, user_va=buf, length=0x4000,"
                        + " flags=[fixed, read, write], iova=0x%x)",
                fd, ioas, IOVA);
        var parent = lab.parent(fd, a, ioas);
        lab.attach(a, parent);
        lab.attach(b, parent);
        viommu =
                lab.first(
                        "iommufd.viommu_alloc(iommufd=%s, dev_id=%s, hwpt_id=%s, type=arm_smmuv3)",
                        fd, a.id(), parent);
        var number = "iommufd.vdevice_alloc(iommufd=%s, viommu_id=%s, dev_id=%s, virt_id=%d)";
        lab.ok(number, fd, viommu, a.id(), 5);
        lab.ok(number, fd, viommu, b.id(), 6);
        lab.bench(new Command.SetAts(A, true));
        lab.bench(new Command.SetAts(B, true));
        read(A);
        read(B);
    }

    private void read(PciAddress device) {
        lab.bench(new Command.IssueDma(device, IOVA, 4, Access.READ, PasidPrefix.NONE));
    }

    private boolean keepsTranslation(PciAddress device) {
        var tlb = lab.machine().deviceTlbs.find(device).orElseThrow().device().tlb();
        return tlb.peek(0, IOVA, Iommu.READ).isHit()
                || tlb.peek(Iommu.NO_PASID, IOVA, Iommu.READ).isHit();
    }

    @Test
    void theGuestsStreamIsThePhysicalOne() {
        assertThat(keepsTranslation(A)).isTrue();
        lab.ok(FLUSH, fd, viommu, "[" + FORGET_IN_DEVICE.formatted(6) + "]");
        assertThat(keepsTranslation(A)).isTrue();
        assertThat(keepsTranslation(B)).isFalse();
    }

    @Test
    void aStreamOfAnotherGuestIsRefusedAndWhatCameBeforeIsDone() {
        var answer =
                lab.refused(
                        "EIO",
                        FLUSH,
                        fd,
                        viommu,
                        "[%s, %s]"
                                .formatted(
                                        FORGET_IN_DEVICE.formatted(5),
                                        FORGET_IN_DEVICE.formatted(A.requesterId().raw())));
        assertThat(answer.returns()).hasToString("{entry_num=1}");
        assertThat(keepsTranslation(A)).isFalse();
    }

    @Test
    void aGuestGivesNoCommandsThatWouldReachOthers() {
        for (var opcode : new int[] {0x01, 0x03, 0x04, 0x28, 0x2a, 0x41, 0x44, 0x46}) {
            var answer = lab.refused("EIO", FLUSH, fd, viommu, "[{cmd=[%d, 0]}]".formatted(opcode));
            assertThat(answer.returns()).hasToString("{entry_num=0}");
        }
    }

    @Test
    void everyCommandForGuestsIsTaken() {
        lab.ok(
                FLUSH,
                fd,
                viommu,
                "[{cmd=[0x30, 0]}, {cmd=[0x10, 0]}, {cmd=[0x11, 0]}, {cmd=[0x12, 0x1000000]},"
                    + " {cmd=[0x13, 0x1000000]}, {cmd=[0x500000005, 1]}, {cmd=[0x500000006, 0]}]");
    }

    @Test
    void aMalformedCommandDoesNotStopTheQueueOfTheHost() {
        lab.ok(FLUSH, fd, viommu, "[{cmd=[0x500000440, 52]}]");
        lab.ok(FLUSH, fd, viommu, "[" + FORGET_IN_DEVICE.formatted(6) + "]");
        assertThat(keepsTranslation(B)).as("the queue goes on").isFalse();
    }
}
