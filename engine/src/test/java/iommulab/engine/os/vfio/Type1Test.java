package iommulab.engine.os.vfio;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.os.device.ReservedRange;
import iommulab.engine.session.KernelLab.Device;

import org.junit.jupiter.api.Test;

import java.util.List;

/// Mappings of a container: what can be mapped, what goes with an unmap, who pays.
class Type1Test {
    private static final Device A = Device.of("devA");
    private static final Device B = Device.of("devB");

    // ---- backends

    @Test
    void aBackendNeedsAGroupAndComesOnce() {
        var vfio = VfioLab.of(List.of(A));
        var container = vfio.container();
        var set = "vfio.set_iommu(container=%s, type=%s)";
        vfio.refused("EINVAL", set, container, "TYPE1v2");
        vfio.join(vfio.group(1), container);
        vfio.refused("ENODEV", set, container, "SPAPR");
        vfio.refused("EINVAL", set, container, "UNMAP_ALL");
        vfio.ok(set, container, "TYPE1v2");
        vfio.refused("EINVAL", set, container, "TYPE1v2");
    }

    @Test
    void withoutBackendNothingIsMapped() {
        var vfio = VfioLab.of(List.of(A));
        var container = vfio.container();
        vfio.noMap("EINVAL", container, 0x1000, "buf", 0x1000);
        vfio.noUnmap("EINVAL", container, 0x1000, 0x1000);
        vfio.refused("EINVAL", "vfio.type1_dirty(container=%s, flags=[start])", container);
        vfio.refused("EINVAL", "vfio.get_info(container=%s, argsz=24)", container);
    }

    @Test
    void allGroupsJoinABackendOrNone() {
        var vfio = VfioLab.of(List.of(A), List.of(B.withoutIsolation()));
        var container = vfio.container();
        vfio.join(vfio.group(1), container);
        vfio.join(vfio.group(2), container);
        vfio.refused("EPERM", "vfio.set_iommu(container=%s, type=TYPE1v2)", container);
        assertThat(vfio.read("devA", 0x1000)).isEqualTo("blocked");
        vfio.noMap("EINVAL", container, 0x1000, "buf", 0x1000);
    }

    // ---- map

    @Test
    void overlapIsToldBeforeTheRangeThatIsReserved() {
        var vfio = VfioLab.of(List.of(A));
        var container = vfio.container(1, "TYPE1v2");
        vfio.noMap("EINVAL", container, 0xfee0_0000L, "buf", 0x1000);
        vfio.map(container, 0xfedf_f000L, "buf", 0x1000);
        vfio.noMap("EEXIST", container, 0xfedf_f000L, "buf", 0x2000);
    }

    @Test
    void addressesThatWrapOrThatNoTableReachesAreRefused() {
        var vfio = VfioLab.of(List.of(A));
        var container = vfio.container(1, "TYPE1v2");
        vfio.noMap("EOVERFLOW", container, -0x1000L, "buf", 0x2000);
        vfio.noMap("EINVAL", container, 1L << 60, "buf", 0x1000);
        vfio.noUnmap("EOVERFLOW", container, -0x1000L, 0x2000);
    }

    @Test
    void memoryHasToBeThereAndWritable() {
        var vfio = VfioLab.poor(100, List.of(A));
        var container = vfio.container(1, "TYPE1v2");
        vfio.noMap("EFAULT", container, 0x1000, "buf+0xf000", 0x2000);
        vfio.noMap("EFAULT", container, 0x1000, "ro", 0x1000);
        vfio.ok(
                "vfio.type1_map(container=%s, iova=0x1000, vaddr=ro, size=0x1000, flags=r)",
                container);
        assertThat(vfio.pinned()).isEqualTo(1);
        assertThat(vfio.read("devA", 0x1000)).isEqualTo("ro+0x0");
        var write = vfio.ok("dma.issue(device=devA, iova=0x1000, dir=write, length=4)");
        assertThat(write.returns().get("outcome")).hasToString("fault");
    }

    @Test
    void memoryThatIsMappedStaysWhenTheProcessGivesItUp() {
        var vfio = VfioLab.of(List.of(A), List.of(B.withoutSnooping()));
        var container = vfio.container(1, "TYPE1v2");
        vfio.map(container, 0x1000, "buf", 0x2000);
        vfio.ok("mem.munmap(range=buf, length=0x10000)");
        assertThat(vfio.read("devA", 0x2000)).isEqualTo("buf+0x1000");
        vfio.join(vfio.group(2), container);
        assertThat(vfio.read("devB", 0x2000)).isEqualTo("buf+0x1000");
    }

    @Test
    void aContainerPaysForEachMappingAsAWhole() {
        var vfio = VfioLab.poor(4, List.of(A), List.of(B));
        var first = vfio.container(1, "TYPE1v2");
        var second = vfio.container(2, "TYPE1v2");
        vfio.map(first, 0x1000, "buf", 0x3000);
        vfio.noMap("ENOMEM", second, 0x1000, "buf", 0x2000);
        assertThat(vfio.read("devB", 0x1000)).isEqualTo("unmapped");
        vfio.map(second, 0x1000, "buf", 0x1000);
        assertThat(vfio.pinned()).isEqualTo(4);
        assertThat(vfio.unmap(first, 0x1000, 0x3000)).isEqualTo(0x3000);
        assertThat(vfio.pinned()).isEqualTo(1);
    }

