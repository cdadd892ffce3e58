package iommulab.app.domains;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.PasidMachine;
import iommulab.app.Robot;
import iommulab.app.shell.NewDomainForm;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.engine.group.DomainType;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.Outcome;

import javafx.geometry.Point2D;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.Test;

import java.util.Optional;

/// What a person does in the Domains perspective, on a captured machine.
class DomainsFlowTest {
    private static final String CAPTURE = "conventional-in-pcie-slot-a";

    private static Domain anyDefault(LiveLab lab) {
        return lab.machine().domains().stream()
                .filter(d -> !d.byUser() && !d.attached().isEmpty() && d.levels() > 0)
                .findFirst()
                .orElseThrow();
    }

    /// A domain by hand for the IOMMU of some device, and that device free for it.
    private static int domainFor(LiveLab lab, PciAddress device) {
        for (var member : lab.machine().grouping().groupOf(device).orElseThrow().members()) {
            drive(lab, member, "vfio-pci");
        }
        var made = lab.did(new Command.CreateDomain(device, DomainType.UNMANAGED, 4));
        return ((Outcome.DomainCreated) made).domain();
    }

    private static void drive(LiveLab lab, PciAddress device, String driver) {
        if (lab.machine().topology().get(device).driver().isPresent()) {
            lab.did(new Command.BindDriver(device, Optional.empty()));
        }
        lab.did(new Command.BindDriver(device, Optional.of(driver)));
    }

    private static boolean isAttached(LiveLab lab, int domain, PciAddress device) {
        return DomainsModel.domain(lab.machine(), domain)
                .map(d -> d.attached().contains(device))
                .orElse(false);
    }

    @Test
    void aDeviceDraggedOntoADomainIsAttachedToIt() {
        try (var lab = LiveLab.on(CAPTURE)) {
            var device = anyDefault(lab).attached().getFirst();
            int domain = domainFor(lab, device);
            lab.opens(Perspective.DOMAINS);
            drag(lab, device, domain);
            lab.robot().until("the device to be attached", () -> isAttached(lab, domain, device));
        }
    }

    private static void drag(LiveLab lab, PciAddress device, int domain) {
        var flow = (FlowCanvas) lab.robot().find("#domains-flow");
        lab.robot()
                .until(
                        "both to be drawn",
                        () ->
                                flow.middleOf(device).isPresent()
                                        && flow.middleOfDomain(domain).isPresent());
        Point2D from = Robot.onScreen(() -> flow.middleOf(device).orElseThrow());
        Point2D to = Robot.onScreen(() -> flow.middleOfDomain(domain).orElseThrow());
        lab.robot().drag("#domains-flow", from.getX(), from.getY(), to.getX(), to.getY());
    }

    @Test
    void aDeviceThatTheKernelDrivesIsRefusedWhereItWasDropped() {
        try (var lab = LiveLab.on(CAPTURE)) {
            var device = anyDefault(lab).attached().getFirst();
            int domain = domainFor(lab, device);
            drive(lab, device, "e1000e");
            lab.opens(Perspective.DOMAINS);
            drag(lab, device, domain);
            lab.robot().until("the refusal", () -> lab.robot().sees("#refusal"));
            assertThat(isAttached(lab, domain, device)).isFalse();
        }
    }

    @Test
    void aDomainIsMadeForTheSelectedDeviceAndThrownAway() {
        try (var lab = LiveLab.on(CAPTURE)) {
            var device = anyDefault(lab).attached().getFirst();
            lab.selects(new Subject.Function(device)).opens(Perspective.DOMAINS);
            int before = lab.machine().domains().size();
            lab.robot().click("#domain-new").click("#domain-create");
            lab.robot().until("it is there", () -> lab.machine().domains().size() == before + 1);
            var made = lab.machine().domains().getLast();
            assertThat(made.byUser()).isTrue();
            assertThat(made.levels()).isEqualTo(4);
            lab.robot()
                    .until(
                            "it is selected",
                            () -> lab.subject().equals(new Subject.Domain(made.id())));
            lab.robot().click("#domain-delete");
            lab.robot().until("it is gone", () -> lab.machine().domains().size() == before);
        }
    }

