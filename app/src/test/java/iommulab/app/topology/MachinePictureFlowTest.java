package iommulab.app.topology;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.Robot;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.engine.iommu.Access;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;
import iommulab.engine.session.Outcome;

import javafx.beans.property.SimpleBooleanProperty;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;

/// What a person does inside the picture of the machine, by pointer.
class MachinePictureFlowTest {
    private static final PciAddress NIC = PciAddress.parse("0000:06:00.0");

    private LiveLab lab;
    private PictureView picture;

    @BeforeEach
    void open() {
        lab = LiveLab.on("switch-noacs-a").opens(Perspective.MACHINE);
        picture = (PictureView) lab.robot().find("#machine-picture");
        lab.robot().until("the device is drawn", () -> picture.rectOf(NIC).isPresent());
    }

    @AfterEach
    void close() {
        lab.close();
    }

    private Rect box(PciAddress function) {
        return Robot.onScreen(() -> picture.rectOf(function).orElseThrow());
    }

    private void click(PciAddress function) {
        lab.robot().clickAt(picture, box(function).centreX(), box(function).centreY());
    }

    private void askMenu(PciAddress function) {
        lab.robot().askMenuAt(picture, box(function).centreX(), box(function).centreY());
    }

    @Test
    void aFunctionIsSelectedByAClickOnIt() {
        // A device, two functions in one slot, the ports of a switch.
        for (var address : List.of("06:00.0", "00:1f.0", "00:1f.2", "00:03.0", "00:00.0")) {
            clickBesideEverything();
            click(PciAddress.parse(address));
            assertThat(lab.subject()).isEqualTo(new Subject.Function(PciAddress.parse(address)));
        }
    }

    @Test
    void aClickBesideEverythingSelectsNothing() {
        click(NIC);
        clickBesideEverything();
        assertThat(lab.subject()).isEqualTo(new Subject.Nothing());
    }

    private void clickBesideEverything() {
        lab.robot().clickAt(picture, 3, Robot.onScreen(picture::getHeight) - 3);
    }

    /// Whether the Walk perspective was asked about an iova, and has a ladder.
    private boolean questionIs(String iova) {
        return ((TextField) lab.robot().find("#walk-iova")).getText().equals(iova)
                && !lab.robot().find("#walk-ladder").getAccessibleText().isBlank();
    }

    @Test
    void aDoubleClickOnADeviceOpensItsGroup() {
        lab.robot().doubleClickAt(picture, box(NIC).centreX(), box(NIC).centreY());
        assertThat(lab.perspective()).isEqualTo(Perspective.GROUPS);
        assertThat(lab.subject()).isEqualTo(new Subject.Function(NIC));
    }

    @Test
    void theMenuOfADeviceAnswersWhyItIsInItsGroup() {
        askMenu(NIC);
        lab.robot().choose("Why this group");
        assertThat(lab.perspective()).isEqualTo(Perspective.GROUPS);
        assertThat(lab.subject()).isEqualTo(new Subject.Function(NIC));
    }

    @Test
    void theMenuUnbindsADriver() {
        lab.did(new Command.BindDriver(NIC, Optional.of("vfio-pci")));
        askMenu(NIC);
        lab.robot().choose("Unbind driver");
        lab.robot()
                .until(
                        "the driver is gone",
                        () -> lab.machine().topology().get(NIC).driver().isEmpty());
    }

    @Test
    void aDmaIsSentFromTheMenuAndFollowedToItsWalk() {
        askMenu(NIC);
        lab.robot().choose("Send DMA");
        lab.robot().until("the form is there", () -> lab.robot().sees("#send-dma-iova"));
        Robot.onScreen(() -> ((TextField) lab.robot().find("#send-dma-iova")).setText("0x5000"));
        lab.robot().activate("#send-dma");
        lab.robot().until("it was sent", () -> !lab.machine().events().isEmpty());
        var sent = lab.machine().events().getFirst();
        assertThat(sent.device()).isEqualTo(NIC);
        assertThat(sent.iova()).isEqualTo(0x5000);
        assertThat(sent.access()).isEqualTo(Access.READ);
        assertThat(sent.outcome()).isEqualTo(DmaOutcome.FAULT);

        click(NIC);
        lab.robot().press(KeyCode.CONTROL, KeyCode.DIGIT4);
        assertThat(lab.perspective()).isEqualTo(Perspective.WALK);
        lab.robot().until("it is walked", () -> questionIs("0x5000"));
    }

    @Test
    void aFormThatIsFilledInWronglySaysSoAndSendsNothing() {
        askMenu(NIC);
        lab.robot().choose("Send DMA");
        lab.robot().until("the form is there", () -> lab.robot().sees("#send-dma-bytes"));
        Robot.onScreen(() -> ((TextField) lab.robot().find("#send-dma-bytes")).setText("5000"));
        lab.robot().activate("#send-dma");
        assertThat(lab.robot().sees("#send-dma")).as("the form stays").isTrue();
        assertThat(lab.machine().events()).isEmpty();
    }

