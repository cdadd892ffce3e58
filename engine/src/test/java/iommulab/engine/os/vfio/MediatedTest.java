package iommulab.engine.os.vfio;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.session.Architecture;
import iommulab.engine.session.KernelLab;
import iommulab.engine.session.KernelLab.Device;

import org.junit.jupiter.api.Test;

import java.util.List;

/// Mediated devices: software that uses its user's memory.
class MediatedTest {
    private final VfioLab vfio =
            VfioLab.poor(8, List.of(Device.of("devA").with("i915")), List.of(Device.of("devB")));

    private String inContainer() {
        var group =
                vfio.group(Integer.parseInt(vfio.lab.first("mdev.create(parent=devA, name=md0)")));
        var container = vfio.container();
        vfio.join(group, container);
        vfio.ok("vfio.set_iommu(container=%s, type=TYPE1v2)", container);
        vfio.device(group, "md0");
        return container;
    }

    private String pin(long iova, long bytes) {
        return vfio.lab.first("mdev.pin(device=md0, iova=0x%x, length=0x%x)", iova, bytes);
    }

    @Test
    void itNeedsADriverThatMakesItAndANameOfItsOwn() {
        vfio.refused("EEXIST", "mdev.create(parent=devA, name=devB)");
        vfio.ok("mdev.create(parent=devA, name=md0)");
        vfio.refused("EEXIST", "mdev.create(parent=devA, name=md0)");
        vfio.ok("driver.unbind(device=devA)");
        vfio.refused("ENODEV", "mdev.create(parent=devA, name=md1)");
        vfio.refused("ENOENT", "vfio.cdev_open(device=md0)");
    }

    @Test
    void itsParentsDriverWaitsForItsUser() {
        vfio.ok("mdev.create(parent=devA, name=md0)");
        var bound = vfio.lab.bind(vfio.lab.iommufd(), "md0");
        assertThat(vfio.lab.first("driver.unbind(device=devA)")).isEqualTo("true");
        assertThat(vfio.lab.first("mdev.remove(device=md0)")).isEqualTo("true");
        vfio.ok("vfio.cdev_close(cdev=%s)", bound.cdev());
        assertThat(vfio.lab.first("mdev.remove(device=md0)")).isEqualTo("false");
        assertThat(vfio.lab.first("driver.unbind(device=devA)")).isEqualTo("false");
    }

    @Test
    void aContainerOfItsGroupAlonePinsOnlyWhatItsDriverPins() {
        var container = inContainer();
        vfio.map(container, 0x1000, "buf", 0x10000);
        assertThat(vfio.pinned()).isZero();
        var pin = pin(0x2000, 0x2000);
        pin(0x3000, 0x2000);
        assertThat(vfio.pinned()).isEqualTo(3);
        vfio.ok("mdev.unpin(device=md0, pin=%s)", pin);
        assertThat(vfio.pinned()).isEqualTo(2);
        vfio.refused("ENOENT", "mdev.unpin(device=md0, pin=%s)", pin);
        assertThat(vfio.unmap(container, 0x1000, 0x10000)).isEqualTo(0x10000);
        assertThat(vfio.pinned()).isZero();
    }

    @Test
    void whenAnIommuJoinsEverythingIsPinnedAndWhenItLeavesOnlyTheDriversPagesStay() {
        var container = inContainer();
        vfio.map(container, 0x1000, "buf", 0x6000);
        pin(0x2000, 0x1000);
        var group = vfio.group(2);
        vfio.join(group, container);
        assertThat(vfio.pinned()).isEqualTo(6);
        assertThat(vfio.read("devB", 0x2000)).isEqualTo("buf+0x1000");
        vfio.ok("vfio.group_unset_container(group_fd=%s)", group);
        assertThat(vfio.pinned()).isEqualTo(1);
    }

    @Test
    void aMappingThatExceedsTheLimitKeepsAnIommuOut() {
        var container = inContainer();
        vfio.map(container, 0x1000, "buf", 0x9000);
        vfio.refused(
                "ENOMEM",
                "vfio.group_set_container(group_fd=%s, container=%s)",
                vfio.group(2),
                container);
        assertThat(vfio.pinned()).isZero();
        assertThat(vfio.owner(2)).isEqualTo("none");
    }

    @Test
    void onlyPagesThatItsDriverUsedAreInTheLog() {
        var container = inContainer();
        vfio.map(container, 0x1000, "buf", 0x8000);
        var pin = pin(0x1000, 0x1000);
        vfio.ok("vfio.type1_dirty(container=%s, flags=[start])", container);
        vfio.ok("mdev.dma_rw(device=md0, iova=0x3008, length=4, write=true)");
        var get = "vfio.type1_dirty(container=%s, flags=[get], iova=0x1000, size=0x8000)";
        assertThat(vfio.lab.first(get, container)).isEqualTo("2");
        assertThat(vfio.lab.first(get, container)).isEqualTo("1");
        vfio.ok("mdev.unpin(device=md0, pin=%s)", pin);
        assertThat(vfio.lab.first(get, container)).isEqualTo("1");
        assertThat(vfio.lab.first(get, container)).isEqualTo("0");
    }

    @Test
    void itReadsWhatIsMappedAndNothingElse() {
        var container = inContainer();
        vfio.ok(
                "vfio.type1_map(container=%s, iova=0x1000, vaddr=ro, size=0x1000, flags=r)",
                container);
        assertThat(vfio.lab.first("mdev.dma_rw(device=md0, iova=0x1234, length=4)"))
                .isEqualTo("ro+0x234");
        vfio.refused("EPERM", "mdev.dma_rw(device=md0, iova=0x1000, length=4, write=true)");
        vfio.refused("EINVAL", "mdev.dma_rw(device=md0, iova=0x1ffe, length=4)");
        vfio.refused("EPERM", "mdev.pin(device=md0, iova=0x1000, length=0x1000, write=true)");
        vfio.refused("EINVAL", "mdev.pin(device=md0, iova=0x5000, length=0x1000)");
    }

    @Test
    void itsGroupHasNeitherOwnerNorDomain() {
        var group = vfio.lab.ok("mdev.create(parent=devA, name=m9)").returns().get("group");
        var state = vfio.lab.ok("iommu.group_state(group=%s)", group).returns();
        assertThat(state)
                .hasToString("{owner=none, owner_cnt=0, domain=none, default_type=unknown}");
    }

    @Test
    void itsGroupHasNoTypeToBeChanged() {
        var lab = KernelLab.of(Architecture.VTD_SCALABLE, 1);
        var group = lab.first("mdev.create(parent=devA, name=md0)");
        lab.refused("EINVAL", "driver.group_type(group=%s, type=identity)", group);
    }

    @Test
    void itHasNoPasids() {
        vfio.ok("mdev.create(parent=devA, name=md0)");
        var fd = vfio.lab.iommufd();
        var bound = vfio.lab.bind(fd, "md0");
        var ioas = vfio.lab.ioas(fd);
        vfio.refused(
                "EOPNOTSUPP", "vfio.cdev_attach(cdev=%s, pt_id=%s, pasid=1)", bound.cdev(), ioas);
        vfio.refused("EOPNOTSUPP", "vfio.cdev_detach(cdev=%s, pasid=1)", bound.cdev());
        vfio.lab.attach(bound, ioas);
        vfio.refused("ENOENT", "vfio.cdev_attach(cdev=%s, pt_id=%s)", bound.cdev(), bound.id());
    }
}
