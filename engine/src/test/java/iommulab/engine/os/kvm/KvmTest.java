package iommulab.engine.os.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.process.ProcessDescription;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.KernelLab;
import iommulab.engine.session.KernelLab.Device;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;

/// Virtual machines and their devices: whose caches have to be written back.
class KvmTest {
    private static final Device GOOD = Device.of("devA");
    private static final Device BAD = Device.of("devB").withoutSnooping();

    private final KernelLab lab =
            KernelLab.of(
                    Architecture.VTD_SCALABLE,
                    ProcessDescription.USUAL,
                    false,
                    List.of(List.of(GOOD), List.of(BAD)));
    private String machine;
    private String list;

    @BeforeEach
    void aMachineWithAListOfFiles() {
        machine = lab.first("kvm.vm_create()");
        list = lab.first("kvm.vfio_device_create(vm=%s)", machine);
    }

    private void add(String file) {
        lab.ok("kvm.set_attr(kvmdev=%s, attr=ADD, fd=%s)", list, file);
    }

    private boolean isNonCoherent() {
        return Boolean.parseBoolean(lab.first("kvm.coherency(vm=%s)", machine));
    }

    private String writeBack() {
        return lab.ok("kvm.guest_wbinvd(vm=%s)", machine).returns().get("pcpus").toString();
    }

    @Test
    void aMachineHasOneList() {
        lab.refused("EBUSY", "kvm.vfio_device_create(vm=%s)", machine);
        lab.ok("kvm.device_close(kvmdev=%s)", list);
        lab.ok("kvm.vfio_device_create(vm=%s)", machine);
    }

    @Test
    void aDeviceFileCountsBeforeItIsBound() {
        var cdev = lab.first("vfio.cdev_open(device=devB)");
        add(cdev);
        assertThat(isNonCoherent()).isTrue();
        lab.ok("vfio.cdev_bind(cdev=%s, iommufd=%s)", cdev, lab.iommufd());
        assertThat(isNonCoherent()).isTrue();
    }

    @Test
    void twoFilesOfOneDeviceAreTwoFiles() {
        var first = lab.first("vfio.cdev_open(device=devB)");
        var second = lab.first("vfio.cdev_open(device=devB)");
        add(first);
        add(second);
        lab.refused("EEXIST", "kvm.set_attr(kvmdev=%s, attr=ADD, fd=%s)", list, first);
        lab.ok("kvm.set_attr(kvmdev=%s, attr=DEL, fd=%s)", list, first);
        lab.refused("ENOENT", "kvm.set_attr(kvmdev=%s, attr=DEL, fd=%s)", list, first);
        assertThat(isNonCoherent()).isTrue();
        lab.ok("kvm.set_attr(kvmdev=%s, attr=DEL, fd=%s)", list, second);
        assertThat(isNonCoherent()).isFalse();
    }

    @Test
    void theOldNameOfTheGroupIsTheSameGroup() {
        lab.ok("kvm.has_attr(kvmdev=%s, attr=ADD, group=GROUP)", list);
        lab.refused("ENXIO", "kvm.has_attr(kvmdev=%s, attr=ADD, group=IRQ)", list);
        lab.refused("EBADF", "kvm.set_attr(kvmdev=%s, attr=DEL, fd=bad)", list);
        lab.refused("EINVAL", "kvm.set_attr(kvmdev=%s, attr=ADD, fd=%s)", list, machine);
    }

    @Test
    void aDeviceFromAGroupTellsItsMachineToo() {
        var group = lab.first("vfio.group_open(group=2)");
        lab.ok(
                "vfio.group_set_container(group_fd=%s, container=%s)",
                group, lab.first("vfio.container_open()"));
        lab.ok("vfio.set_iommu(container=container1, type=TYPE1v2)");
        var device = lab.first("vfio.group_get_device_fd(group_fd=%s, device=devB)", group);
        add(device);
        assertThat(isNonCoherent()).isTrue();
        lab.ok("kvm.device_close(kvmdev=%s)", list);
        assertThat(isNonCoherent()).isFalse();
    }

    @Test
    void onlyCpusThatItRanOnWhileNotCoherentAreWrittenBack() {
        lab.ok("kvm.vcpu_load(vm=%s, pcpu=1)", machine);
        lab.ok("kvm.vcpu_load(vm=%s, pcpu=2)", machine);
        assertThat(writeBack()).isEqualTo("[]");
        add(lab.first("vfio.cdev_open(device=devB)"));
        lab.ok("kvm.vcpu_load(vm=%s, pcpu=3)", machine);
        assertThat(writeBack()).isEqualTo("[3]");
        lab.ok("kvm.vcpu_load(vm=%s, pcpu=4)", machine);
        lab.ok("kvm.vcpu_load(vm=%s, vcpu=1, pcpu=9)", machine);
        assertThat(writeBack()).isEqualTo("[4]");
        lab.ok("kvm.set_attr(kvmdev=%s, attr=DEL, fd=cdev1)", list);
        assertThat(writeBack()).isEqualTo("[]");
    }
}