    @Test
    void theSignOfARequestIsSelectedByAClickAndWalkedByTwo() {
        lab.did(new Command.IssueDma(NIC, 0x7000, 64, Access.WRITE));
        var tick = lab.machine().events().getFirst().tick();
        var at = signOfLastRequest();
        // Not while its mark is still on the way: that is another place.
        lab.robot().clickAt(picture, at.x(), at.y());
        assertThat(lab.subject()).isEqualTo(new Subject.DmaEvent(tick));
        click(NIC);
        lab.robot().doubleClickAt(picture, at.x(), at.y());
        assertThat(lab.perspective()).isEqualTo(Perspective.WALK);
        lab.robot().until("it is walked", () -> questionIs("0x7000"));
    }

    @Test
    void theWheelZoomsAtThePointerDraggingPansAndFitShowsTheWhole() {
        var before = box(NIC);
        var whole = Robot.onScreen(() -> picture.view().get());
        lab.robot().turnWheelAt(picture, before.centreX(), before.centreY(), 400);
        var zoomed = box(NIC);
        assertThat(zoomed.width()).as("width of the box").isGreaterThan(before.width());
        assertThat(zoomed.contains(before.centreX(), before.centreY()))
                .as("the box is still under the pointer")
                .isTrue();
        lab.robot().drag("#machine-picture", 20, 20, 80, 50);
        assertThat(box(NIC).x() - zoomed.x()).as("moved to the right").isBetween(55.0, 65.0);
        assertThat(box(NIC).y() - zoomed.y()).as("moved down").isBetween(25.0, 35.0);
        lab.robot().activate("#zoom-fit");
        lab.robot().until("the whole is shown", () -> picture.view().get().zoom() == whole.zoom());
    }

    @Test
    void equalFunctionsInAStackAreShownOneByOneAfterADoubleClick() {
        lab.close();
        lab = LiveLab.on("sriov-igb-a").opens(Perspective.MACHINE);
        picture = (PictureView) lab.robot().find("#machine-picture");
        var virtual =
                lab.machine().topology().functions().stream()
                        .filter(f -> f.physicalFunction().isPresent())
                        .map(f -> f.address())
                        .toList();
        lab.robot().until("they are drawn", () -> picture.rectOf(virtual.getFirst()).isPresent());
        assertThat(box(virtual.get(0))).as("two in one stack").isEqualTo(box(virtual.get(1)));
        var stack = box(virtual.getFirst());
        lab.robot().doubleClickAt(picture, stack.centreX(), stack.centreY());
        lab.robot()
                .until("each has its box", () -> !box(virtual.get(0)).equals(box(virtual.get(1))));
        assertThat(lab.perspective()).isEqualTo(Perspective.MACHINE);
    }

    @Test
    void aRequestOnItsWayIsWhereItsMarkIs() {
        var event =
                ((Outcome.DmaFinished) lab.did(new Command.IssueDma(NIC, 0x7000, 64, Access.READ)))
                        .event();
        var request = new LastDma(event, "", List.of(new Point(300, 200), new Point(100, 200)));
        var found =
                Robot.onScreen(() -> {
                    var moving = new SimpleBooleanProperty(false);
                    var marks = new MarksView(lab.palette(), picture.view(), moving);
                    marks.start(List.of(request));
                    var at = picture.view().get().to(request.way().getFirst());
                    double grown = picture.view().get().grown();
                    assertThat(marks.requestAt(at.x() * grown + 40, at.y() * grown)).isEmpty();
                    return marks.requestAt(at.x() * grown, at.y() * grown);
                });
        assertThat(found).contains(request);
    }

    @Test
    void whereNothingMayMoveARequestStandsAtTheEndOfItsWayUntilTheNext() {
        var event =
                ((Outcome.DmaFinished) lab.did(new Command.IssueDma(NIC, 0x7000, 64, Access.READ)))
                        .event();
        var request = new LastDma(event, "", List.of(new Point(300, 200), new Point(100, 200)));
        var next = new LastDma(event, "", List.of(new Point(300, 300), new Point(100, 300)));
        Robot.onScreen(() -> {
            var still = new SimpleBooleanProperty(true);
            var marks = new MarksView(lab.palette(), picture.view(), still);
            double grown = picture.view().get().grown();
            var end = picture.view().get().to(request.way().getLast());
            marks.start(List.of(request));
            assertThat(marks.requestAt(end.x() * grown, end.y() * grown)).contains(request);
            marks.start(List.of(next));
            assertThat(marks.requestAt(end.x() * grown, end.y() * grown)).isEmpty();
        });
    }

    private Point signOfLastRequest() {
        lab.robot().until("its sign is drawn", () -> picture.signOf(NIC).isPresent());
        return Robot.onScreen(() -> picture.signOf(NIC).orElseThrow());
    }

    @Test
    void theMenuOpensByKeyboardForWhatIsSelected() {
        lab.selects(new Subject.Function(NIC));
        lab.robot().askMenuByKey(picture).choose("Why this group");
        assertThat(lab.perspective()).isEqualTo(Perspective.GROUPS);
    }
}
