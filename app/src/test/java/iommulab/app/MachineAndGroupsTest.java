package iommulab.app;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.shell.Bench;
import iommulab.app.shell.MainWindow;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.engine.pci.Acs;
import iommulab.engine.pci.PciAddress;

import javafx.scene.control.Label;
import javafx.scene.control.TreeTableView;

import org.junit.jupiter.api.Test;

import java.util.List;

/// What a person does in Machine and Groups, on a real session in the whole window.
class MachineAndGroupsTest {
    private static final PciAddress PORT = PciAddress.parse("02:00.0");
    private static final PciAddress DEVICE = PciAddress.parse("03:00.0");

    private static Bench bench(LabSession lab) {
        return Robot.onScreen(lab::bench);
    }

    private static Robot window(Bench bench) {
        return Robot.at(() -> {
            MainWindow window = LabWindow.around(bench, List.of());
            window.start();
            return window.scene();
        });
    }

    @Test
    void anAcsBitIsTriedThenApplied() {
        try (var lab = LabSession.captured("switch-mixed-acs-a")) {
            var bench = bench(lab);
            try (var robot = window(bench)) {
                Robot.onScreen(() -> {
                    bench.select(new Subject.Function(DEVICE));
                    bench.open(Perspective.GROUPS);
                });
                robot.until("the bits are there", () -> robot.sees("#what-if-02-00-0-rr"));
                robot.click("#what-if-02-00-0-rr");
                robot.until("the engine has answered", () -> robot.sees("#regrouping"));
                assertThat(lab.machine().grouping().groups())
                        .as("groups while the bit is only tried")
                        .hasSize(14);
                robot.click("#what-if-apply");
                robot.until(
                        "the machine has one group less",
                        () -> lab.machine().grouping().groups().size() == 13);
                robot.until("nothing is left to apply", () -> !robot.sees("#what-if-apply"));
                var control =
                        Acs.of(lab.machine().topology().get(PORT).config()).orElseThrow().control();
                assertThat(control & Acs.REQUEST_REDIRECT).as("RR of %s", PORT).isZero();
                robot.settle();
                assertThat(((Label) robot.find("#finding")).getText())
                        .as("the finding follows the machine")
                        .startsWith("They share group 4");
            }
        }
    }

    @Test
    void aFunctionSelectedAnywhereIsSelectedInThePicture() {
        try (var lab = LabSession.captured("switch-mixed-acs-a")) {
            var bench = bench(lab);
            try (var robot = window(bench)) {
                Robot.onScreen(() -> bench.select(new Subject.Function(DEVICE)));
                robot.settle();
                robot.click("#as-table");
                robot.until("the table stands", () -> robot.sees("#machine-table"));
                var table = (TreeTableView<?>) robot.find("#machine-table");
                assertThat(
                                Robot.onScreen(() ->
                                        table.getSelectionModel().getSelectedItem().getValue()))
                        .hasFieldOrPropertyWithValue("address", DEVICE);
                assertThat(((Label) robot.find("#inspector-title")).getText())
                        .isEqualTo(DEVICE.toString());
            }
        }
    }
}
