package iommulab.engine.os.iommufd;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.session.Architecture;
import iommulab.engine.session.KernelLab;
import iommulab.engine.session.KernelLab.Bound;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Page requests that user space answers.
class FaultQueueTest {
    private final KernelLab lab = KernelLab.of(Architecture.SELFTEST, 1, 2);
    private String fd;
    private String ioas;
    private String queue;
    private String file;
    private Bound device;
    private String table;

    @BeforeEach
    void aDeviceWhoseTableHasAQueue() {
        fd = lab.iommufd();
        ioas = lab.ioas(fd);
        device = lab.bind(fd, "devA");
        var made = lab.ok("iommufd.fault_alloc(iommufd=%s)", fd).returns();
        queue = made.get("fault_id").toString();
        file = made.get("fd").toString();
        table = table("[fault, pasid]");
        lab.attach(device, table);
    }

    private String table(String flags) {
        return lab.first(
                "iommufd.hwpt_alloc(iommufd=%s, dev_id=%s, pt_id=%s, flags=%s%s)",
                fd, device.id(), ioas, flags, flags.contains("fault") ? ", fault_id=" + queue : "");
    }

    private void asks(String rest) {
        lab.ok("mock.trigger_iopf(device=devA%s)", rest);
    }

    private String bytesRead(int room) {
        return lab.first("iommufd.fault_read(fd=%s, count_bytes=%d)", file, room);
    }

    private String bytesTaken(String responses) {
        return lab.first("iommufd.fault_respond(fd=%s, responses=%s)", file, responses);
    }

    private String lastAnswer(String name) {
        return lab.first("mock.last_response(device=%s)", name);
    }

    private void nothingWaits() {
        assertThat(bytesRead(320)).isEqualTo("0");
        lab.refused(
                "EINVAL",
                "iommufd.fault_respond(fd=%s, responses=[{cookie=1, code=success}])",
                file);
    }

    // ---- reading

    @Test
    void aQueueHasNoFlags() {
        lab.refused("EOPNOTSUPP", "iommufd.fault_alloc(iommufd=%s, flags=1)", fd);
    }

    @Test
    void anEmptyQueueGivesNothing() {
        assertThat(bytesRead(320)).isEqualTo("0");
    }

    @Test
    void aRecordTellsDevicePasidAndPage() {
        lab.ok("vfio.cdev_attach(cdev=%s, pt_id=%s, pasid=7)", device.cdev(), table);
        asks(", pasid=7, addr=0x5000");
        var read = lab.ok("iommufd.fault_read(fd=%s)", file);
        assertThat(KernelLab.field(read, "faults", 0, "dev_id")).isEqualTo(device.id());
        assertThat(KernelLab.field(read, "faults", 0, "pasid")).isEqualTo("7");
        assertThat(KernelLab.field(read, "faults", 0, "addr")).isEqualTo("0x5000");
        assertThat(KernelLab.field(read, "faults", 0, "flags")).isEqualTo("0x3");
    }

    @Test
    void aGroupIsDeliveredWholeOrStays() {
        asks(", group_size=3");
        asks("");
        assertThat(bytesRead(80)).isEqualTo("0");
        assertThat(bytesRead(120)).isEqualTo("120");
        assertThat(bytesRead(80)).isEqualTo("40");
    }

    @Test
    void allRecordsOfAGroupHaveOneCookie() {
        asks(", group_size=2, addr=0x5000");
        var read = lab.ok("iommufd.fault_read(fd=%s)", file);
        assertThat(KernelLab.field(read, "faults", 0, "cookie")).isEqualTo("1");
        assertThat(KernelLab.field(read, "faults", 1, "cookie")).isEqualTo("1");
        assertThat(KernelLab.field(read, "faults", 1, "addr")).isEqualTo("0x6000");
        assertThat(KernelLab.field(read, "faults", 0, "flags")).isEqualTo("0x0");
        assertThat(KernelLab.field(read, "faults", 1, "flags")).as("last").isEqualTo("0x2");
    }

    @Test
    void theLowestFreeCookieIsGivenFromOneOn() {
        asks("");
        asks("");
        bytesRead(320);
        bytesTaken("[{cookie=1, code=success}]");
        asks("");
        var read = lab.ok("iommufd.fault_read(fd=%s)", file);
        assertThat(KernelLab.field(read, "faults", 0, "cookie")).isEqualTo("1");
    }

    @Test
    void noRecordIsCut() {
        asks("");
        lab.refused("ESPIPE", "iommufd.fault_read(fd=%s, count_bytes=39)", file);
        lab.refused("ESPIPE", "iommufd.fault_read(fd=%s, count_bytes=41)", file);
        lab.refused("ESPIPE", "iommufd.fault_respond(fd=%s, responses=[], count_bytes=7)", file);
        assertThat(bytesRead(40)).isEqualTo("40");
    }

    // ---- answering

    @Test
    void theDeviceGetsTheAnswer() {
        assertThat(lastAnswer("devA")).isEqualTo("none");
        asks("");
        bytesRead(40);
        assertThat(lastAnswer("devA")).isEqualTo("none");
        assertThat(bytesTaken("[{cookie=1, code=invalid}]")).isEqualTo("8");
        assertThat(lastAnswer("devA")).isEqualTo("invalid");
    }

