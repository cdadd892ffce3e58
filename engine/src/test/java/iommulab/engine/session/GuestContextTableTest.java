package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.pci.PciAddress;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.OptionalInt;

/// A guest with an SMMUv3 keeps the table of context descriptors of its device itself, and every first
/// stage; the host attaches the guest's stream table entry and nothing more.
class GuestContextTableTest {
    private static final long GPA = 0x100_0000L;
    private static final long GVA = 0x7000L;
    private static final int STREAM = 5;
    private static final long ABORT = 1;
    private static final long BYPASS = 1 | 4 << 1;
    private static final long STAGE_2 = 1 | 6 << 1;

    private final KernelLab lab = KernelLab.of(Architecture.SMMUV3, 1);
    private final GuestDevice guest = new GuestDevice(lab);
    private String fd;
    private String ioas;
    private KernelLab.Bound device;
    private String parent;
    private String viommu;
    private String firstTable;
    private String secondTable;
    private List<Long> ste;

    @BeforeEach
    void aGuestWithOneTableForItsKernelAndOneForAProcess() {
        fd = lab.iommufd();
        ioas = lab.ioas(fd);
        device = lab.bind(fd, "devA");
        guest.mapMemory(fd, ioas, GPA);
        parent = lab.parent(fd, device, ioas);
        viommu =
                lab.first(
                        "iommufd.viommu_alloc(iommufd=%s, dev_id=%s, hwpt_id=%s, type=arm_smmuv3)",
                        fd, device.id(), parent);
        firstTable = guest.tableThatMaps(GVA, GPA);
        secondTable = guest.tableThatMaps(GVA, GPA + 0x1000);
        ste = write(0, firstTable);
        write(1, firstTable);
        write(2, secondTable);
    }

    // ---- what guest, hypervisor and device do

    /// The guest lets a PASID use a table.
    private List<Long> write(int pasid, String table) {
        var answer = lab.ok("guest.pasid_entry_write(device=devA, pasid=%d, pt=%s)", pasid, table);
        return GuestDevice.words(answer, "ste");
    }

    private String alloc(String flags, String data) {
        return "iommufd.hwpt_alloc(iommufd=%s, dev_id=%s, pt_id=%s, flags=%s, data_type=arm_smmuv3, data=%s)"
                .formatted(fd, device.id(), viommu, flags, data);
    }

    private static String entry(long low, long high) {
        return "{ste=[0x%x, 0x%x]}".formatted(low, high);
    }

    /// A nested table of the guest's stream table entry, which is attached.
    private String attachEntry(long low, long high) {
        var table = lab.first(alloc("[]", entry(low, high)));
        lab.attach(device, table);
        return table;
    }

    private void theGuestKnowsTheDevice() {
        guest.isKnown(fd, viommu, device, STREAM);
    }

    private void attachTheGuestsTable() {
        theGuestKnowsTheDevice();
        attachEntry(ste.get(0), ste.get(1));
    }

    private void guestCommands(long low, long high) {
        lab.ok(
                "iommufd.hwpt_invalidate(iommufd=%s, hwpt_id=%s, data_type=arm_smmuv3,"
                        + " entries=[{cmd=[0x%x, 0x%x]}])",
                fd, viommu, low, high);
    }

    // ---- what comes of it

    @Test
    void everyPasidGoesThroughTheTableThatTheGuestGaveIt() {
        lab.attach(device, parent);
        var first = guest.behind(GPA);
        var second = guest.behind(GPA + 0x1000);
        attachTheGuestsTable();
        assertThat(guest.reached(1)).isEqualTo(first);
        assertThat(guest.reached(2)).isEqualTo(second);
        assertThat(guest.reached(OptionalInt.empty(), GVA)).as("PASID 0's table").isEqualTo(first);
    }

    @Test
    void whatTheGuestHasNotWrittenIsAFaultInItsOwnStage() {
        attachTheGuestsTable();
        assertThat(guest.stopped(3)).isEqualTo("pasid");
        assertThat(guest.stopped(OptionalInt.of(2), GVA + 0x1000)).isEqualTo("s1_unmapped");
        lab.ok("guest.pt_map(pt=%s, gva=0x9000, gpa=0x5000000)", secondTable);
        assertThat(guest.stopped(OptionalInt.of(2), 0x9000))
                .as("no memory there")
                .isEqualTo("unmapped");
        lab.ok("guest.pt_map(pt=%s, gva=0xa000, gpa=0x%x, flags=r)", secondTable, GPA);
        var answer = lab.ok("dma.issue(device=devA, iova=0xa000, dir=write, length=4, pasid=2)");
        assertThat(answer.returns().get("reason")).hasToString("s1_perm");
    }

    @Test
    void aDescriptorThatTheGuestRewritesIsOldUntilTheGuestSaysSo() {
        attachTheGuestsTable();
        var first = guest.reached(1);
        var second = guest.reached(2);
        write(1, secondTable);
        assertThat(guest.reached(1)).as("cached descriptor").isEqualTo(first);
        guestCommands((long) STREAM << 32 | 1 << 12 | 0x05, 1);
        assertThat(guest.reached(1)).as("after CMD_CFGI_CD").isEqualTo(second);
    }

    @Test
    void aPageThatTheGuestMovesIsOldUntilTheGuestSaysSo() {
        attachTheGuestsTable();
        var before = guest.reached(2);
        lab.ok("guest.pt_map(pt=%s, gva=0x%x, gpa=0x%x)", secondTable, GVA, GPA + 0x2000);
        assertThat(guest.reached(2)).as("cached page").isEqualTo(before);
        long asid = Long.parseLong(secondTable);
        guestCommands(asid << 48 | 0x12, GVA);
        assertThat(guest.reached(2)).as("after CMD_TLBI_NH_VA").isNotEqualTo(before);
    }

