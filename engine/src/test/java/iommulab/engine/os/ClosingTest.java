package iommulab.engine.os;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.process.ProcessDescription;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.KernelLab;
import iommulab.engine.session.KernelLab.Device;

import org.junit.jupiter.api.Test;

import java.util.List;

/// What close(2) lets go of, and what others keep.
class ClosingTest {
    private final KernelLab lab =
            KernelLab.of(
                    Architecture.VTD_SCALABLE,
                    ProcessDescription.USUAL,
                    true,
                    List.of(List.of(Device.of("devA")), List.of(Device.of("devB"))));

    private SoftwareView seen() {
        return lab.kernel().view();
    }

    private int references(String key) {
        return seen().node(key).orElseThrow().references();
    }

    @Test
    void anIommufdTakesAllItsObjectsAndLockedPagesWithIt() {
        var file = lab.first("iommufd.open()");
        lab.ok("iommufd.ioas_alloc(iommufd=%s)", file);
        lab.ok("iommufd.fault_alloc(iommufd=%s)", file);
        lab.ok("iommufd.fault_close(fd=fault1)");
        lab.ok(
                "iommufd.ioas_map(iommufd=%s, ioas_id=1, user_va=buf, length=0x4000, flags=[read])",
                file);
        lab.ok("iommufd.close(iommufd=%s)", file);
        assertThat(seen().nodes()).extracting(SoftwareView.Node::type).containsOnly("process");
        lab.refused("EBADF", "iommufd.ioas_alloc(iommufd=%s)", file);
    }

    @Test
    void aBoundDeviceKeepsAClosedIommufdAliveUntilItIsClosed() {
        var file = lab.first("iommufd.open()");
        var device = lab.first("vfio.cdev_open(device=devA)");
        lab.ok("vfio.cdev_bind(cdev=%s, iommufd=%s)", device, file);
        var answer = lab.ok("iommufd.close(iommufd=%s)", file);
        assertThat(answer.rule()).contains("one other refers");
        assertThat(seen().node(file)).as("lives on").isPresent();
        assertThat(references(file)).isEqualTo(1);
        assertThat(seen().keeping(file))
                .extracting(SoftwareView.Edge::from)
                .containsExactly(device);
        lab.ok("vfio.cdev_close(cdev=%s)", device);
        assertThat(seen().node(file)).isEmpty();
        assertThat(seen().groups()).allMatch(group -> group.owner() == SoftwareView.Owner.NOBODY);
    }

    @Test
    void aContainerWithAGroupLivesOnUntilTheGroupLeaves() {
        var container = lab.first("vfio.container_open()");
        var group = lab.first("vfio.group_open(group=1)");
        lab.ok("vfio.group_set_container(group_fd=%s, container=%s)", group, container);
        lab.ok("vfio.container_close(container=%s)", container);
        assertThat(references(container)).isEqualTo(1);
        lab.refused("EBADF", "vfio.set_iommu(container=%s, type=TYPE1v2)", container);
        lab.ok("vfio.group_unset_container(group_fd=%s)", group);
        assertThat(seen().node(container)).isEmpty();
    }

    @Test
    void aMachineLivesAsLongAsItsListOfFiles() {
        var machine = lab.first("kvm.vm_create()");
        var list = lab.first("kvm.vfio_device_create(vm=%s)", machine);
        var device = lab.first("vfio.cdev_open(device=devA)");
        lab.ok("kvm.set_attr(kvmdev=%s, attr=ADD, fd=%s)", list, device);
        lab.ok("kvm.vm_close(vm=%s)", machine);
        assertThat(references(machine)).isEqualTo(1);
        lab.ok("kvm.device_close(kvmdev=%s)", list);
        assertThat(seen().node(machine)).isEmpty();
        assertThat(references(device)).as("the list is gone").isEqualTo(1);
    }

    @Test
    void theLinksOfAMachinesPasidsGoWithIt() {
        var machine = lab.first("kvm.vm_create()");
        lab.ok("enqcmd.authorize(process=p0, pasid=7)");
        lab.ok("enqcmd.vm_map(vm=%s, guest_pasid=5, host_pasid=7)", machine);
        lab.ok("kvm.vm_close(vm=%s)", machine);
        assertThat(seen().pasids().links()).isEmpty();
        assertThat(seen().pasids().rights()).as("the process keeps its right").hasSize(1);
    }

    // ---- what is no file

    @Test
    void aBondIsBoundAsOftenAsItWasAskedFor() {
        var bond = lab.first("sva.bind(device=devA, process=p0)");
        lab.ok("sva.bind(device=devA, process=p0)");
        var node = seen().node(bond).orElseThrow();
        assertThat(node.type()).isEqualTo("SVA bond");
        assertThat(node.references()).isEqualTo(2);
        assertThat(node.domain()).as("the process's table").isPositive();
        assertThat(seen().keeping(bond))
                .containsExactly(new SoftwareView.Edge("p0", bond, "bound", 2));
        lab.ok("sva.process_exit(process=p0)");
        assertThat(seen().node(bond).orElseThrow().domain()).as("the table is gone").isZero();
    }

    @Test
    void aMediatedDeviceIsKeptByTheFilesThatHaveItOpen() {
        lab.ok("mdev.create(parent=devA, name=made)");
        assertThat(references("made")).isZero();
        var file = lab.first("iommufd.open()");
        var device = lab.first("vfio.cdev_open(device=made)");
        lab.ok("vfio.cdev_bind(cdev=%s, iommufd=%s)", device, file);
        var node = seen().node("made").orElseThrow();
        assertThat(node.references()).isEqualTo(1);
        assertThat(node.fact("parent")).contains("devA");
        assertThat(node.fact("reads and writes by")).contains(file + "/1");
        assertThat(seen().keeping("made"))
                .containsExactly(new SoftwareView.Edge(device, "made", "open"));
    }
}
