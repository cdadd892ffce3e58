package iommulab.app.groups;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.PanelBench;
import iommulab.app.Robot;
import iommulab.app.SnapshotFixture;
import iommulab.app.shell.Subject;
import iommulab.app.theme.Theme;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;

import javafx.scene.control.Label;

import org.junit.jupiter.api.Test;

import java.util.List;

/// The Groups perspective under a person's hands.
class GroupsPanelTest {
    private static final String SWITCH = "switch-mixed-acs-a";

    private static PanelBench bench(SnapshotFixture machine) {
        return new PanelBench(
                        machine.snapshot(),
                        _ -> {
                            throw new AssertionError("nobody asks for a walk");
                        })
                .answeringPreviews(machine::preview);
    }

    @Test
    void aBitTriedShowsTheGroupsBeforeAndAfterAndApplyWritesTheRegister() {
        var bench = bench(SnapshotFixture.captured(SWITCH));
        bench.select(new Subject.Function(PciAddress.parse("03:00.0")));
        try (var robot =
                Robot.at(() -> bench.scene(new GroupsPanel(bench), Theme.DARK, 1532, 900, 1))) {
            assertThat(robot.sees("#what-if-apply")).as("nothing to apply yet").isFalse();
            robot.click("#what-if-02-00-0-rr").click("#what-if-02-00-0-cr");
            assertThat(bench.sent()).as("commands sent before Apply").isEmpty();
            robot.click("#what-if-apply");
            assertThat(bench.sent()).singleElement().isInstanceOf(Command.WriteConfig.class);
        }
    }

    @Test
    void theWholeReasonWhyAFunctionHasNoGroupIsInTheList() {
        var bench = bench(SnapshotFixture.captured("none-a"));
        try (var robot =
                Robot.at(() -> bench.scene(new GroupsPanel(bench), Theme.LIGHT, 900, 700, 1))) {
            robot.until("the list is shown", () -> !reasons().isEmpty());
            var cut =
                    Robot.onScreen(() ->
                            reasons().stream()
                                    .filter(GroupsPanelTest::isCut)
                                    .map(Label::getText)
                                    .toList());
            assertThat(cut).as("reasons that are cut").isEmpty();
        }
    }

    private static List<Label> reasons() {
        return Robot.all(Label.class, label -> label.getText().startsWith("no group: "));
    }

    private static boolean isCut(Label reason) {
        var cell = reason.getParent().getParent();
        double bottom = reason.getParent().getLayoutY() + reason.getBoundsInParent().getMaxY();
        return reason.getHeight() < reason.prefHeight(reason.getWidth())
                || bottom > cell.getLayoutBounds().getHeight();
    }
}
