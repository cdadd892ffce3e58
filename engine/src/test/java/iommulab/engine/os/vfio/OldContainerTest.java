package iommulab.engine.os.vfio;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.session.KernelLab.Device;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;

/// The old interface on an IOMMUFD.
class OldContainerTest {
    private final VfioLab vfio = VfioLab.of(List.of(Device.of("devA")));
    private String fd;
    private String group;

    @BeforeEach
    void aGroupWithAnIommufdForContainer() {
        fd = vfio.lab.iommufd();
        group = vfio.group(1);
        vfio.join(group, fd);
    }

    @Test
    void itsAddressSpaceIsTheUsersLikeAnyOther() {
        var ioas = vfio.lab.first("iommufd.vfio_ioas(iommufd=%s, op=get)", fd);
        vfio.map(fd, 0x1000, "buf", 0x1000);
        vfio.device(group, "devA");
        assertThat(vfio.read("devA", 0x1000)).isEqualTo("buf+0x0");
        vfio.refused("EBUSY", "iommufd.destroy(iommufd=%s, id=%s)", fd, ioas);
        vfio.refused("ENOTTY", "vfio.type1_dirty(container=%s, flags=[start])", fd);
    }

    @Test
    void theFirstVersionReallyCuts() {
        vfio.ok("vfio.set_iommu(container=%s, type=TYPE1)", fd);
        vfio.map(fd, 0x10_0000, "buf", 0x8000);
        vfio.device(group, "devA");
        assertThat(vfio.unmap(fd, 0x10_2000, 0x1000)).isEqualTo(0x1000);
        assertThat(vfio.read("devA", 0x10_1000)).isEqualTo("buf+0x1000");
        assertThat(vfio.read("devA", 0x10_2000)).isEqualTo("unmapped");
        assertThat(vfio.read("devA", 0x10_3000)).isEqualTo("buf+0x3000");
        assertThat(vfio.pinned()).isEqualTo(7);
        assertThat(vfio.unmap(fd, 0x10_0000, 0x8000)).isEqualTo(0x7000);
        assertThat(vfio.pinned()).isZero();
    }

    @Test
    void theSecondVersionCannotCut() {
        vfio.ok("vfio.set_iommu(container=%s, type=TYPE1v2)", fd);
        vfio.map(fd, 0x10_0000, "buf", 0x8000);
        vfio.noUnmap("ENOENT", fd, 0x10_2000, 0x1000);
        assertThat(vfio.unmap(fd, 0x20_0000, 0x1000)).isZero();
        vfio.noUnmap("EINVAL", fd, 0x10_0000, 0);
    }

    @Test
    void aDeviceThatIsOpenTwiceIsOneDevice() {
        var first = vfio.device(group, "devA");
        var second = vfio.device(group, "devA");
        assertThat(vfio.ok("iommu.group_state(group=1)").returns().get("owner_cnt"))
                .hasToString("1");
        vfio.ok("vfio.device_close(device_fd=%s)", first);
        assertThat(vfio.owner(1)).isEqualTo("iommufd");
        vfio.ok("vfio.device_close(device_fd=%s)", second);
        assertThat(vfio.owner(1)).isEqualTo("none");
    }

    @Test
    void coherencyIsThatOfAllTables() {
        var coherent = "vfio.check_extension(container=%s, ext=DMA_CC)";
        vfio.device(group, "devA");
        assertThat(vfio.lab.first(coherent, fd)).isEqualTo("1");
        vfio.refused("ENODEV", coherent, vfio.lab.iommufd());
    }
}