    @Test
    void aWriteThatFailsLaterIsShort() {
        asks("");
        asks("");
        bytesRead(320);
        assertThat(bytesTaken("[{cookie=1, code=success}, {cookie=9, code=success}]"))
                .isEqualTo("8");
        assertThat(lastAnswer("devA")).isEqualTo("success");
        lab.refused(
                "EINVAL", "iommufd.fault_respond(fd=%s, responses=[{cookie=2, code=maybe}])", file);
        assertThat(bytesTaken("[{cookie=2, code=success}]")).as("its cookie waits").isEqualTo("8");
    }

    @Test
    void oneGroupIsAnsweredOnce() {
        asks(", group_size=2");
        bytesRead(320);
        assertThat(bytesTaken("[{cookie=1, code=success}, {cookie=1, code=success}]"))
                .isEqualTo("8");
        nothingWaits();
    }

    // ---- answered for the user

    @Test
    void aRequestThatNobodyListensToIsInvalid() {
        asks(", pasid=9");
        assertThat(lastAnswer("devA")).isEqualTo("invalid");
        lab.attach(device, table("[pasid]"));
        asks("");
        nothingWaits();
    }

    @Test
    void leavingTheTableAnswersWhatIsUnreadAndUnanswered() {
        asks("");
        asks("");
        bytesRead(40);
        lab.ok("vfio.cdev_detach(cdev=%s)", device.cdev());
        assertThat(lastAnswer("devA")).isEqualTo("invalid");
        nothingWaits();
    }

    @Test
    void replacingTheTableAnswersToo() {
        asks("");
        bytesRead(40);
        lab.attach(device, table("[pasid]"));
        assertThat(lastAnswer("devA")).isEqualTo("invalid");
        nothingWaits();
    }

    @Test
    void onePasidLeavesAndTheRequestsOfOthersStay() {
        lab.ok("vfio.cdev_attach(cdev=%s, pt_id=%s, pasid=7)", device.cdev(), table);
        asks(", pasid=7, addr=0x1000");
        asks(", addr=0x2000");
        lab.ok("vfio.cdev_detach(cdev=%s, pasid=7)", device.cdev());
        assertThat(lastAnswer("devA")).isEqualTo("invalid");
        var read = lab.ok("iommufd.fault_read(fd=%s)", file);
        assertThat(KernelLab.field(read, "faults", 0, "addr")).isEqualTo("0x2000");
        assertThat(read.returns().get("bytes")).hasToString("40");
    }

    @Test
    void closingTheDeviceAnswersItsRequests() {
        asks("");
        lab.ok("vfio.cdev_close(cdev=%s)", device.cdev());
        assertThat(lastAnswer("devA")).isEqualTo("invalid");
        nothingWaits();
    }

    @Test
    void requestsOfAGroupStayUntilItsLastDeviceLeaves() {
        var b = lab.bind(fd, "devB");
        var c = lab.bind(fd, "devC");
        lab.attach(b, table);
        lab.attach(c, table);
        lab.ok("mock.trigger_iopf(device=devB)");
        lab.ok("vfio.cdev_detach(cdev=%s)", b.cdev());
        assertThat(lastAnswer("devB")).isEqualTo("none");
        lab.ok("vfio.cdev_detach(cdev=%s)", c.cdev());
        assertThat(lastAnswer("devB")).isEqualTo("invalid");
    }

    @Test
    void aMemberThatWasNotAttachedIsToldAsTheOneThatWas() {
        var c = lab.bind(fd, "devC");
        lab.attach(c, table);
        lab.ok("mock.trigger_iopf(device=devB)");
        var read = lab.ok("iommufd.fault_read(fd=%s)", file);
        assertThat(KernelLab.field(read, "faults", 0, "dev_id")).isEqualTo(c.id());
        bytesTaken("[{cookie=1, code=success}]");
        assertThat(lastAnswer("devB")).isEqualTo("success");
    }

    // ---- life of a queue

    @Test
    void tablesAndItsFileKeepAQueue() {
        lab.ok("vfio.cdev_detach(cdev=%s)", device.cdev());
        lab.refused("EBUSY", "iommufd.destroy(iommufd=%s, id=%s)", fd, queue);
        lab.ok("iommufd.destroy(iommufd=%s, id=%s)", fd, table);
        lab.refused("EBUSY", "iommufd.destroy(iommufd=%s, id=%s)", fd, queue);
        lab.ok("iommufd.fault_close(fd=%s)", file);
        lab.ok("iommufd.destroy(iommufd=%s, id=%s)", fd, queue);
    }

    @Test
    void aQueueWithoutFileStillTakesRequests() {
        lab.ok("iommufd.fault_close(fd=%s)", file);
        asks("");
        assertThat(lastAnswer("devA")).isEqualTo("none");
        lab.ok("vfio.cdev_detach(cdev=%s)", device.cdev());
        assertThat(lastAnswer("devA")).isEqualTo("invalid");
    }
}
