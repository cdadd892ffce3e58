package iommulab.engine.os.iommufd;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.session.Architecture;
import iommulab.engine.session.KernelLab;
import iommulab.engine.session.KernelLab.Bound;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Virtual IOMMUs of the self-test: the guest's numbers for devices, events, queues that hardware reads.
class VirtualIommuTest {
    private final KernelLab lab = KernelLab.of(Architecture.SELFTEST, 1, 1);
    private String fd;
    private String ioas;
    private String parent;
    private Bound a;
    private Bound b;

    @BeforeEach
    void aGuestWithTwoDevices() {
        fd = lab.iommufd();
        ioas = lab.ioas(fd);
        a = lab.bind(fd, "devA");
        b = lab.bind(fd, "devB");
        parent = lab.parent(fd, a, ioas);
    }

    private String viommu() {
        return lab.first(
                "iommufd.viommu_alloc(iommufd=%s, dev_id=%s, hwpt_id=%s, type=selftest)",
                fd, a.id(), parent);
    }

    private String vdevice(String viommu, Bound device, String number) {
        return lab.first(
                "iommufd.vdevice_alloc(iommufd=%s, viommu_id=%s, dev_id=%s, virt_id=%s)",
                fd, viommu, device.id(), number);
    }

    // ---- making one

    private void noViommu(String errno, String device, String table, String rest) {
        lab.refused(
                errno,
                "iommufd.viommu_alloc(iommufd=%s, dev_id=%s, hwpt_id=%s, %s)",
                fd,
                device,
                table,
                rest);
    }

    @Test
    void itHasATypeThatTheDriverMakes() {
        noViommu("EOPNOTSUPP", a.id(), parent, "type=default");
        noViommu("EOPNOTSUPP", a.id(), parent, "type=arm_smmuv3");
        noViommu("EOPNOTSUPP", a.id(), parent, "type=selftest, flags=1");
    }

    @Test
    void itStandsOnATableForNesting() {
        noViommu("ENOENT", "99", parent, "type=selftest");
        noViommu("ENOENT", a.id(), "99", "type=selftest");
        noViommu("ENOENT", a.id(), ioas, "type=selftest");
        noViommu("ENOENT", a.id(), lab.nested(fd, a, parent), "type=selftest");
        lab.attach(a, ioas);
        var automatic = lab.first("iommufd.attached_hwpt(device=devA)");
        noViommu("EINVAL", a.id(), automatic, "type=selftest");
    }

    @Test
    void itKeepsItsParentAndIsKeptByWhatItHas() {
        var viommu = viommu();
        lab.refused("EBUSY", "iommufd.destroy(iommufd=%s, id=%s)", fd, parent);
        var device = vdevice(viommu, a, "0x99");
        var busy = lab.refused("EBUSY", "iommufd.destroy(iommufd=%s, id=%s)", fd, viommu);
        assertThat(busy.rule()).contains("VDEVICE " + device);
        lab.ok("iommufd.destroy(iommufd=%s, id=%s)", fd, device);
        lab.ok("iommufd.destroy(iommufd=%s, id=%s)", fd, viommu);
        lab.ok("iommufd.destroy(iommufd=%s, id=%s)", fd, parent);
    }

    // ---- devices

    @Test
    void aDeviceHasOneNumberAndANumberOneDevice() {
        var viommu = viommu();
        vdevice(viommu, a, "0x99");
        noVdevice("EEXIST", viommu, a, "0x99");
        noVdevice("EEXIST", viommu, a, "0x9a");
        noVdevice("EEXIST", viommu(), a, "0x99");
        noVdevice("EEXIST", viommu, b, "0x99");
        vdevice(viommu, b, "0x9a");
    }

    private void noVdevice(String errno, String viommu, Bound device, String number) {
        lab.refused(
                errno,
                "iommufd.vdevice_alloc(iommufd=%s, viommu_id=%s, dev_id=%s, virt_id=%s)",
                fd,
                viommu,
                device.id(),
                number);
    }

    @Test
    void twoGuestsMayUseTheSameNumber() {
        vdevice(viommu(), a, "0x99");
        vdevice(viommu(), b, "0x99");
    }

    @Test
    void theNumberOfAVirtualDeviceThatWentWithItsDeviceIsNeverGivenAgain() {
        var viommu = viommu();
        var gone = vdevice(viommu, b, "0x99");
        lab.ok("vfio.cdev_close(cdev=%s)", b.cdev());
        lab.refused("ENOENT", "iommufd.destroy(iommufd=%s, id=%s)", fd, gone);
        assertThat(lab.ioas(fd)).as("the number of the device is free").isEqualTo(b.id());
        for (int i = 0; i < 8; i++) {
            assertThat(lab.ioas(fd)).isNotEqualTo(gone);
        }
        lab.ok("iommufd.destroy(iommufd=%s, id=%s)", fd, viommu);
    }

