package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.KernelLab.Bound;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Devices that ask for pages by hardware, and user space that brings them.
class DemandPagingTest {
    private static final PciAddress A = new PciAddress(0, 0, 1, 0);
    private static final String DMA = "dma.issue(device=devA, iova=0x1000000, dir=read, length=4)";

    /// A device whose table has nothing in it but a queue for page requests.
    private static final class Lab {
        final KernelLab kernel;
        final String fd;
        final String ioas;
        final String file;
        final Bound device;

        Lab(Architecture architecture) {
            kernel = KernelLab.of(architecture, 1);
            fd = kernel.iommufd();
            ioas = kernel.ioas(fd);
            device = kernel.bind(fd, "devA");
            var queue = kernel.ok("iommufd.fault_alloc(iommufd=%s)", fd).returns();
            file = queue.get("fd").toString();
            kernel.attach(
                    device,
                    kernel.first(
                            "iommufd.hwpt_alloc(iommufd=%s, dev_id=%s, pt_id=%s, flags=[fault],"
                                    + " fault_id=%s)",
                            fd, device.id(), ioas, queue.get("fault_id")));
            kernel.bench(new Command.SetAts(A, true));
            kernel.bench(new Command.SetPageRequests(A, true));
        }

        void brings() {
            kernel.ok(
                    "iommufd.ioas_map(iommufd=%s, ioas_id=%s, user_va=buf, length=0x1000,"
                            + " flags=[fixed, read, write], iova=0x1000000)",
                    fd, ioas);
        }

        String page() {
            var read = kernel.ok("iommufd.fault_read(fd=%s)", file);
            return KernelLab.field(read, "faults", 0, "addr");
        }

        void answers(String code) {
            kernel.ok("iommufd.fault_respond(fd=%s, responses=[{cookie=1, code=%s}])", file, code);
        }

        boolean waits() {
            return machine().deviceTlbs.find(A).orElseThrow().device().pages().outstanding() > 0;
        }

        Machine machine() {
            return kernel.machine();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"VTD_SCALABLE", "SMMUV3", "AMD_VI", "RISCV"})
    void aPageThatIsBroughtAndAnsweredIsUsed(Architecture architecture) {
        var lab = new Lab(architecture);
        assertThat(lab.kernel.first(DMA)).isEqualTo("fault");
        assertThat(lab.page()).isEqualTo("0x1000000");
        assertThat(lab.waits()).isTrue();
        lab.brings();
        lab.answers("success");
        assertThat(lab.waits()).isFalse();
        assertThat(lab.kernel.first("mock.last_response(device=devA)")).isEqualTo("success");
        assertThat(lab.kernel.ok(DMA).returns()).hasToString("{outcome=ok, host=buf+0x0}");
    }

    @ParameterizedTest
    @EnumSource(names = {"VTD_SCALABLE", "SMMUV3", "AMD_VI", "RISCV"})
    void anAnswerWithoutThePageIsAskedForAgain(Architecture architecture) {
        var lab = new Lab(architecture);
        lab.kernel.ok(DMA);
        lab.page();
        lab.answers("success");
        assertThat(lab.waits()).as("it tried, and asks again").isTrue();
        assertThat(lab.page()).isEqualTo("0x1000000");
        lab.answers("invalid");
        assertThat(lab.waits()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"VTD_SCALABLE", "SMMUV3", "AMD_VI", "RISCV"})
    void detachingAnswersTheDevice(Architecture architecture) {
        var lab = new Lab(architecture);
        lab.kernel.ok(DMA);
        lab.kernel.ok("vfio.cdev_detach(cdev=%s)", lab.device.cdev());
        assertThat(lab.waits()).isFalse();
        assertThat(lab.kernel.first("mock.last_response(device=devA)")).isEqualTo("invalid");
        assertThat(lab.kernel.first("iommufd.fault_read(fd=%s)", lab.file)).isEqualTo("0");
    }
}