    @Test
    void aPasidThatTheGuestAddsWorksAtOnce() {
        attachTheGuestsTable();
        assertThat(guest.stopped(4)).isEqualTo("pasid");
        write(4, secondTable);
        assertThat(guest.reached(4)).isEqualTo(guest.reached(2));
    }

    @Test
    void memoryThatTheHostTakesAwayIsGoneForAllPasidsAtOnce() {
        attachTheGuestsTable();
        guest.reached(1);
        lab.ok(
                "iommufd.ioas_unmap(iommufd=%s, ioas_id=%s, iova=0x%x, length=0x4000)",
                fd, ioas, GPA);
        assertThat(guest.stopped(1)).isEqualTo("unmapped");
    }

    @Test
    void withoutAVirtualDeviceTheTableCannotBeAttached() {
        lab.attach(device, parent);
        var table = lab.first(alloc("[]", entry(ste.get(0), ste.get(1))));
        lab.refused("ENOENT", "vfio.cdev_attach(cdev=%s, pt_id=%s)", device.cdev(), table);
        guest.behind(GPA);
    }

    @Test
    void aGuestsBypassLeavesItTheSecondStage() {
        theGuestKnowsTheDevice();
        attachEntry(BYPASS, 0);
        guest.behind(GPA);
        assertThat(guest.stopped(OptionalInt.empty(), 0x5000)).isEqualTo("unmapped");
        assertThat(guest.stopped(1)).as("no substreams without stage 1").isEqualTo("pasid");
    }

    @Test
    void aGuestsAbortOrInvalidEntryBlocks() {
        theGuestKnowsTheDevice();
        for (long low : List.of(ABORT, 0L)) {
            attachEntry(low, 0);
            assertThat(guest.stopped(OptionalInt.empty(), GPA)).isEqualTo("blocked");
            assertThat(guest.stopped(1)).isEqualTo("blocked");
        }
    }

    @Test
    void bitsOfTheEntryThatAreNotTheGuestsAreRefused() {
        long low = ste.get(0);
        long high = ste.get(1);
        lab.refused("EIO", alloc("[]", entry(low | 1L << 52, high)));
        lab.refused("EIO", alloc("[]", entry(low, high | 1L << 44)));
        lab.refused("EIO", alloc("[]", entry(STAGE_2, 0)));
        lab.refused("EIO", alloc("[]", entry(low, high | 2L << 28)));
        lab.refused("EINVAL", alloc("[]", entry(low, high)).replace(")", ", data_len=8)"));
        lab.refused("EOPNOTSUPP", alloc("[pasid]", entry(low, high)));
    }

    @Test
    void theTableItselfTakesNoInvalidations() {
        theGuestKnowsTheDevice();
        var table = attachEntry(ste.get(0), ste.get(1));
        var answer =
                lab.refused(
                        "EOPNOTSUPP",
                        "iommufd.hwpt_invalidate(iommufd=%s, hwpt_id=%s, data_type=arm_smmuv3,"
                                + " entries=[{cmd=[0x30, 0]}])",
                        fd,
                        table);
        assertThat(answer.returns()).hasToString("{entry_num=0}");
    }

    @Test
    void theWalkIsToldCellByCell() throws CommandRefused {
        attachTheGuestsTable();
        var walk =
                lab.machine()
                        .explain(
                                new WalkQuestion(
                                        new PciAddress(0, 0, 1, 0),
                                        GVA,
                                        4,
                                        Access.READ,
                                        PasidPrefix.of(2),
                                        false));
        assertThat(walk.steps())
                .filteredOn(step -> step.cell().row() >= 0 && step.cell().row() <= 5)
                .as("the guest's tables lie in blocks of 2 MiB: 4 x (3 + 1), and 4 for the page")
                .hasSize(20);
    }

    @Test
    void theMapOfMemoryKnowsTheGuestsTables() {
        attachTheGuestsTable();
        long window = TableMemory.forGuestTables(lab.machine().memory.map());
        assertThat(MemoryLook.places(lab.machine()))
                .filteredOn(place -> place.hpa() >= window)
                .filteredOn(place -> place.hpa() < window + GuestTables.bytes())
                .extracting(place -> place.what())
                .as("two tables of PASIDs, two first stages of four tables")
                .hasSize(10);
    }

    @Test
    void goingBackAndForthLeadsToTheSameMachine() {
        var before = lab.machine().checkpoint();
        long hashBefore = lab.stateHash();
        attachTheGuestsTable();
        var first = guest.reached(1);
        var attached = lab.machine().checkpoint();
        long hashAttached = lab.stateHash();
        write(7, secondTable);
        guest.reached(7);
        lab.machine().restore(before);
        assertThat(lab.stateHash()).as("before the attachment").isEqualTo(hashBefore);
        lab.machine().restore(attached);
        assertThat(lab.stateHash()).as("after the attachment").isEqualTo(hashAttached);
        assertThat(guest.stopped(7)).as("written later").isEqualTo("pasid");
        assertThat(guest.reached(1)).isEqualTo(first);
        lab.machine().restore(before);
        attachTheGuestsTable();
        guest.reached(1);
        assertThat(lab.stateHash()).as("the same calls again").isEqualTo(hashAttached);
    }
}
