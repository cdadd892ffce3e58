package iommulab.engine.session;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.amdvi.AmdCommand;
import iommulab.engine.pci.PciAddress;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.OptionalInt;

/// A guest with an AMD IOMMU keeps the GCR3 table of its device itself, and every guest table; the host
/// attaches the guest's device table entry above its own host table and nothing more.
class GuestGcr3TableTest {
    private static final long GPA = 0x100_0000L;
    private static final long GVA = 0x7000L;
    private static final int GUESTS_NUMBER = 0x18;
    private static final long MODE = 4 << 9;
    private static final long GLX = 3L << 56;
    private static final long ONE_PAGE = 0;
    private static final long WINDOW = 0x7ff0_0000_0000L;

    private final KernelLab lab = KernelLab.of(Architecture.AMD_VI, 1, 1);
    private final GuestDevice guest = new GuestDevice(lab);
    private String fd;
    private String ioas;
    private KernelLab.Bound device;
    private String parent;
    private String viommu;
    private String firstTable;
    private String secondTable;
    private List<Long> dte;

    @BeforeEach
    void aGuestWithOneTableForItsKernelAndOneForAProcess() {
        fd = lab.iommufd();
        ioas = lab.ioas(fd);
        device = lab.bind(fd, "devA");
        guest.mapMemory(fd, ioas, GPA);
        parent = lab.parent(fd, device, ioas);
        viommu = viommu();
        firstTable = guest.tableThatMaps(GVA, GPA);
        secondTable = guest.tableThatMaps(GVA, GPA + 0x1000);
        write("devA", 0, firstTable);
        write("devA", 1, firstTable);
        dte = write("devA", 2, secondTable);
    }

    // ---- what guest, hypervisor and device do

    private String viommu() {
        return lab.first(
                "iommufd.viommu_alloc(iommufd=%s, dev_id=%s, hwpt_id=%s, type=amd)",
                fd, device.id(), parent);
    }

    /// The guest lets a PASID use a table.
    ///
    /// @return its device table entry
    private List<Long> write(String name, int pasid, String table) {
        var answer =
                lab.ok("guest.pasid_entry_write(device=%s, pasid=%d, pt=%s)", name, pasid, table);
        return GuestDevice.words(answer, "dte");
    }

    private String alloc(String support, String flags, List<Long> words) {
        return ("iommufd.hwpt_alloc(iommufd=%s, dev_id=%s, pt_id=%s, flags=%s, data_type=amd_guest,"
                        + " data={dte=[0x%x, 0x%x, 0x%x, 0x%x]})")
                .formatted(
                        fd,
                        device.id(),
                        support,
                        flags,
                        words.get(0),
                        words.get(1),
                        words.get(2),
                        words.get(3));
    }

    private String alloc(long low, long high, long third) {
        return alloc(viommu, "[]", List.of(low, high, third, 0L));
    }

    private void theGuestKnowsTheDevice() {
        guest.isKnown(fd, viommu, device, GUESTS_NUMBER);
    }

    private String attachTheGuestsTable() {
        theGuestKnowsTheDevice();
        var table = lab.first(alloc(viommu, "[]", dte));
        lab.attach(device, table);
        return table;
    }

    private void guestCommands(AmdCommand command) {
        lab.ok(
                "guest.command(iommufd=%s, viommu_id=%s, cmd=[0x%x, 0x%x])",
                fd, viommu, command.low(), command.high());
    }

