package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.smmuv3.EventRecord;
import iommulab.engine.iommu.smmuv3.SmmuFault;
import iommulab.engine.os.call.Value;
import iommulab.engine.pci.PciAddress;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;

/// What an SMMUv3 records of a device with a guest's table goes to the guest, under the guest's stream.
class GuestEventsTest {
    private static final long GPA = 0x100_0000L;
    private static final long GVA = 0x7000L;
    private static final int STREAM = 0x51;

    private final KernelLab lab = KernelLab.of(Architecture.SMMUV3, 1);
    private String fd;
    private String ioas;
    private KernelLab.Bound device;
    private String parent;
    private String viommu;
    private String table;

    @BeforeEach
    void aGuestThatUsesADeviceWithItsOwnTable() {
        fd = lab.iommufd();
        ioas = lab.ioas(fd);
        device = lab.bind(fd, "devA");
        lab.ok(
                "iommufd.ioas_map(iommufd=%s, ioas_id=%s, user_va=buf, length=0x4000,"
                        + " flags=[fixed, read, write], iova=0x%x)",
                fd, ioas, GPA);
        parent = lab.parent(fd, device, ioas);
        viommu =
                lab.first(
                        "iommufd.viommu_alloc(iommufd=%s, dev_id=%s, hwpt_id=%s, type=arm_smmuv3)",
                        fd, device.id(), parent);
        lab.ok(
                "iommufd.vdevice_alloc(iommufd=%s, viommu_id=%s, dev_id=%s, virt_id=%d)",
                fd, viommu, device.id(), STREAM);
        table = lab.first("guest.pt_create()");
        lab.ok("guest.pt_map(pt=%s, gva=0x%x, gpa=0x%x, flags=r)", table, GVA, GPA);
        lab.ok("guest.pasid_entry_write(device=devA, pasid=0, pt=%s)", table);
        var ste =
                lab.ok("guest.pasid_entry_write(device=devA, pasid=3, pt=%s)", table)
                        .returns()
                        .get("ste");
        lab.attach(
                device,
                lab.first(
                        "iommufd.hwpt_alloc(iommufd=%s, dev_id=%s, pt_id=%s, flags=[],"
                                + " data_type=arm_smmuv3, data={ste=%s})",
                        fd, device.id(), viommu, ste));
    }

    /// fd of a new queue.
    private String queue(int depth) {
        return lab.ok(
                        "iommufd.veventq_alloc(iommufd=%s, viommu_id=%s, type=arm_smmuv3,"
                                + " depth=%d)",
                        fd, viommu, depth)
                .returns()
                .get("fd")
                .toString();
    }

    private void request(String more, long address) {
        lab.ok("dma.issue(device=devA, iova=0x%x, length=4, %s)", address, more);
    }

    private List<Value> events(String queue) {
        var events = lab.ok("iommufd.veventq_read(fd=%s)", queue).returns().get("events");
        return ((Value.Items) events).items();
    }

    private static EventRecord record(Value event) {
        var words =
                ((Value.Items) ((Value.Fields) event).fields().get("evt"))
                        .items().stream()
                                .map(word ->
                                        Long.parseUnsignedLong(word.toString().substring(2), 16))
                                .toList();
        return new EventRecord(words.get(0), words.get(1), words.get(2), words.get(3));
    }

    private List<String> printed() {
        return lab.machine().faults.view().getFirst().kernelLines();
    }

    @Test
    void aPageThatTheGuestHasNotMappedIsReportedUnderItsOwnStream() {
        var queue = queue(8);
        request("dir=read", 0x9000);
        var event = record(events(queue).getFirst());
        assertThat(event.type()).isEqualTo(SmmuFault.TRANSLATION.code());
        assertThat(event.stream()).as("the guest's number").isEqualTo(STREAM);
        assertThat(event.word2()).as("address").isEqualTo(0x9000);
        assertThat(event.isSecondStage()).isFalse();
        assertThat(events(queue)).as("read once").isEmpty();
    }

    @Test
    void thePasidIsTheGuests() {
        var queue = queue(8);
        request("dir=write, pasid=3", GVA);
        request("dir=read, pasid=9", GVA);
        var events = events(queue).stream().map(GuestEventsTest::record).toList();
        assertThat(events)
                .extracting(EventRecord::type)
                .containsExactly(SmmuFault.PERMISSION.code(), SmmuFault.BAD_DESCRIPTOR.code());
        assertThat(events).extracting(EventRecord::substream).containsExactly(3, 9);
    }

    @Test
    void whatTheHostsStageStopsIsNoneOfTheGuestsBusiness() {
        var queue = queue(8);
        lab.ok("guest.pt_map(pt=%s, gva=0xa000, gpa=0x5000000)", table);
        request("dir=read", 0xa000);
        assertThat(events(queue)).isEmpty();
        assertThat(printed()).as("the host's log").isNotEmpty();
    }

    @Test
    void whoIsToldByAGuestIsNotToldByTheHostsLog() {
        request("dir=read", 0x9000);
        assertThat(printed()).as("no queue: the host prints it").isNotEmpty();
        queue(8);
        request("dir=read", 0xb000);
        assertThat(printed()).isEmpty();
    }

    @Test
    void aFullQueueKeepsOneMarkerAndNumbersGoOn() {
        var queue = queue(2);
        for (int page = 0; page < 4; page++) {
            request("dir=read", 0x9000 + page * 0x1000L);
        }
        assertThat(events(queue).stream().map(GuestEventsTest::kindAndNumber))
                .containsExactly("event 0", "event 1", "lost 3");
        request("dir=read", 0xd000);
        assertThat(events(queue).stream().map(GuestEventsTest::kindAndNumber))
                .as("the gap stays")
                .containsExactly("event 4");
    }

    private static String kindAndNumber(Value event) {
        var fields = ((Value.Fields) event).fields();
        return fields.get("kind") + " " + fields.get("sequence");
    }

    @Test
    void aDeviceThatUsesTheHostsTableHasNoGuestToTell() {
        var queue = queue(8);
        lab.attach(device, parent);
        request("dir=read", 0x9000);
        assertThat(events(queue)).isEmpty();
    }

    @Test
    void goingBackTakesTheEventAway() {
        var queue = queue(8);
        var before = lab.machine().checkpoint();
        long hash = lab.stateHash();
        request("dir=read", 0x9000);
        lab.machine().restore(before);
        assertThat(lab.stateHash()).isEqualTo(hash);
        assertThat(events(queue)).isEmpty();
    }

    @Test
    void trafficThatIsStoppedIsReportedToo() throws CommandRefused {
        var queue = queue(8);
        var read =
                new Command.IssueDma(
                        new PciAddress(0, 0, 1, 0), 0x9000, 4, Access.READ, PasidPrefix.NONE);
        CommandRunner.run(lab.machine(), read);
        assertThat(events(queue)).hasSize(1);
    }
}
