package iommulab.app.pasids;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.PasidMachine;
import iommulab.app.Robot;
import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.PasidUse;
import iommulab.engine.session.Outcome;

import javafx.scene.control.Label;
import javafx.scene.control.Labeled;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.Test;

import java.util.Optional;

/// A person gives a device address spaces and lets it use them.
class PasidsFlowTest {
    private static final PciAddress DEVICE = PasidMachine.NVME;
    private static final long IOVA = 0x4000_0000L;
    private static final long PAGE = 0x100_0000L;

    private static LiveLab lab() {
        return LiveLab.on(PasidMachine.describe());
    }

    /// An address space that maps one page at [#IOVA].
    private static int space(LiveLab lab) {
        var made = lab.did(new Command.CreateFirstStage(DEVICE, 0, 0));
        int domain = ((Outcome.DomainCreated) made).domain();
        lab.did(new Command.MapPages(domain, IOVA, PAGE, 0x1000, Permissions.READ_WRITE));
        return domain;
    }

    private static Domain domain(LiveLab lab, int id) {
        return lab.machine().domains().stream().filter(d -> d.id() == id).findFirst().orElseThrow();
    }

    private static Subject pasid(int pasid) {
        return new Subject.Pasid(DEVICE, pasid);
    }

    @Test
    void anAddressSpaceIsMadeForTheSelectedDevice() {
        try (var lab = lab()) {
            lab.selects(new Subject.Function(DEVICE)).opens(Perspective.PASIDS);
            int before = lab.machine().domains().size();
            lab.robot().click("#pasid-space").click("#domain-create");
            lab.robot().until("it is there", () -> lab.machine().domains().size() == before + 1);
            var made = lab.machine().domains().getLast();
            assertThat(made.stage()).isEqualTo(Stage.FIRST);
            assertThat(made.parent()).isZero();
            lab.robot()
                    .until(
                            "it is selected",
                            () -> lab.subject().equals(new Subject.Domain(made.id())));
        }
    }

    @Test
    void aPasidIsAttachedAndItsEntryIsReadFromMemory() {
        try (var lab = lab()) {
            int domain = space(lab);
            lab.selects(new Subject.Function(DEVICE)).opens(Perspective.PASIDS);
            lab.robot().click("#pasid-attach").click("#attach-pasid").type("0x2a");
            lab.robot().click("#attach-button");
            lab.robot()
                    .until(
                            "it is attached",
                            () ->
                                    domain(lab, domain)
                                            .pasids()
                                            .contains(new PasidUse(DEVICE, 0x2a)));
            lab.robot().until("it is selected", () -> lab.subject().equals(pasid(0x2a)));
            lab.robot()
                    .until(
                            "its entry",
                            () ->
                                    !Robot.all(Label.class, l -> l.getText().equals("PGTT"))
                                            .isEmpty());
        }
    }

    @Test
    void aSecondDomainForThePasidIsRefusedBesideTheButton() {
        try (var lab = lab()) {
            int domain = space(lab);
            lab.did(new Command.AttachPasid(DEVICE, 0x2a, domain));
            lab.selects(new Subject.Function(DEVICE)).opens(Perspective.PASIDS);
            lab.robot().click("#pasid-attach").click("#attach-pasid").type("2a");
            lab.robot().press(KeyCode.ENTER);
            lab.robot().until("the refusal", () -> lab.robot().sees("#refusal"));
            assertThat(Robot.all(Label.class, l -> l.getText().contains("EBUSY"))).isNotEmpty();
        }
    }

    @Test
    void aNumberThatTheDeviceCannotSendIsSaidWhileItIsTyped() {
        try (var lab = lab()) {
            space(lab);
            lab.selects(new Subject.Function(DEVICE)).opens(Perspective.PASIDS);
            lab.robot().click("#pasid-attach").click("#attach-pasid").type("0x100000");
            assertThat(text(lab, "#attach-complaint")).contains("20 bits").contains("0xfffff");
            assertThat(lab.robot().find("#attach-button").isDisabled()).isTrue();
        }
    }