    @Test
    void aTableOfAGuestIsForItsDevices() {
        var mine = viommu();
        var other = viommu();
        var table = lab.nested(fd, a, mine);
        var tableOfOther = lab.nested(fd, a, other);
        lab.attach(a, ioas);
        lab.refused("ENOENT", "vfio.cdev_attach(cdev=%s, pt_id=%s)", a.cdev(), table);
        vdevice(mine, a, "0x99");
        lab.attach(a, table);
        lab.refused("ENOENT", "vfio.cdev_attach(cdev=%s, pt_id=%s)", a.cdev(), tableOfOther);
        assertThat(lab.first("iommufd.attached_hwpt(device=devA)")).isEqualTo(table);
    }

    // ---- invalidation

    @Test
    void anInvalidationNamesDevicesByTheGuestsNumbers() {
        var viommu = viommu();
        vdevice(viommu, b, "0x7000000001");
        var flush =
                "iommufd.hwpt_invalidate(iommufd=%s, hwpt_id=%s, data_type=viommu_selftest,"
                        + " entries=%s)";
        lab.ok(flush, fd, viommu, "[{flags=0, vdev_id=0x7000000001, cache_id=2}]");
        assertThat(lab.first("mock.dev_cache(device=devB)")).isEqualTo("[1, 1, 0, 1]");
        assertThat(lab.first("mock.dev_cache(device=devA)")).isEqualTo("[1, 1, 1, 1]");
        var half =
                lab.refused(
                        "EINVAL",
                        flush,
                        fd,
                        viommu,
                        "[{flags=0, vdev_id=0x7000000001, cache_id=0}, {flags=0, vdev_id=1,"
                                + " cache_id=0}]");
        assertThat(half.returns()).hasToString("{entry_num=1}");
        assertThat(lab.first("mock.dev_cache(device=devB)")).isEqualTo("[0, 1, 0, 1]");
    }

    // ---- events

    private String[] events(String viommu, int depth) {
        var made =
                lab.ok(
                        "iommufd.veventq_alloc(iommufd=%s, viommu_id=%s, type=selftest, depth=%d)",
                        fd, viommu, depth);
        return new String[] {
            made.returns().get("veventq_id").toString(), made.returns().get("fd").toString()
        };
    }

    private String read(String queue) {
        return lab.first("iommufd.veventq_read(fd=%s)", queue);
    }

    private static String event(int sequence) {
        return "{kind=event, sequence=%d, virt_id=0x99}".formatted(sequence);
    }

    @Test
    void aQueueOfEventsHasAPlaceATypeAndAGuest() {
        var viommu = viommu();
        var alloc = "iommufd.veventq_alloc(iommufd=%s, viommu_id=%s, %s)";
        lab.refused("EOPNOTSUPP", alloc, fd, viommu, "type=selftest, depth=2, flags=1");
        lab.refused("EOPNOTSUPP", alloc, fd, viommu, "type=default, depth=2");
        lab.refused("EINVAL", alloc, fd, viommu, "type=selftest, depth=0");
        lab.refused("ENOENT", alloc, fd, parent, "type=selftest, depth=2");
        events(viommu, 2);
        lab.refused("EEXIST", alloc, fd, viommu, "type=selftest, depth=2");
        lab.ok(alloc, fd, viommu(), "type=selftest, depth=2");
    }

    @Test
    void aFullQueueLosesEventsWithTheirNumbersAndSaysSoOnceAtItsEnd() {
        var viommu = viommu();
        vdevice(viommu, a, "0x99");
        lab.attach(a, lab.nested(fd, a, viommu));
        var queue = events(viommu, 2)[1];
        lab.ok("mock.trigger_vevent(device=devA, count=5)");
        assertThat(read(queue))
                .isEqualTo("[%s, %s, {kind=lost, sequence=4}]".formatted(event(0), event(1)));
        lab.ok("mock.trigger_vevent(device=devA, count=1)");
        assertThat(read(queue)).as("the gap stays").isEqualTo("[%s]".formatted(event(5)));
        assertThat(read(queue)).isEqualTo("[]");
    }

