package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.smmuv3.SmmuRegisters;
import iommulab.engine.iommu.smmuv3.SmmuUnit;
import iommulab.engine.os.process.ProcessDescription;
import iommulab.engine.session.KernelLab.Device;

import org.junit.jupiter.api.Test;

import java.util.List;

/// On an SMMUv3 the kernel translates in stage 1 where nothing is to be nested, so that a device's own
/// requests and its PASIDs share a table of context descriptors.
class StageOneDomainsTest {
    private static final long IOVA = 0x1000;
    private static final long CONFIG = 7 << 1;
    private static final long ABORT = 0;
    private static final long BYPASS = 4 << 1;
    private static final long STAGE_1 = 5 << 1;
    private static final long STAGE_2 = 6 << 1;

    /// `devA` has a driver of the kernel, `devB` is VFIO's.
    private final KernelLab lab =
            KernelLab.of(
                    Architecture.SMMUV3,
                    ProcessDescription.USUAL,
                    false,
                    List.of(List.of(Device.of("devA").with("idxd")), List.of(Device.of("devB"))));

    /// Config of the stream table entry of a device.
    private long config(int device) {
        var memory = lab.machine().memory;
        var unit = (SmmuUnit) lab.machine().units.getFirst().driver().unit();
        long streams = unit.registers().read64(SmmuRegisters.STRTAB_BASE) & (1L << 52) - 64;
        long entries = memory.read64(streams) & -4096L;
        return memory.read64(entries + device * 8L * 64) & CONFIG;
    }

    private int freeFrames() {
        return lab.machine().frames.available();
    }

    private String dma(String device, String more) {
        var returns =
                lab.ok("dma.issue(device=%s, iova=0x%x, dir=read, length=4%s)", device, IOVA, more)
                        .returns();
        return returns.getOrDefault("reason", returns.get("outcome")).toString();
    }

    @Test
    void aDefaultDomainIsStage1() {
        assertThat(config(1)).isEqualTo(STAGE_1);
        assertThat(dma("devA", "")).isEqualTo("unmapped");
    }

    @Test
    void aProcessIsBoundBesideATranslatedDefaultDomain() {
        lab.ok("sva.bind(device=devA, process=p0)");
        assertThat(lab.first("dma.issue(device=devA, iova=buf, dir=read, length=4, pasid=1)"))
                .isEqualTo("ok");
        assertThat(dma("devA", "")).isEqualTo("unmapped");
    }

    @Test
    void anIdentityEntryNamesATableOfDescriptorsOnlyWhilePasidsAreThere() {
        lab.ok("driver.unbind(device=devA)");
        lab.ok("driver.group_type(group=1, type=identity)");
        lab.ok("driver.bind(device=devA, driver=idxd)");
        int before = freeFrames();
        assertThat(config(1)).isEqualTo(BYPASS);
        var bond = lab.first("sva.bind(device=devA, process=p0)");
        assertThat(config(1)).isEqualTo(STAGE_1);
        assertThat(dma("devA", "")).isEqualTo("ok");
        lab.ok("sva.unbind(handle=%s)", bond);
        assertThat(config(1)).isEqualTo(BYPASS);
        assertThat(dma("devA", "")).isEqualTo("ok");
        assertThat(freeFrames()).isEqualTo(before);
    }

    @Test
    void tablesOfUsersAreStage1AndParentsStage2() {
        var fd = lab.iommufd();
        var device = lab.bind(fd, "devB");
        assertThat(config(2)).isEqualTo(ABORT);
        var ioas = lab.ioas(fd);
        lab.ok(
                "iommufd.ioas_map(iommufd=%s, ioas_id=%s, user_va=buf, length=0x1000,"
                        + " flags=[fixed, read, write], iova=0x%x)",
                fd, ioas, IOVA);
        lab.attach(device, ioas);
        assertThat(config(2)).isEqualTo(STAGE_1);
        assertThat(dma("devB", "")).isEqualTo("ok");
        lab.attach(device, lab.parent(fd, device, ioas));
        assertThat(config(2)).isEqualTo(STAGE_2);
        assertThat(dma("devB", "")).isEqualTo("ok");
        lab.ok(
                "iommufd.ioas_unmap(iommufd=%s, ioas_id=%s, iova=0x%x, length=0x1000)",
                fd, ioas, IOVA);
        assertThat(dma("devB", "")).isEqualTo("unmapped");
    }

    @Test
    void writesAreTrackedInStage1() {
        var fd = lab.iommufd();
        var device = lab.bind(fd, "devB");
        var ioas = lab.ioas(fd);
        lab.ok(
                "iommufd.ioas_map(iommufd=%s, ioas_id=%s, user_va=buf, length=0x2000,"
                        + " flags=[fixed, read, write], iova=0x%x)",
                fd, ioas, IOVA);
        var table =
                lab.first(
                        "iommufd.hwpt_alloc(iommufd=%s, dev_id=%s, pt_id=%s, flags=[dirty])",
                        fd, device.id(), ioas);
        lab.attach(device, table);
        assertThat(config(2)).isEqualTo(STAGE_1);
        var bits =
                "iommufd.hwpt_get_dirty(iommufd=%s, hwpt_id=%s, iova=0x1000, length=0x2000,"
                        + " page_size=0x1000, flags=[])";
        lab.ok("iommufd.hwpt_set_dirty(iommufd=%s, hwpt_id=%s, flags=[enable])", fd, table);
        var clean = lab.first(bits, fd, table);
        lab.ok("dma.issue(device=devB, iova=0x2000, dir=write, length=4)");
        assertThat(lab.first(bits, fd, table)).isNotEqualTo(clean);
    }

    @Test
    void comingAndGoingTakesNoFrames() {
        var fd = lab.iommufd();
        var device = lab.bind(fd, "devB");
        var ioas = lab.ioas(fd);
        lab.attach(device, ioas);
        lab.ok("vfio.cdev_detach(cdev=%s)", device.cdev());
        int before = freeFrames();
        lab.attach(device, ioas);
        lab.ok("vfio.cdev_detach(cdev=%s)", device.cdev());
        assertThat(freeFrames()).isEqualTo(before);
    }

    /// A plain domain is one that others can be nested in; the table of a user becomes such a one elsewhere.
    @Test
    void aConversionKeepsWhatAUsersTableMaps() throws CommandRefused {
        var bench = new ArchitectureBench(Architecture.SMMUV3);
        int plain =
                bench.created(
                        new Command.CreateDomain(
                                ArchitectureBench.DEVICE, DomainType.UNMANAGED, 0));
        bench.map(plain, IOVA, 0x10_0000, 0x1000, Permissions.READ_WRITE);
        assertThat(bench.machine.domains.find(plain).orElseThrow().identity().stage())
                .isEqualTo(Stage.SECOND);
        int first = bench.created(new Command.CreateFirstStage(ArchitectureBench.DEVICE, 0, 0));
        bench.map(first, IOVA, 0x20_0000, 0x1000, Permissions.READ_WRITE);
        bench.run(new Command.AttachDevice(ArchitectureBench.DEVICE, first));
        for (var architecture : List.of(Architecture.VTD_LEGACY, Architecture.AMD_VI)) {
            var converted = Conversion.machine(bench.machine, architecture);
            assertThat(
                            converted.domains.all().stream()
                                    .filter(domain -> domain.identity().byUser())
                                    .map(domain -> domain.mappings().getFirst().hpa()))
                    .containsExactly(0x10_0000L, 0x20_0000L);
        }
    }
}
