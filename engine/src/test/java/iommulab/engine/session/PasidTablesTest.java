package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Tables of users for single PASIDs, on hardware that has them: the rules, and what DMA sees of them.
class PasidTablesTest {
    private static final long IOVA = 0x1000;

    private KernelLab lab;
    private String fd;
    private String ioas;
    private KernelLab.Bound device;

    private void start(Architecture architecture) {
        lab = KernelLab.of(architecture, 1, 2);
        fd = lab.iommufd();
        ioas = lab.ioas(fd);
        lab.ok(
                "iommufd.ioas_map(iommufd=%s, ioas_id=%s, user_va=buf, length=0x1000,"
                        + " flags=[fixed, read, write], iova=0x%x)",
                fd, ioas, IOVA);
        device = lab.bind(fd, "devA");
    }

    private String table(KernelLab.Bound of, String flags) {
        return lab.first(
                "iommufd.hwpt_alloc(iommufd=%s, dev_id=%s, pt_id=%s, flags=%s)",
                fd, of.id(), ioas, flags);
    }

    private static String attach(KernelLab.Bound of, String table, int pasid) {
        return "vfio.cdev_attach(cdev=%s, pt_id=%s, pasid=%d)".formatted(of.cdev(), table, pasid);
    }

    private String dma(String name, String pasid) {
        var returns =
                lab.ok("dma.issue(device=%s, iova=0x%x, dir=read, length=4%s)", name, IOVA, pasid)
                        .returns();
        return returns.getOrDefault("reason", returns.get("outcome")).toString();
    }

    private String own() {
        return dma("devA", "");
    }

    private String with(int pasid) {
        return dma("devA", ", pasid=" + pasid);
    }

    @ParameterizedTest
    @EnumSource(names = {"VTD_SCALABLE", "SMMUV3"})
    void aPasidIsAttachedWhileTheDeviceItselfIsBlocked(Architecture architecture) {
        start(architecture);
        var table = table(device, "[pasid]");
        lab.ok(attach(device, table, 5));
        assertThat(with(5)).isEqualTo("ok");
        assertThat(with(6)).isEqualTo("pasid");
        assertThat(own()).isEqualTo("blocked");
        lab.ok("vfio.cdev_detach(cdev=%s, pasid=5)", device.cdev());
        assertThat(own()).isEqualTo("blocked");
        assertThat(with(5)).isNotEqualTo("ok");
    }

    @ParameterizedTest
    @EnumSource(names = {"VTD_SCALABLE", "SMMUV3"})
    void theDeviceItselfComesAndGoesWhileThePasidWorks(Architecture architecture) {
        start(architecture);
        var table = table(device, "[pasid]");
        lab.ok(attach(device, table, 5));
        lab.attach(device, table(device, "[pasid]"));
        assertThat(own()).isEqualTo("ok");
        assertThat(with(5)).isEqualTo("ok");
        lab.ok("vfio.cdev_detach(cdev=%s)", device.cdev());
        assertThat(own()).isEqualTo("blocked");
        assertThat(with(5)).isEqualTo("ok");
    }

    @Test
    void aDeviceWithAProcesssPasidTakesNoSecondStageAlone() {
        start(Architecture.SMMUV3);
        var bond = lab.first("sva.bind(device=devA, process=p0)");

        // arm_smmu_attach_dev: a stream of stage 2 alone has no context descriptors.
        var parent = table(device, "[nest_parent]");
        lab.refused("EBUSY", "vfio.cdev_attach(cdev=%s, pt_id=%s)", device.cdev(), parent);

        lab.attach(device, table(device, "[]"));
        assertThat(own()).isEqualTo("ok");
        lab.ok("vfio.cdev_detach(cdev=%s)", device.cdev());
        lab.ok("sva.unbind(handle=%s)", bond);
        lab.attach(device, parent);
        assertThat(own()).isEqualTo("ok");
    }