    @Test
    void aDeviceWithoutTheCapabilityIsToldWhy() {
        try (var lab = lab()) {
            lab.selects(new Subject.Function(PasidMachine.OTHER)).opens(Perspective.PASIDS);
            assertThat(text(lab, "#pasid-hint")).startsWith("03:00.0 has no PASID capability");
            lab.robot().click("#pasid-attach");
            assertThat(text(lab, "#attach-complaint"))
                    .startsWith("03:00.0 has no PASID capability");
        }
    }

    @Test
    void aRequestWithThePasidIsSentAndItsWalkIsShown() {
        try (var lab = lab()) {
            lab.did(new Command.AttachPasid(DEVICE, 0x2a, space(lab)));
            lab.selects(pasid(0x2a)).opens(Perspective.PASIDS);
            lab.robot().click("#pasid-send-open").click("#pasid-send");
            lab.robot()
                    .until(
                            "how it ended",
                            () -> text(lab, "#pasid-send-result").contains("reaches 0x1000000"));
            var event = lab.machine().events().getFirst();
            assertThat(event.prefix()).isEqualTo(PasidPrefix.of(0x2a));
            lab.robot().click("#pasid-send-walk");
            lab.robot().until("the walk", () -> lab.subject() instanceof Subject.WalkStep);
            assertThat(lab.perspective()).isEqualTo(Perspective.WALK);
            assertThat(((Subject.WalkStep) lab.subject()).walk().prefix())
                    .isEqualTo(PasidPrefix.of(0x2a));
        }
    }

    @Test
    void aPasidIsDetachedAndItsRequestsFault() {
        try (var lab = lab()) {
            int domain = space(lab);
            lab.did(new Command.AttachPasid(DEVICE, 0x2a, domain));
            lab.selects(pasid(0x2a)).opens(Perspective.PASIDS);
            lab.robot().click("#pasid-detach");
            lab.robot().until("it is detached", () -> domain(lab, domain).pasids().isEmpty());
            lab.did(
                    new Command.IssueDma(
                            DEVICE,
                            IOVA,
                            4,
                            iommulab.engine.iommu.Access.READ,
                            PasidPrefix.of(0x2a)));
            lab.selects(pasid(0x2a));
            lab.robot()
                    .until(
                            "why",
                            () ->
                                    !Robot.all(
                                                    Label.class,
                                                    l ->
                                                            l.getText()
                                                                    .startsWith(
                                                                            "The hardware stops"))
                                            .isEmpty());
        }
    }

    @Test
    void aNameInThePictureIsSelectedByAClickAndByKeys() {
        try (var lab = lab()) {
            lab.did(new Command.AttachPasid(DEVICE, 0x2a, space(lab)));
            lab.opens(Perspective.PASIDS).selects(pasid(-1));
            var picture = (PasidsCanvas) lab.robot().find("#pasids-picture");
            lab.robot().until("it is drawn", () -> name(picture, 0x2a).isPresent());
            var at = Robot.onScreen(() -> name(picture, 0x2a).orElseThrow());
            lab.robot().clickAt(picture, at.getX(), at.getY());
            assertThat(lab.subject()).isEqualTo(pasid(0x2a));
            lab.robot().press(KeyCode.UP);
            lab.robot().until("the name above", () -> lab.subject().equals(pasid(-1)));
        }
    }

    private static Optional<javafx.geometry.Point2D> name(PasidsCanvas picture, int pasid) {
        return picture.middleOf(thing ->
                thing instanceof PasidsLayout.Thing.OfName(var entry)
                        && entry.space().equals(new AddressSpace(DEVICE, pasid)));
    }

    private static String text(LiveLab lab, String selector) {
        var node = (Labeled) lab.robot().find(selector);
        return Robot.onScreen(node::getText);
    }
}
