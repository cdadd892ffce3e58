package iommulab.engine.os.vfio;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.session.KernelLab.Device;

import org.junit.jupiter.api.Test;

import java.util.List;

/// Groups of VFIO: who may open them, when their devices can be had, and what keeps them.
class GroupTest {
    private static final Device A = Device.of("devA");
    private static final Device B = Device.of("devB");

    @Test
    void aGroupWithoutVfioDriverHasNoNode() {
        var vfio = VfioLab.of(List.of(A.with("nvme")));
        vfio.refused("ENOENT", "vfio.group_open(group=1)");
        vfio.refused("ENOENT", "vfio.group_open(group=99)");
        vfio.ok("driver.unbind(device=devA)");
        vfio.ok("driver.bind(device=devA, driver=vfio-pci)");
        vfio.group(1);
    }

    @Test
    void oneOfTheTwoDoorsIsOpenAtATime() {
        var vfio = VfioLab.of(List.of(A, B));
        var fd = vfio.lab.iommufd();
        var group = vfio.group(1);
        var cdev = vfio.lab.first("vfio.cdev_open(device=devB)");
        vfio.refused("EBUSY", "vfio.cdev_bind(cdev=%s, iommufd=%s)", cdev, fd);
        vfio.ok("vfio.group_close(group_fd=%s)", group);
        vfio.ok("vfio.cdev_bind(cdev=%s, iommufd=%s)", cdev, fd);
        vfio.refused("EBUSY", "vfio.group_open(group=1)");
        vfio.ok("vfio.cdev_close(cdev=%s)", cdev);
        vfio.group(1);
    }

    @Test
    void whatStandsForAContainerIsAContainerOrAnIommufd() {
        var vfio = VfioLab.of(List.of(A));
        var group = vfio.group(1);
        var set = "vfio.group_set_container(group_fd=%s, container=%s)";
        vfio.refused("EBADF", set, group, "bad");
        vfio.refused("EBADFD", set, group, group);
        vfio.refused("EINVAL", "vfio.group_unset_container(group_fd=%s)", group);
        var container = vfio.container();
        vfio.ok(set, group, container);
        vfio.refused("EINVAL", set, group, container);
        vfio.refused("EINVAL", set, group, vfio.lab.iommufd());
        vfio.refused("EBADF", set, group, "bad");
    }

    @Test
    void devicesAreHadOnceTheContainerHasABackend() {
        var vfio = VfioLab.of(List.of(A, B.with("")));
        var group = vfio.group(1);
        var get = "vfio.group_get_device_fd(group_fd=%s, device=%s)";
        vfio.refused("ENODEV", get, group, "devB");
        vfio.refused("ENODEV", get, group, "devX");
        vfio.refused("EINVAL", get, group, "devA");
        var container = vfio.container();
        vfio.join(group, container);
        vfio.refused("EINVAL", get, group, "devA");
        vfio.ok("vfio.set_iommu(container=%s, type=TYPE1)", container);
        vfio.device(group, "devA");
        vfio.device(group, "devA");
    }

    @Test
    void anOpenDeviceKeepsItsGroupAndContainer() {
        var vfio = VfioLab.of(List.of(A));
        var container = vfio.container();
        var group = vfio.group(1);
        vfio.join(group, container);
        vfio.ok("vfio.set_iommu(container=%s, type=TYPE1v2)", container);
        var device = vfio.device(group, "devA");
        vfio.refused("EBUSY", "vfio.group_unset_container(group_fd=%s)", group);
        vfio.ok("vfio.group_close(group_fd=%s)", group);
        vfio.refused("EBUSY", "vfio.group_open(group=1)");
        assertThat(vfio.owner(1)).isEqualTo("vfio");
        vfio.ok("vfio.device_close(device_fd=%s)", device);
        assertThat(vfio.owner(1)).isEqualTo("none");
        vfio.group(1);
    }

    @Test
    void theDriverWaitsForUsersOfItsDevice() {
        var vfio = VfioLab.of(List.of(A));
        var container = vfio.container();
        var group = vfio.group(1);
        vfio.join(group, container);
        vfio.ok("vfio.set_iommu(container=%s, type=TYPE1v2)", container);
        var device = vfio.device(group, "devA");
        assertThat(vfio.lab.first("driver.unbind(device=devA)")).isEqualTo("true");
        vfio.ok("vfio.device_close(device_fd=%s)", device);
        assertThat(vfio.lab.first("driver.unbind(device=devA)")).isEqualTo("false");
        vfio.refused("ENODEV", "vfio.group_get_device_fd(group_fd=%s, device=devA)", group);
    }

    @Test
    void aGroupWhoseClaimFailsStaysWithoutContainer() {
        var vfio = VfioLab.of(List.of(A, B.with("nvme")));
        var container = vfio.container();
        var group = vfio.group(1);
        assertThat(vfio.lab.first("vfio.group_get_status(group_fd=%s)", group)).isEqualTo("false");
        var refusal =
                vfio.refused(
                        "EPERM",
                        "vfio.group_set_container(group_fd=%s, container=%s)",
                        group,
                        container);
        assertThat(refusal.rule()).contains("devB (nvme)");
        vfio.ok("driver.unbind(device=devB)");
        vfio.join(group, container);
        vfio.refused("EBUSY", "driver.bind(device=devB, driver=nvme)");
    }

    @Test
    void aBackendThatAGroupCannotJoinLeavesTheGroupFree() {
        var vfio = VfioLab.of(List.of(A), List.of(B.withoutIsolation()));
        var container = vfio.container(1, "TYPE1v2");
        var group = vfio.group(2);
        vfio.refused(
                "EPERM", "vfio.group_set_container(group_fd=%s, container=%s)", group, container);
        assertThat(vfio.owner(2)).isEqualTo("none");
        assertThat(vfio.read("devB", 0x1000)).isEqualTo("unmapped");
    }
}
