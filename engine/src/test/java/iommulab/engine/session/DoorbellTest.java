package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.device.ReservedRange;
import iommulab.engine.os.process.ProcessDescription;

import org.junit.jupiter.api.Test;

import java.util.List;

/// Interrupts of devices behind an IOMMU that translates them like other writes: the kernel puts the page of
/// their doorbell into the tables that the devices use, at one place.
class DoorbellTest {
    private static final long DOORBELL = 0x800_0040L;

    private KernelLab lab = KernelLab.of(Architecture.SMMUV3, 2);
    private String fd;

    private KernelLab.Bound bound() {
        fd = lab.iommufd();
        return lab.bind(fd, "devA");
    }

    private String message(String device) {
        var returns =
                lab.ok("dma.issue(device=%s, iova=0x%x, dir=write, length=4)", device, DOORBELL)
                        .returns();
        return returns.getOrDefault("reason", returns.get("outcome")).toString();
    }

    private void wantInterrupts(KernelLab.Bound device) {
        lab.ok("vfio.cdev_ioctl(cdev=%s, cmd=SET_IRQS)", device.cdev());
    }

    @Test
    void aMessageFaultsUntilTheUserAsksForInterrupts() {
        var device = bound();
        lab.attach(device, lab.ioas(fd));
        assertThat(message("devA")).isEqualTo("unmapped");
        long interrupts = lab.machine().tally.interrupts;
        wantInterrupts(device);
        assertThat(message("devA")).isEqualTo("ok");
        assertThat(lab.machine().tally.interrupts).isEqualTo(interrupts + 1);
    }

    @Test
    void everyTableOfTheDeviceHasThePageAtTheSamePlace() {
        var device = bound();
        var first = lab.ioas(fd);
        lab.attach(device, first);
        wantInterrupts(device);
        lab.attach(device, lab.ioas(fd));
        assertThat(message("devA")).as("replaced").isEqualTo("ok");
        lab.ok("vfio.cdev_detach(cdev=%s)", device.cdev());
        assertThat(message("devA")).as("detached").isEqualTo("blocked");
        lab.attach(device, first);
        assertThat(message("devA")).as("attached again").isEqualTo("ok");
        assertThat(message("devB")).as("a sibling").isEqualTo("ok");
    }

    @Test
    void whoUnmapsEverythingStillHasInterrupts() {
        var device = bound();
        var ioas = lab.ioas(fd);
        lab.attach(device, ioas);
        wantInterrupts(device);
        lab.ok(
                "iommufd.ioas_unmap(iommufd=%s, ioas_id=%s, iova=0, length=0xffffffffffffffff)",
                fd, ioas);
        assertThat(message("devA")).isEqualTo("ok");
    }

    @Test
    void aContainersTableHasThePageToo() {
        var container = lab.first("vfio.container_open()");
        var group = lab.first("vfio.group_open(group=1)");
        lab.ok("vfio.group_set_container(group_fd=%s, container=%s)", group, container);
        lab.ok("vfio.set_iommu(container=%s, type=TYPE1v2)", container);
        var device = lab.first("vfio.group_get_device_fd(group_fd=%s, device=devA)", group);
        assertThat(message("devA")).isEqualTo("unmapped");
        lab.ok("vfio.cdev_ioctl(cdev=%s, cmd=SET_IRQS)", device);
        assertThat(message("devA")).isEqualTo("ok");
    }

    @Test
    void belowAGuestsOwnTableThePageIsInTheHosts() {
        var device = bound();
        var ioas = lab.ioas(fd);
        var parent = lab.parent(fd, device, ioas);
        var viommu =
                lab.first(
                        "iommufd.viommu_alloc(iommufd=%s, dev_id=%s, hwpt_id=%s, type=arm_smmuv3)",
                        fd, device.id(), parent);
        lab.ok(
                "iommufd.vdevice_alloc(iommufd=%s, viommu_id=%s, dev_id=%s, virt_id=1)",
                fd, viommu, device.id());
        wantInterrupts(device);
        lab.attach(
                device,
                lab.first(
                        "iommufd.hwpt_alloc(iommufd=%s, dev_id=%s, pt_id=%s, flags=[],"
                                + " data_type=arm_smmuv3, data={ste=[9, 0]})",
                        fd, device.id(), viommu));
        assertThat(message("devA")).as("the guest bypasses its stage").isEqualTo("ok");
    }

    @Test
    void whereHardwareHasAWindowNoTableIsAsked() {
        lab = KernelLab.of(Architecture.VTD_SCALABLE, 1);
        var device = bound();
        lab.attach(device, lab.ioas(fd));
        wantInterrupts(device);
        assertThat(message("devA")).as("no page at the place of others").isEqualTo("unmapped");
        lab.ok("dma.issue(device=devA, iova=0xfee00000, dir=write, length=4)");
    }

    @Test
    void aDeviceWithWindowsOfBothKindsIsRefused() {
        var window = new ReservedRange(0xfee0_0000L, 0xfeef_ffffL, ReservedRange.Kind.MSI);
        lab =
                KernelLab.of(
                        Architecture.SMMUV3,
                        ProcessDescription.USUAL,
                        false,
                        List.of(List.of(KernelLab.Device.of("devA").withReserved(window))));
        var device = bound();
        lab.refused("EINVAL", "vfio.cdev_attach(cdev=%s, pt_id=%s)", device.cdev(), lab.ioas(fd));
    }

    @Test
    void aCallThatDeviceFilesDoNotHaveIsNone() {
        var device = bound();
        lab.refused("ENOTTY", "vfio.cdev_ioctl(cdev=%s, cmd=NOTHING)", device.cdev());
        lab.ok("vfio.cdev_ioctl(cdev=%s, cmd=GET_INFO)", device.cdev());
    }
}