    @Test
    void pagesAreUnmappedWithoutTheirInvalidationAndTheDeviceGoesBack() {
        try (var lab = LiveLab.on(CAPTURE)) {
            var device = anyDefault(lab).attached().getFirst();
            int domain = domainFor(lab, device);
            lab.did(new Command.AttachDevice(device, domain));
            lab.did(
                    new Command.MapPages(
                            domain, 0x4000_0000L, 0x100_0000, 0x2000, Permissions.READ_WRITE));
            lab.opens(Perspective.DOMAINS).selects(new Subject.Domain(domain));
            lab.robot().click("#map-iova").type("0x40000000");
            lab.robot().click("#map-bytes").type("4K");
            lab.robot().activate("#unmap-flush").activate("#unmap-button");
            lab.robot().until("a page is left", () -> domain(lab, domain).mappedBytes() == 0x1000);
            assertThat(domain(lab, domain).unflushed())
                    .as("what the IOMMU may still have cached")
                    .isNotEmpty();
            lab.selects(new Subject.Function(device));
            lab.robot().click("#domain-detach");
            lab.robot().until("it is detached", () -> !isAttached(lab, domain, device));
        }
    }

    private static Domain domain(LiveLab lab, int id) {
        return DomainsModel.domain(lab.machine(), id).orElseThrow();
    }

    @Test
    void aDeviceIsAttachedByMenuAndPagesAreMappedByForm() {
        try (var lab = LiveLab.on(CAPTURE)) {
            var device = anyDefault(lab).attached().getFirst();
            int domain = domainFor(lab, device);
            lab.opens(Perspective.DOMAINS).selects(new Subject.Function(device));
            lab.robot().click("#domain-attach");
            lab.robot().click("#attach-to-" + domain);
            lab.robot().until("the device to be attached", () -> isAttached(lab, domain, device));
            lab.selects(new Subject.Domain(domain));
            lab.robot().click("#map-iova").type("0x40000000");
            lab.robot().click("#map-hpa").type("0x1000000");
            lab.robot().click("#map-bytes").type("64K").press(KeyCode.ENTER);
            lab.robot()
                    .until(
                            "the mapping",
                            () ->
                                    DomainsModel.domain(lab.machine(), domain)
                                                    .orElseThrow()
                                                    .mappedBytes()
                                            == 0x10000);
        }
    }

    @Test
    void aDomainNestedInAnotherIsMadeAndMappedToGuestAddresses() {
        try (var lab = LiveLab.on(PasidMachine.describe())) {
            var device = PasidMachine.NVME;
            var made = lab.did(new Command.CreateDomain(device, DomainType.UNMANAGED, 4));
            int guest = ((Outcome.DomainCreated) made).domain();
            lab.did(new Command.MapPages(guest, 0, 0xa00_0000, 0x40_0000, Permissions.READ_WRITE));
            lab.selects(new Subject.Function(device)).opens(Perspective.DOMAINS);
            int before = lab.machine().domains().size();
            lab.robot().click("#domain-new");
            choose(lab, "#domain-type", NewDomainForm.Sort.FIRST_STAGE);
            choose(lab, "#domain-parent", guest);
            lab.robot().click("#domain-create");
            lab.robot().until("it is there", () -> lab.machine().domains().size() == before + 1);
            var nested = lab.machine().domains().getLast();
            assertThat(nested.parent()).isEqualTo(guest);
            lab.robot().until("the form asks for a gpa", () -> caption("GPA"));
            lab.robot().click("#map-iova").type("0x40000000");
            lab.robot().click("#map-hpa").type("0x5000");
            lab.robot().click("#map-bytes").type("4K").press(KeyCode.ENTER);
            lab.robot()
                    .until("the mapping", () -> domain(lab, nested.id()).mappedBytes() == 0x1000);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T> void choose(LiveLab lab, String selector, T value) {
        var box = (ComboBox<T>) lab.robot().find(selector);
        Robot.onScreen(() -> box.setValue(value));
        lab.robot().settle();
    }

    private static boolean caption(String text) {
        return !Robot.all(Label.class, label -> label.getText().equals(text)).isEmpty();
    }
}
