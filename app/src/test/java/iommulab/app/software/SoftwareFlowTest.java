package iommulab.app.software;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.KernelStory;
import iommulab.app.LiveLab;
import iommulab.app.PasidMachine;
import iommulab.app.Robot;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.engine.os.Software;
import iommulab.engine.os.device.DeviceTraits;
import iommulab.engine.session.MachineDescription;

import javafx.scene.control.Label;
import javafx.scene.control.Labeled;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A person makes calls of the kernel by clicking, and is told why some of them cannot be.
class SoftwareFlowTest {
    private static final String DEVICE = PasidMachine.OTHER.toString();

    private static LiveLab lab() {
        return lab(PasidMachine.describe());
    }

    /// The same machine, with a device that may bypass CPU caches.
    private static MachineDescription bypassing() {
        var machine = PasidMachine.describe();
        var traits =
                new DeviceTraits(
                        Optional.empty(),
                        Optional.of(false),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        List.of());
        return new MachineDescription(
                machine.name(),
                machine.origin(),
                machine.about(),
                machine.kernelRelease(),
                machine.commandLine(),
                machine.topology(),
                machine.firmware(),
                machine.units(),
                machine.memory(),
                machine.externalFacing(),
                machine.kernelSaid(),
                machine.remarks(),
                new Software(
                        Map.of(),
                        Map.of(PasidMachine.OTHER, traits),
                        Software.USUAL.processes(),
                        false));
    }

    private static LiveLab lab(MachineDescription machine) {
        var lab = LiveLab.on(machine);
        var function = lab.machine().topology().find(PasidMachine.OTHER).orElseThrow();
        var story = KernelStory.on(lab);
        if (function.driver().isPresent()) {
            story.did("driver.unbind(device=%s)".formatted(DEVICE));
        }
        story.did("driver.bind(device=%s, driver=vfio-pci)".formatted(DEVICE));
        return lab.opens(Perspective.SOFTWARE);
    }

    /// A device that is bound to an IOMMUFD, attached to an address space.
    private static LiveLab attached() {
        var lab = lab();
        KernelStory.on(lab)
                .did("iommufd.open()")
                .did("vfio.cdev_open(device=%s)".formatted(DEVICE))
                .did("vfio.cdev_bind(cdev=cdev1, iommufd=iommufd1)")
                .did("iommufd.ioas_alloc(iommufd=iommufd1)")
                .did("vfio.cdev_attach(cdev=cdev1, pt_id=2)");
        return lab;
    }

    private static String text(LiveLab lab, String selector) {
        var node = (Labeled) lab.robot().find(selector);
        return Robot.onScreen(node::getText);
    }

    private static boolean answers(LiveLab lab, String words) {
        return lab.robot().sees("#deed-answer") && text(lab, "#deed-answer").contains(words);
    }

    private static boolean has(LiveLab lab, String key) {
        return lab.machine().software().node(key).isPresent();
    }

    @Test
    void anIommufdIsOpenedAndSelected() {
        try (var lab = lab()) {
            lab.robot().click("#software-open");
            lab.robot().until("it is open", () -> has(lab, "iommufd1"));
            lab.robot()
                    .until(
                            "it is selected",
                            () -> lab.subject().equals(new Subject.Software("iommufd1")));
            assertThat(text(lab, "#software-title")).isEqualTo("iommufd1");
        }
    }

    @Test
    void anAddressSpaceIsAllocatedAndMapped() {
        try (var lab = lab()) {
            KernelStory.on(lab).did("iommufd.open()");
            lab.selects(new Subject.Software("iommufd1"));
            lab.robot().click("#deed-iommufd-ioas_alloc");
            lab.robot().until("it is there", () -> has(lab, "iommufd1/1"));
            lab.robot()
                    .until(
                            "it is selected",
                            () -> lab.subject().equals(new Subject.Software("iommufd1/1")));
            lab.robot().settle().click("#deed-iommufd-ioas_map");
            lab.robot()
                    .until(
                            "the kernel's verdict",
                            () -> text(lab, "#deed-verdict").equals("The kernel would do it."));
            lab.robot().click("#deed-send");
            lab.robot().until("what it said", () -> answers(lab, "iova=0x"));
        }
    }