    @Test
    void theLimitIsToldBeforeMemoryThatIsMissingBehindIt() {
        var vfio = VfioLab.poor(4, List.of(A));
        var container = vfio.container(1, "TYPE1v2");
        vfio.noMap("ENOMEM", container, 0, "buf", 0x20000);
        vfio.noMap("EFAULT", container, 0, "buf+0xe000", 0x20000);
        assertThat(vfio.pinned()).isZero();
    }

    @Test
    void aGroupThatCannotHaveAMappingDoesNotJoin() {
        var vfio =
                VfioLab.of(
                        List.of(A),
                        List.of(
                                B.withReserved(
                                        new ReservedRange(
                                                0x8000, 0x8fff, ReservedRange.Kind.RESERVED))));
        var container = vfio.container(1, "TYPE1v2");
        vfio.map(container, 0x7000, "buf", 0x2000);
        var group = vfio.group(2);
        var join = "vfio.group_set_container(group_fd=%s, container=%s)";
        var refusal = vfio.refused("EINVAL", join, group, container);
        assertThat(refusal.rule()).contains("0x7000-0x8fff").contains("devB");
        vfio.unmap(container, 0x7000, 0x2000);
        vfio.ok(join, group, container);
        vfio.noMap("EINVAL", container, 0x8000, "buf", 0x1000);
    }

    @Test
    void oneGroupThatCannotSnoopDecidesForTheContainer() {
        var vfio = VfioLab.of(List.of(A), List.of(B.withoutSnooping()));
        var container = vfio.container(1, "TYPE1v2");
        var coherent = "vfio.check_extension(container=%s, ext=DMA_CC)";
        assertThat(vfio.lab.first(coherent, container)).isEqualTo("1");
        var group = vfio.group(2);
        vfio.join(group, container);
        assertThat(vfio.lab.first(coherent, container)).isEqualTo("0");
        vfio.ok("vfio.group_unset_container(group_fd=%s)", group);
        assertThat(vfio.lab.first(coherent, container)).isEqualTo("1");
    }

    // ---- unmap

    @Test
    void theFirstVersionTakesWholeMappingsThatBeginInTheRange() {
        var vfio = VfioLab.of(List.of(A));
        var container = vfio.container(1, "TYPE1");
        vfio.map(container, 0x1000, "buf", 0x4000);
        vfio.map(container, 0x8000, "buf", 0x2000);
        assertThat(vfio.unmap(container, 0x2000, 0x10000)).isZero();
        assertThat(vfio.read("devA", 0x4000)).isEqualTo("buf+0x3000");
        assertThat(vfio.unmap(container, 0x1000, 0x1000)).isEqualTo(0x4000);
        assertThat(vfio.read("devA", 0x4000)).isEqualTo("unmapped");
        assertThat(vfio.unmap(container, 0x6000, 0x3000)).isEqualTo(0x2000);
        vfio.refused("EACCES", "vfio.type1_dirty(container=%s, flags=[start])", container);
    }

    @Test
    void withTheLastGroupAllIsForgotten() {
        var vfio = VfioLab.of(List.of(A));
        var container = vfio.container();
        var group = vfio.group(1);
        vfio.join(group, container);
        vfio.ok("vfio.set_iommu(container=%s, type=TYPE1v2)", container);
        vfio.map(container, 0x1000, "buf", 0x4000);
        vfio.ok("vfio.group_unset_container(group_fd=%s)", group);
        assertThat(vfio.pinned()).isZero();
        assertThat(vfio.read("devA", 0x1000)).isEqualTo("unmapped");
        vfio.noMap("EINVAL", container, 0x1000, "buf", 0x1000);
    }

    // ---- the log

    @Test
    void theLogDoesNotCutMappings() {
        var vfio = VfioLab.of(List.of(A));
        var container = vfio.container(1, "TYPE1v2");
        vfio.map(container, 0x1000, "buf", 0x4000);
        vfio.ok("vfio.type1_dirty(container=%s, flags=[start])", container);
        var get = "vfio.type1_dirty(container=%s, flags=[get], iova=0x%x, size=0x%x)";
        vfio.refused("EINVAL", get, container, 0x1000, 0x1000);
        vfio.refused("EINVAL", get, container, 0x2000, 0x3000);
        assertThat(vfio.lab.first(get, container, 0, 0x8000)).isEqualTo("4");
        vfio.refused("EINVAL", "vfio.type1_dirty(container=%s, flags=[])", container);
    }

    @Test
    void theInformationTellsHowMuchRoomItNeeds() {
        var vfio = VfioLab.of(List.of(A));
        var container = vfio.container(1, "TYPE1v2");
        var info = "vfio.get_info(container=%s, argsz=%s)";
        vfio.refused("EINVAL", info, container, 15);
        var needed = vfio.ok(info, container, 24).returns();
        assertThat(needed.get("cap_offset")).hasToString("0");
        var whole = vfio.ok(info, container, needed.get("argsz")).returns();
        assertThat(whole.get("cap_offset")).hasToString("24");
    }
}
