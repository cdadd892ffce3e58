package iommulab.app.memory;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.Robot;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot.Domain;

import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.Labeled;
import javafx.scene.control.TextField;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.Test;

import java.util.Comparator;

/// Tables of a captured machine, followed from the root to a leaf by somebody who then changes it.
class MemoryFlowTest {
    private static final String CAPTURE = "conventional-in-pcie-slot-a";
    private static final long IOVA = 0x4000_0000L;
    private static final long PAGE = 0x100_0000L;

    private static Domain domain(LiveLab lab) {
        return lab.machine().domains().stream()
                .filter(d -> d.levels() > 0 && !d.attached().isEmpty())
                .min(Comparator.comparingInt(Domain::id))
                .orElseThrow();
    }

    /// A machine with 64 KiB mapped, seen in the Memory perspective.
    private static void opened(LiveLab lab) {
        lab.did(
                new Command.MapPages(
                        domain(lab).id(), IOVA, PAGE, 0x10000, Permissions.READ_WRITE));
        lab.opens(Perspective.MEMORY);
        finding(lab, "is the root table of");
    }

    private static String text(LiveLab lab, String selector) {
        return Robot.onScreen(() ->
                lab.robot().sees(selector) ? ((Labeled) lab.robot().find(selector)).getText() : "");
    }

    private static void finding(LiveLab lab, String words) {
        lab.robot().until(words, () -> text(lab, "#memory-finding").contains(words));
    }

    private static void goTo(LiveLab lab, long hpa) {
        Robot.onScreen(() -> ((TextField) lab.robot().find("#memory-address")).clear());
        lab.robot().click("#memory-address").type(Long.toHexString(hpa)).press(KeyCode.ENTER);
        lab.robot().until("the word", () -> lab.subject().equals(new Subject.Memory(hpa)));
    }

    /// Follows the selected entry by its link.
    private static void follow(LiveLab lab) {
        lab.robot().click("#memory-leads");
    }

    private static void clickLabel(LiveLab lab, String text) {
        lab.robot().click(Robot.all(Label.class, l -> text.equals(l.getText())).getFirst());
    }

    /// From the root table down to the first page of the domain.
    private static void downToTheLeaf(LiveLab lab) {
        var unit = lab.machine().units().getFirst();
        var requester = domain(lab).attached().getFirst();
        goTo(lab, unit.rootTable() + requester.bus() * 16L);
        follow(lab);
        finding(lab, "is the context table of bus");
        long table = ((Subject.Memory) lab.subject()).hpa() & -4096;
        goTo(lab, table + (requester.device() << 3 | requester.function()) * 16L);
        for (int level = domain(lab).levels(); level > 0; level--) {
            lab.robot().until("an entry", () -> !text(lab, "#memory-leads").isEmpty());
            follow(lab);
            finding(lab, "is the level %d table of".formatted(level));
        }
        lab.robot().until("the leaf", () -> text(lab, "#memory-leads").equals("0x" + hex(PAGE)));
    }

    private static String hex(long number) {
        return Long.toHexString(number);
    }

    @Test
    void theRootTableIsReachedByAClickInTheListAndBackAgain() {
        try (var lab = LiveLab.on(CAPTURE)) {
            opened(lab);
            goTo(lab, PAGE);
            finding(lab, "maps the frame at 0x" + hex(PAGE));
            clickLabel(lab, "root table");
            finding(lab, "is the root table of");
            lab.robot().click("#memory-back");
            finding(lab, "maps the frame at 0x" + hex(PAGE));
        }
    }

    @Test
    void pointersAreFollowedToALeafWhichIsChangedAndChangedBack() {
        try (var lab = LiveLab.on(CAPTURE)) {
            opened(lab);
            downToTheLeaf(lab);
            long leaf =
                    Robot.onScreen(
                            () -> ((HexCanvas) lab.robot().find("#memory-hex")).selectedAddress());
            int before = lab.machine().journal().entries().size();
            lab.robot().activate("#memory-field-0-1 .button");
            lab.robot().type("0").press(KeyCode.ENTER);
            lab.robot().until("a command", () -> lab.machine().journal().position() == before + 1);
            assertThat(lab.machine().journal().entries().getLast().call())
                    .startsWith(
                            "memory.write(hpa=0x%s, value=0x%s"
                                    .formatted(hex(leaf), hex(PAGE | 1)));
            lab.robot()
                    .until(
                            "the bit is clear",
                            () -> text(lab, "#memory-field-0-1 .button").equals("0"));
            lab.robot().press(KeyCode.CONTROL, KeyCode.Z);
            lab.robot()
                    .until(
                            "the bit is set",
                            () -> text(lab, "#memory-field-0-1 .button").equals("1"));
            assertThat(lab.machine().journal().position()).isEqualTo(before);
        }
    }

    @Test
    void aValueThatIsTooWideIsRefusedBesideItsField() {
        try (var lab = LiveLab.on(CAPTURE)) {
            opened(lab);
            int before = lab.machine().journal().entries().size();
            lab.robot().activate("#memory-field-0-0 .button");
            lab.robot().type("2").press(KeyCode.ENTER);
            assertThat(text(lab, "#memory-complaint")).startsWith("0x2 does not fit in P, bits 0");
            assertThat(lab.machine().journal().entries()).hasSize(before);
        }
    }

    @Test
    void theWalkThroughALeafIsShownAtItsStep() {
        try (var lab = LiveLab.on(CAPTURE)) {
            opened(lab);
            downToTheLeaf(lab);
            lab.robot().click("#memory-walk");
            lab.robot().until("Walk", () -> lab.perspective() == Perspective.WALK);
            lab.robot().until("a step", () -> lab.subject() instanceof Subject.WalkStep);
            lab.opens(Perspective.MEMORY);
            finding(lab, "is the level 1 table of");
        }
    }

    @Test
    void aRungOfTheLadderLeadsToItsEntry() {
        try (var lab = LiveLab.on(CAPTURE)) {
            opened(lab);
            downToTheLeaf(lab);
            lab.robot().click("#memory-walk");
            lab.robot().until("a step", () -> lab.subject() instanceof Subject.WalkStep);
            lab.robot().askMenuByKey(lab.robot().find("#walk-ladder")).choose("Show in Memory");
            assertThat(lab.perspective()).isEqualTo(Perspective.MEMORY);
            finding(lab, "is the level 1 table of");
        }
    }

    @Test
    void theQueueShowsTheCommandsThatTheDriverWrote() {
        try (var lab = LiveLab.on(CAPTURE)) {
            opened(lab);
            lab.robot().click("#memory-queues");
            finding(lab, "Nothing waits in the invalidation queue");
            lab.robot()
                    .until(
                            "descriptors",
                            () ->
                                    lab.robot().find("#memory-ring")
                                                    instanceof javafx.scene.control.TableView<?> t
                                            && !t.getItems().isEmpty());
        }
    }

    @Test
    void aLinkInTheInspectorLeadsToTheRootTable() {
        try (var lab = LiveLab.on(CAPTURE).withAllOfTheInspector()) {
            var unit = lab.machine().units().getFirst();
            lab.selects(new Subject.Unit(unit.name()));
            var address = "0x" + hex(unit.rootTable());
            lab.robot()
                    .until(
                            "the link",
                            () ->
                                    !Robot.all(Hyperlink.class, l -> l.getText().equals(address))
                                            .isEmpty());
            lab.robot()
                    .click(Robot.all(Hyperlink.class, l -> l.getText().equals(address)).getFirst());
            assertThat(lab.perspective()).isEqualTo(Perspective.MEMORY);
            finding(lab, "is the root table of " + unit.name());
        }
    }
}
