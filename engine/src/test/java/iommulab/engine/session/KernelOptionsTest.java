package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.session.KernelLab.Device;

import org.junit.jupiter.api.Test;

/// What the kernel's command line allows and forbids users of devices.
class KernelOptionsTest {
    private static final Device UNSAFE = Device.of("devA").withoutIsolation();

    private static void bindBy(KernelLab lab, String errno) {
        var cdev = lab.first("vfio.cdev_open(device=devA)");
        var answer = lab.call("vfio.cdev_bind(cdev=%s, iommufd=%s)", cdev, lab.iommufd());
        assertThat(answer.errno()).isEqualTo(errno);
    }

    private static void containerBy(KernelLab lab, String errno) {
        var container = lab.first("vfio.container_open()");
        var group = lab.first("vfio.group_open(group=1)");
        lab.ok("vfio.group_set_container(group_fd=%s, container=%s)", group, container);
        var answer = lab.call("vfio.set_iommu(container=%s, type=TYPE1v2)", container);
        assertThat(answer.errno()).isEqualTo(errno);
    }

    @Test
    void interruptsThatAreNotIsolatedKeepUsersOut() {
        bindBy(KernelLab.told("", Architecture.VTD_SCALABLE, UNSAFE), "EPERM");
        containerBy(KernelLab.told("", Architecture.VTD_SCALABLE, UNSAFE), "EPERM");
    }

    @Test
    void eachOfTheTwoDoorsHasItsOwnParameter() {
        var iommufd = "iommufd.allow_unsafe_interrupts=1";
        bindBy(KernelLab.told(iommufd, Architecture.VTD_SCALABLE, UNSAFE), "");
        containerBy(KernelLab.told(iommufd, Architecture.VTD_SCALABLE, UNSAFE), "EPERM");
        var containers = "vfio_iommu_type1.allow_unsafe_interrupts=Y";
        bindBy(KernelLab.told(containers, Architecture.VTD_SCALABLE, UNSAFE), "EPERM");
        containerBy(KernelLab.told(containers, Architecture.VTD_SCALABLE, UNSAFE), "");
    }

    @Test
    void theLastWordCounts() {
        var twice = "iommufd.allow_unsafe_interrupts=1 iommufd.allow_unsafe_interrupts=0";
        bindBy(KernelLab.told(twice, Architecture.VTD_SCALABLE, UNSAFE), "EPERM");
    }

    @Test
    void aDeviceThatNoIommuTranslatesIsForUsersInUnsafeModeOnly() {
        var device = Device.of("devA").with("");
        KernelLab.withoutIommu("", device)
                .refused("EINVAL", "driver.bind(device=devA, driver=vfio-pci)");
        var unsafe = KernelLab.withoutIommu("vfio.enable_unsafe_noiommu_mode=1", device);
        assertThat(unsafe.ok("driver.bind(device=devA, driver=vfio-pci)").rule())
                .contains("tainted");
        unsafe.refused("ENOENT", "vfio.cdev_open(device=devA)");
    }

    @Test
    void aKernelMayRefuseToShareAddressSpaces() {
        var device = Device.of("devA").with("idxd");
        KernelLab.told("", Architecture.VTD_SCALABLE, device)
                .ok("sva.bind(device=devA, process=p0)");
        KernelLab.told("iommulab.sva=off", Architecture.VTD_SCALABLE, device)
                .refused("EOPNOTSUPP", "sva.bind(device=devA, process=p0)");
    }
}