    @Test
    void anAddressSpaceInUseCannotBeDestroyedAndSaysWho() {
        try (var lab = attached()) {
            lab.selects(new Subject.Software("iommufd1/2"));
            lab.robot()
                    .until(
                            "the button is disabled",
                            () -> lab.robot().find("#deed-iommufd-destroy").isDisabled());
            assertThat(
                            Robot.all(
                                    Label.class,
                                    l -> l.getText().startsWith("EBUSY: IOAS 2 is in use by")))
                    .hasSize(1);
        }
    }

    @Test
    void whatMakesDestroyingImpossibleIsAnEdgeOfThePicture() {
        try (var lab = attached()) {
            var model =
                    SoftwareModel.of(
                            lab.machine().software(), new Subject.Software("iommufd1/2"), true);
            assertThat(model.lines())
                    .filteredOn(line -> line.look() == SoftwareModel.Look.BLOCKS)
                    .extracting(SoftwareModel.Line::from)
                    .containsExactly("iommufd1/3");
        }
    }

    @Test
    void aTableLeadsToItsMemoryAndItsWalk() {
        try (var lab = attached()) {
            lab.selects(new Subject.Software("iommufd1/3"));
            lab.robot().click("#software-memory");
            lab.robot().until("memory", () -> lab.perspective() == Perspective.MEMORY);
            assertThat(lab.subject()).isInstanceOf(Subject.Memory.class);
            lab.selects(new Subject.Software("iommufd1/3")).opens(Perspective.SOFTWARE);
            lab.robot().click("#software-walk");
            lab.robot().until("the walk", () -> lab.subject() instanceof Subject.WalkStep);
        }
    }

    @Test
    void aBoxIsSelectedByAClick() {
        try (var lab = attached()) {
            var picture = (SoftwareCanvas) lab.robot().find("#software-picture");
            lab.robot().until("it is drawn", () -> picture.middleOf("cdev1").isPresent());
            var at = Robot.onScreen(() -> picture.middleOf("cdev1").orElseThrow());
            lab.robot().clickAt(picture, at.getX(), at.getY());
            assertThat(lab.subject()).isEqualTo(new Subject.Software("cdev1"));
        }
    }

    @Test
    void aGuestsWriteBackSaysWhetherItWasNeeded() {
        try (var lab = attached()) {
            KernelStory.on(lab).did("kvm.vm_create()").did("kvm.vcpu_load(vm=vm1, vcpu=0, pcpu=2)");
            lab.selects(new Subject.Software("vm1"));
            lab.robot().click("#deed-kvm-guest_wbinvd");
            lab.robot().until("what it came to", () -> answers(lab, "action=noop"));
        }
    }

    @Test
    void aFileThatCannotForceSnoopingMakesTheWriteBackReal() {
        try (var lab = lab(bypassing())) {
            KernelStory.on(lab)
                    .did("vfio.cdev_open(device=%s)".formatted(DEVICE))
                    .did("kvm.vm_create()")
                    .did("kvm.vfio_device_create(vm=vm1)")
                    .did("kvm.set_attr(kvmdev=kvmdev1, attr=ADD, fd=cdev1)")
                    .did("kvm.vcpu_load(vm=vm1, vcpu=0, pcpu=2)")
                    .did("kvm.vcpu_load(vm=vm1, vcpu=0, pcpu=5)");
            lab.selects(new Subject.Software("vm1"));
            assertThat(Robot.all(Label.class, l -> l.getText().equals("not coherent"))).hasSize(1);
            assertThat(Robot.all(Label.class, l -> l.getText().equals("does not force")))
                    .hasSize(1);
            lab.robot().click("#deed-kvm-guest_wbinvd");
            lab.robot().until("the CPUs", () -> answers(lab, "pcpus=[2, 5]"));
        }
    }