    @Test
    void onlyADeviceOnATableOfTheGuestHasEventsAndOnlyAQueueTakesThem() {
        var viommu = viommu();
        lab.refused("ENOENT", "mock.trigger_vevent(device=devA, count=1)");
        var number = vdevice(viommu, a, "0x99");
        lab.refused("ENOENT", "mock.trigger_vevent(device=devA, count=1)");
        lab.attach(a, lab.nested(fd, a, viommu));
        lab.refused("EOPNOTSUPP", "mock.trigger_vevent(device=devA, count=1)");
        events(viommu, 2);
        lab.ok("mock.trigger_vevent(device=devA, count=1)");
        lab.ok("iommufd.destroy(iommufd=%s, id=%s)", fd, number);
        lab.refused("ENOENT", "mock.trigger_vevent(device=devA, count=1)");
    }

    @Test
    void anOpenFileKeepsItsQueueOfEvents() {
        var viommu = viommu();
        var queue = events(viommu, 2);
        lab.refused("EBUSY", "iommufd.destroy(iommufd=%s, id=%s)", fd, queue[0]);
        lab.ok("iommufd.veventq_close(fd=%s)", queue[1]);
        lab.refused("EBUSY", "iommufd.destroy(iommufd=%s, id=%s)", fd, viommu);
        lab.ok("iommufd.destroy(iommufd=%s, id=%s)", fd, queue[0]);
        lab.ok("iommufd.destroy(iommufd=%s, id=%s)", fd, viommu);
    }

    // ---- queues that hardware reads

    private static final String QUEUE =
            "iommufd.hw_queue_alloc(iommufd=%s, viommu_id=%s, type=selftest, index=%d, iova=%s,"
                    + " length=%s)";

    private void map(String at, int bytes, String from) {
        lab.ok(
                "iommufd.ioas_map(iommufd=%s, ioas_id=%s, user_va=%s, length=%d,"
                        + " flags=[fixed, read, write], iova=%s)",
                fd, ioas, from, bytes, at);
    }

    @Test
    void aQueueLiesInMappedMemoryThatIsOnePiece() {
        var viommu = viommu();
        lab.refused("EINVAL", QUEUE, fd, viommu, 0, "0x1000000", "0");
        lab.refused("EOVERFLOW", QUEUE, fd, viommu, 0, "0xfffffffffffff000", "0x2000");
        lab.refused("ENOENT", QUEUE, fd, viommu, 0, "0x1000000", "0x1000");
        map("0x1000000", 0x1000, "buf+0x2000");
        map("0x1001000", 0x1000, "buf+0x8000");
        lab.refused("ENOENT", QUEUE, fd, viommu, 0, "0x1000000", "0x3000");
        lab.refused("EFAULT", QUEUE, fd, viommu, 0, "0x1000000", "0x2000");
        lab.ok(QUEUE, fd, viommu, 0, "0x1001000", "0x1000");
        lab.refused("EEXIST", QUEUE, fd, viommu, 0, "0x1000000", "0x1000");
        var more = QUEUE.replace(")", ", flags=1)");
        lab.refused("EOPNOTSUPP", more, fd, viommu, 1, "0x1000000", "0x1000");
        lab.refused(
                "EOPNOTSUPP",
                QUEUE.replace("selftest", "default"),
                fd,
                viommu,
                1,
                "0x1000000",
                "0x1000");
    }

    @Test
    void neighbouringMappingsOfNeighbouringPagesAreOnePiece() {
        map("0x1000000", 0x1000, "buf");
        map("0x1001000", 0x1000, "buf+0x1000");
        lab.ok(QUEUE, fd, viommu(), 0, "0x1000800", "0x1000");
    }

    @Test
    void aMappingThatHardwareReadsCannotGo() {
        map("0x1000000", 0x2000, "buf");
        var viommu = viommu();
        var first = lab.first(QUEUE, fd, viommu, 0, "0x1000000", "0x800");
        var second = lab.first(QUEUE, fd, viommu, 1, "0x1001000", "0x800");
        var unmap = "iommufd.ioas_unmap(iommufd=%s, ioas_id=%s, iova=0x1000000, length=0x2000)";
        lab.refused("EBUSY", unmap, fd, ioas);
        lab.refused("EBUSY", "iommufd.destroy(iommufd=%s, id=%s)", fd, first);
        lab.ok("iommufd.destroy(iommufd=%s, id=%s)", fd, second);
        lab.refused("EBUSY", unmap, fd, ioas);
        lab.ok("iommufd.destroy(iommufd=%s, id=%s)", fd, first);
        lab.ok(unmap, fd, ioas);
        assertThat(lab.first("mem.pinned()")).isEqualTo("0");
    }
}