    private int guestsDomain() {
        return (int) (dte.get(1) & 0xffff);
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
    void aGcr3EntryThatTheGuestRewritesIsOldUntilTheGuestSaysSo() {
        attachTheGuestsTable();
        var first = guest.reached(1);
        var second = guest.reached(2);
        write("devA", 1, secondTable);
        assertThat(guest.reached(1)).as("cached entry").isEqualTo(first);
        guestCommands(AmdCommand.invalidateDeviceEntry(GUESTS_NUMBER));
        guestCommands(
                AmdCommand.invalidateGuestPages(guestsDomain(), 1, AmdCommand.pages(0, 51), true));
        assertThat(guest.reached(1)).as("after INVALIDATE_DEVTAB_ENTRY").isEqualTo(second);
    }

    @Test
    void aPageThatTheGuestMovesIsOldUntilTheGuestSaysSo() {
        attachTheGuestsTable();
        var before = guest.reached(2);
        lab.ok("guest.pt_map(pt=%s, gva=0x%x, gpa=0x%x)", secondTable, GVA, GPA + 0x2000);
        assertThat(guest.reached(2)).as("cached page").isEqualTo(before);
        guestCommands(AmdCommand.invalidateGuestPages(guestsDomain(), 1, GVA | ONE_PAGE, false));
        assertThat(guest.reached(2)).as("another PASID was named").isEqualTo(before);
        guestCommands(AmdCommand.invalidateGuestPages(guestsDomain(), 2, GVA | ONE_PAGE, false));
        assertThat(guest.reached(2)).as("after INVALIDATE_IOMMU_PAGES").isNotEqualTo(before);
    }

    @Test
    void invalidatingAllConcernsTheGuestAlone() {
        attachTheGuestsTable();
        guest.reached(1);
        guest.reached(2);
        write("devA", 1, secondTable);
        lab.ok("guest.pt_unmap(pt=%s, gva=0x%x)", secondTable, GVA);
        guestCommands(AmdCommand.invalidateAll());
        assertThat(guest.stopped(1)).isEqualTo("s1_unmapped");
        assertThat(guest.stopped(2)).isEqualTo("s1_unmapped");
    }

    @Test
    void aPasidThatTheGuestAddsWorksAtOnce() {
        attachTheGuestsTable();
        assertThat(guest.stopped(4)).isEqualTo("pasid");
        write("devA", 4, secondTable);
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
    void oneLevelOfGcr3TableIsEnoughForFewPasids() {
        theGuestKnowsTheDevice();
        long root = root(dte);
        long window = TableMemory.forGuestTables(lab.machine().memory.map());
        long upper = window + (root - WINDOW);
        long leaf = lab.machine().memory.read64(upper) & -4096L;
        var low = dte.get(0) & ~GLX & ~(7L << 58) | (leaf >>> 12 & 7) << 58;
        var high = guestsDomain() | (leaf >>> 15 & 0xffff) << 16 | leaf >>> 31 << 43;
        lab.attach(device, lab.first(alloc(low, high, 0)));
        var second = guest.reached(2);
        assertThat(guest.stopped(512)).as("a PASID of ten bits").isEqualTo("pasid");
        lab.attach(device, parent);
        assertThat(second).isEqualTo(guest.behind(GPA + 0x1000));
    }

    private static long root(List<Long> dte) {
        return (dte.get(0) >>> 58 & 7) << 12
                | (dte.get(1) >>> 16 & 0xffff) << 15
                | dte.get(1) >>> 43 << 31;
    }

    // ---- numbers of domains

    @Test
    void tablesOfOneGuestDomainShareOneNumberOfHardware() {
        theGuestKnowsTheDevice();
        var first = lab.first(alloc(viommu, "[]", dte));
        var second = lab.first(alloc(viommu, "[]", dte));
        var other = lab.first(alloc(dte.get(0), dte.get(1) + 1, 0));
        assertThat(hardwareNumber(other)).isNotEqualTo(hardwareNumber(first));
        assertThat(hardwareNumber(second)).isEqualTo(hardwareNumber(first));
        lab.attach(device, second);
        lab.ok("iommufd.destroy(iommufd=%s, id=%s)", fd, first);
        var later = lab.first(alloc(dte.get(0), dte.get(1) + 2, 0));
        assertThat(hardwareNumber(later))
                .as("the number of what is gone, while another has it")
                .isNotEqualTo(hardwareNumber(second));
    }

    /// The domain number in the device's entry after a table is attached.
    private int hardwareNumber(String table) {
        lab.attach(device, table);
        guest.read(OptionalInt.of(1), GVA);
        var walk = explained(1);
        return walk.domain();
    }

    private Walk explained(int pasid) {
        try {
            return lab.machine()
                    .explain(
                            new WalkQuestion(
                                    new PciAddress(0, 0, 1, 0),
                                    GVA,
                                    4,
                                    Access.READ,
                                    PasidPrefix.of(pasid),
                                    false));
        } catch (CommandRefused refused) {
            throw new AssertionError(refused);
        }
    }

    @Test
    void twoVirtualIommusWithOneNumberAreApart() {
        theGuestKnowsTheDevice();
        var first = lab.first(alloc(viommu, "[]", dte));
        int number = hardwareNumber(first);
        lab.attach(device, parent);
        lab.ok("iommufd.destroy(iommufd=%s, id=%s)", fd, first);
        var again = lab.first(alloc(viommu, "[]", dte));
        var other = lab.first(alloc(viommu(), "[]", dte));
        assertThat(hardwareNumber(again)).isEqualTo(number);
        lab.refused("ENOENT", "vfio.cdev_attach(cdev=%s, pt_id=%s)", device.cdev(), other);
    }

    @Test
    void theHostsMemoryIsTakenFromAllNumbersOfTheGuest() {
        attachTheGuestsTable();
        var sibling = lab.bind(fd, "devB");
        var table = lab.first("guest.pt_create()");
        lab.ok("guest.pt_map(pt=%s, gva=0x%x, gpa=0x%x)", table, GVA, GPA);
        var words = write("devB", 1, table);
        assertThat(words.get(1) & 0xffff).as("its own domain").isNotEqualTo(guestsDomain());
        lab.ok(
                "iommufd.vdevice_alloc(iommufd=%s, viommu_id=%s, dev_id=%s, virt_id=0x20)",
                fd, viommu, sibling.id());
        lab.attach(sibling, lab.first(alloc(viommu, "[]", words)));
        guest.reached(1);
        lab.ok("dma.issue(device=devB, iova=0x%x, dir=read, length=4, pasid=1)", GVA);
        lab.ok(
                "iommufd.ioas_unmap(iommufd=%s, ioas_id=%s, iova=0x%x, length=0x4000)",
                fd, ioas, GPA);
        assertThat(guest.stopped(1)).isEqualTo("unmapped");
        var answer = lab.ok("dma.issue(device=devB, iova=0x%x, dir=read, length=4, pasid=1)", GVA);
        assertThat(answer.returns().get("reason")).hasToString("unmapped");
    }

    // ---- refusals

    @Test
    void whatIsNotTheGuestsInAnEntryIsRefused() {
        long low = dte.get(0);
        long high = dte.get(1);
        lab.refused("EINVAL", alloc(low | MODE, high, 0));
        lab.refused("EINVAL", alloc(low | 0x1000, high, 0));
        lab.refused("EINVAL", alloc(low & ~(7L << 58), guestsDomain(), 0));
        lab.refused("EINVAL", alloc(low, high, 2L << 54));
        lab.refused("EINVAL", alloc(low | GLX, high, 0));
        lab.refused("EINVAL", alloc(viommu, "[]", dte).replace(")", ", data_len=16)"));
        lab.ok(alloc(low, high, 1L << 54));
    }

    @Test
    void theEntryGoesToAVirtualIommuOnly() {
        lab.refused("EOPNOTSUPP", alloc(parent, "[]", dte));
        lab.refused(
                "EOPNOTSUPP",
                "iommufd.viommu_alloc(iommufd=%s, dev_id=%s, hwpt_id=%s, type=arm_smmuv3)",
                fd,
                device.id(),
                parent);
    }

    @Test
    void linuxCarriesOutNoCommandsOfTheGuest() {
        var table = attachTheGuestsTable();
        for (var object : List.of(table, viommu)) {
            var answer =
                    lab.refused(
                            "EOPNOTSUPP",
                            "iommufd.hwpt_invalidate(iommufd=%s, hwpt_id=%s, data_type=arm_smmuv3,"
                                    + " entries=[{cmd=[0, 0]}])",
                            fd,
                            object);
            assertThat(answer.returns()).hasToString("{entry_num=0}");
        }
    }

    @Test
    void commandsAboutOthersAreRefused() {
        attachTheGuestsTable();
        refusedCommand(AmdCommand.invalidateDeviceEntry(GUESTS_NUMBER + 1));
        refusedCommand(AmdCommand.invalidateGuestPages(guestsDomain() + 7, 1, 0, true));
        refusedCommand(AmdCommand.completePageRequest(GUESTS_NUMBER, 1, 0, 0));
        guestCommands(AmdCommand.waitAndInterrupt());
    }

    private void refusedCommand(AmdCommand command) {
        lab.refused(
                "EIO",
                "guest.command(iommufd=%s, viommu_id=%s, cmd=[0x%x, 0x%x])",
                fd,
                viommu,
                command.low(),
                command.high());
    }

    @Test
    void withoutAVirtualDeviceTheTableCannotBeAttached() {
        lab.attach(device, parent);
        var table = lab.first(alloc(viommu, "[]", dte));
        lab.refused("ENOENT", "vfio.cdev_attach(cdev=%s, pt_id=%s)", device.cdev(), table);
        guest.behind(GPA);
    }

    @Test
    void aPasidOfTheHostHasNoPlaceBesideTheGuests() {
        var table = attachTheGuestsTable();
        lab.refused("EINVAL", "vfio.cdev_attach(cdev=%s, pt_id=%s, pasid=9)", device.cdev(), table);
    }

    // ---- what is seen of it

    @Test
    void theMapOfMemoryKnowsTheGuestsTables() {
        attachTheGuestsTable();
        long window = TableMemory.forGuestTables(lab.machine().memory.map());
        assertThat(MemoryLook.places(lab.machine()))
                .filteredOn(place -> place.hpa() >= window)
                .filteredOn(place -> place.hpa() < window + GuestTables.bytes())
                .extracting(place -> place.what())
                .as("two GCR3 tables, two guest tables of four levels")
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
        write("devA", 7, secondTable);
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