    // ---- what is no file

    /// A process whose memory a device uses.
    private static LiveLab bound() {
        var lab = lab();
        KernelStory.on(lab).did("sva.bind(device=%s, process=p0)".formatted(PasidMachine.NVME));
        return lab;
    }

    private static SoftwareModel model(LiveLab lab, String chosen) {
        return SoftwareModel.of(lab.machine().software(), new Subject.Software(chosen), false);
    }

    @Test
    void aBondStandsBetweenItsProcessAndTheGroupOfItsDevice() {
        try (var lab = bound()) {
            KernelStory.on(lab).did("sva.bind(device=%s, process=p0)".formatted(PasidMachine.NVME));
            var lines = model(lab, "sva1").lines();
            assertThat(lines)
                    .filteredOn(line -> line.to().equals("sva1"))
                    .extracting(SoftwareModel.Line::from, SoftwareModel.Line::why)
                    .containsExactly(org.assertj.core.groups.Tuple.tuple("p0", "bound × 2"));
            assertThat(lines)
                    .filteredOn(line -> line.from().equals("sva1"))
                    .extracting(SoftwareModel.Line::why)
                    .containsExactly("PASID 1");
            assertThat(model(lab, "sva1").headline()).endsWith("1 SVA bond");
        }
    }

    @Test
    void aBondIsTakenBackByAClick() {
        try (var lab = bound()) {
            lab.selects(new Subject.Software("sva1"));
            lab.robot().click("#deed-sva-unbind");
            lab.robot().until("it is gone", () -> !has(lab, "sva1"));
        }
    }

    @Test
    void aMediatedDeviceIsMadeOpenedAndRemovedByClicks() {
        try (var lab = lab()) {
            lab.robot().settle().activate("#deed-mdev-create");
            lab.robot()
                    .until("it can be", () -> !lab.robot().find("#deed-send").isDisabled())
                    .activate("#deed-send");
            lab.robot().until("it is there", () -> has(lab, "mdev0"));
            lab.selects(new Subject.Software("mdev0"));
            lab.robot().settle().activate("#deed-vfio-cdev_open");
            lab.robot().until("its node is open", () -> has(lab, "cdev1"));
            lab.selects(new Subject.Software("mdev0"));
            lab.robot().settle().activate("#deed-mdev-remove");
            lab.robot().until("it is gone", () -> !has(lab, "mdev0"));
        }
    }

    @Test
    void everySortOfTableLeadsToItsMemoryAndItsWalk() {
        try (var lab = lab()) {
            KernelStory.on(lab)
                    .did("sva.bind(device=%s, process=p0)".formatted(PasidMachine.NVME))
                    .did("vfio.group_open(group=%d)".formatted(group(lab)))
                    .did("vfio.container_open()")
                    .did("vfio.group_set_container(group_fd=group1, container=container1)")
                    .did("vfio.set_iommu(container=container1, type=TYPE1v2)")
                    .did(
                            "vfio.type1_map(container=container1, iova=0x100000, vaddr=buf,"
                                    + " size=0x1000, flags=rw)");
            leadsToMemoryAndWalk(lab, "sva1");
            leadsToMemoryAndWalk(lab, "container1");
        }
    }

    @Test
    void aGuestsTableLeadsToWhereTheGuestKeepsIt() {
        try (var lab = lab()) {
            KernelStory.on(lab)
                    .did("iommufd.open()")
                    .did("iommufd.ioas_alloc(iommufd=iommufd1)")
                    .did("vfio.cdev_open(device=%s)".formatted(DEVICE))
                    .did("vfio.cdev_bind(cdev=cdev1, iommufd=iommufd1)")
                    .did(
                            "iommufd.hwpt_alloc(iommufd=iommufd1, dev_id=2, pt_id=1,"
                                    + " flags=[nest_parent])")
                    .did("guest.pt_create()")
                    .did(
                            "iommufd.hwpt_alloc(iommufd=iommufd1, dev_id=2, pt_id=3, flags=[],"
                                    + " data_type=vtd_s1, data={pgtbl=1, addr_width=48})")
                    .did("vfio.cdev_attach(cdev=cdev1, pt_id=4)");
            leadsToMemoryAndWalk(lab, "iommufd1/4");
        }
    }