    @ParameterizedTest
    @EnumSource(names = {"VTD_SCALABLE", "SMMUV3"})
    void whatTheAddressSpaceLosesThePasidLosesAtOnce(Architecture architecture) {
        start(architecture);
        lab.ok(attach(device, table(device, "[pasid]"), 5));
        assertThat(with(5)).isEqualTo("ok");
        lab.ok(
                "iommufd.ioas_unmap(iommufd=%s, ioas_id=%s, iova=0x%x, length=0x1000)",
                fd, ioas, IOVA);
        assertThat(with(5)).isEqualTo("unmapped");
    }

    @ParameterizedTest
    @EnumSource(names = {"VTD_SCALABLE", "SMMUV3"})
    void tableAndDeviceHaveToAgreeInBothDirections(Architecture architecture) {
        start(architecture);
        var plain = table(device, "[]");
        var forPasids = table(device, "[pasid]");
        lab.refused("EINVAL", attach(device, plain, 5));
        lab.refused("EINVAL", attach(device, ioas, 5));
        lab.attach(device, plain);
        lab.refused("EINVAL", attach(device, forPasids, 5));
        lab.attach(device, forPasids);
        lab.ok(attach(device, forPasids, 5));
        lab.refused("EINVAL", "vfio.cdev_attach(cdev=%s, pt_id=%s)", device.cdev(), plain);
        assertThat(own()).isEqualTo("ok");
    }

    @ParameterizedTest
    @EnumSource(names = {"VTD_SCALABLE", "SMMUV3"})
    void devicesOfAGroupShareTheNumberAndOthersDoNot(Architecture architecture) {
        start(architecture);
        var member = lab.bind(fd, "devB");
        lab.ok(attach(member, table(member, "[pasid]"), 5));
        assertThat(dma("devC", ", pasid=5")).isEqualTo("ok");
        assertThat(with(5)).isNotEqualTo("ok");
    }

    @ParameterizedTest
    @EnumSource(names = {"VTD_SCALABLE", "SMMUV3"})
    void closingTheDeviceLeavesNoPasid(Architecture architecture) {
        start(architecture);
        lab.ok(attach(device, table(device, "[pasid]"), 5));
        lab.attach(device, table(device, "[pasid]"));
        lab.ok("vfio.cdev_close(cdev=%s)", device.cdev());
        assertThat(with(5)).isNotEqualTo("ok");
        assertThat(lab.ok("iommu.group_state(group=1)").returns().get("domain"))
                .hasToString("default");
    }

    @ParameterizedTest
    @EnumSource(names = {"VTD_SCALABLE", "SMMUV3"})
    void writesWithAPasidAreMarkedWhereTheTableTracks(Architecture architecture) {
        start(architecture);
        var table = table(device, "[dirty, pasid]");
        lab.ok(attach(device, table, 5));
        lab.ok("iommufd.hwpt_set_dirty(iommufd=%s, hwpt_id=%s, flags=[enable])", fd, table);
        lab.ok("dma.issue(device=devA, iova=0x%x, dir=write, length=4, pasid=5)", IOVA);
        var bits =
                lab.ok(
                                "iommufd.hwpt_get_dirty(iommufd=%s, hwpt_id=%s, iova=0x%x,"
                                        + " length=0x1000, page_size=0x1000, flags=[])",
                                fd, table, IOVA)
                        .returns()
                        .get("set_bits");
        assertThat(bits).hasToString("[0]");
    }

    /// On RISC-V there is not even a table for it.
    @Test
    void aDriverThatGivesPasidsToProcessesAloneSaysSo() {
        start(Architecture.AMD_VI);
        lab.refused("EOPNOTSUPP", attach(device, table(device, "[pasid]"), 5));
    }

    @Test
    void goingBackGoesBackToABlockedDeviceWithItsPasid() {
        start(Architecture.SMMUV3);
        var table = table(device, "[pasid]");
        lab.ok(attach(device, table, 5));
        var then = lab.machine().checkpoint();
        long hash = lab.stateHash();
        lab.attach(device, table);
        lab.machine().restore(then);
        assertThat(lab.stateHash()).isEqualTo(hash);
        assertThat(own()).isEqualTo("blocked");
        assertThat(with(5)).isEqualTo("ok");
    }
}