    private static int group(LiveLab lab) {
        return lab.machine().software().groups().stream()
                .filter(group ->
                        group.members().stream()
                                .anyMatch(m -> m.function().equals(PasidMachine.OTHER)))
                .findFirst()
                .orElseThrow()
                .id();
    }

    private static void leadsToMemoryAndWalk(LiveLab lab, String key) {
        lab.selects(new Subject.Software(key)).opens(Perspective.SOFTWARE);
        lab.robot().activate("#software-memory");
        lab.robot().until("memory of " + key, () -> lab.perspective() == Perspective.MEMORY);
        assertThat(lab.subject()).as(key).isInstanceOf(Subject.Memory.class);
        lab.selects(new Subject.Software(key)).opens(Perspective.SOFTWARE);
        lab.robot().activate("#software-walk");
        lab.robot().until("walk of " + key, () -> lab.subject() instanceof Subject.WalkStep);
    }

    // ---- closing

    @Test
    void anIommufdThatADeviceIsBoundToIsClosedAndLivesOn() {
        try (var lab = attached()) {
            lab.selects(new Subject.Software("iommufd1"));
            lab.robot().settle().activate("#deed-iommufd-close");
            lab.robot().until("it says so", () -> answers(lab, "lives on"));
            assertThat(has(lab, "iommufd1/2")).as("its objects are there").isTrue();
            lab.selects(new Subject.Software("cdev1"));
            lab.robot().settle().activate("#deed-vfio-cdev_close");
            lab.robot().until("all is gone", () -> !has(lab, "iommufd1"));
        }
    }

    @Test
    void aMachineAndAContainerAreClosedByClicks() {
        try (var lab = lab()) {
            KernelStory.on(lab).did("kvm.vm_create()").did("vfio.container_open()");
            lab.selects(new Subject.Software("vm1"));
            lab.robot().settle().activate("#deed-kvm-vm_close");
            lab.robot().until("the machine is gone", () -> !has(lab, "vm1"));
            lab.selects(new Subject.Software("container1"));
            lab.robot().settle().activate("#deed-vfio-container_close");
            lab.robot().until("the container is gone", () -> !has(lab, "container1"));
        }
    }

    @Test
    void aCallThatLinuxNeverGotIsDisabledWithItsErrno() {
        try (var lab = lab()) {
            lab.selects(new Subject.Software("p0"));
            lab.robot()
                    .until(
                            "it is disabled",
                            () -> lab.robot().find("#deed-enqcmd-authorize").isDisabled());
            assertThat(Robot.all(Label.class, l -> l.getText().startsWith("ENOTTY: Linux has no")))
                    .hasSize(2);
        }
    }

    @Test
    void writesAreRecordedAndReadByClicks() {
        try (var lab = lab()) {
            KernelStory.on(lab)
                    .did("iommufd.open()")
                    .did("iommufd.ioas_alloc(iommufd=iommufd1)")
                    .did("vfio.cdev_open(device=%s)".formatted(DEVICE))
                    .did("vfio.cdev_bind(cdev=cdev1, iommufd=iommufd1)")
                    .did("iommufd.hwpt_alloc(iommufd=iommufd1, dev_id=2, pt_id=1, flags=[dirty])");
            lab.selects(new Subject.Software("iommufd1/3"));
            for (var call :
                    List.of("#deed-iommufd-hwpt_set_dirty", "#deed-iommufd-hwpt_get_dirty")) {
                lab.robot().settle().activate(call);
                lab.robot()
                        .until("it can be", () -> !lab.robot().find("#deed-send").isDisabled())
                        .activate("#deed-send");
                var name = call.substring("#deed-iommufd-".length());
                lab.robot().until("an answer", () -> answers(lab, "iommufd." + name));
            }
        }
    }
}
