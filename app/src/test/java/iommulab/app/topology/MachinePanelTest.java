package iommulab.app.topology;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.PanelBench;
import iommulab.app.Robot;
import iommulab.app.SnapshotFixture;
import iommulab.app.shell.Subject;
import iommulab.app.theme.Theme;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import javafx.scene.control.ToggleButton;
import javafx.scene.control.TreeTableView;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.Test;

/// The Machine perspective under a person's hands.
class MachinePanelTest {
    private static PanelBench bench(MachineSnapshot machine) {
        return new PanelBench(
                machine,
                _ -> {
                    throw new AssertionError("nobody asks for a walk");
                });
    }

    @Test
    void arrowKeysSelectAndDigitsSwitchLayers() {
        var bench = bench(SnapshotFixture.captured("switch-mixed-acs-a").snapshot());
        bench.select(new Subject.Function(PciAddress.parse("02:00.0")));
        try (var robot =
                Robot.at(() -> bench.scene(new MachinePanel(bench), Theme.LIGHT, 1188, 720, 1))) {
            var picture = robot.find("#machine-picture");
            Robot.onScreen(picture::requestFocus);
            robot.press(KeyCode.RIGHT);
            assertSelected(bench, "03:00.0");
            robot.press(KeyCode.LEFT).press(KeyCode.LEFT);
            assertSelected(bench, "01:00.0");
            robot.press(KeyCode.DIGIT1);
            var chip = (ToggleButton) robot.find("#layer-groups");
            assertThat(Robot.onScreen(chip::isSelected)).as("layer Groups shown").isFalse();
        }
    }

    @Test
    void theTableHasTheSameSelection() {
        var bench = bench(SnapshotFixture.captured("switch-mixed-acs-a").snapshot());
        bench.select(new Subject.Function(PciAddress.parse("03:00.0")));
        try (var robot =
                Robot.at(() -> bench.scene(new MachinePanel(bench), Theme.DARK, 1188, 720, 1))) {
            robot.click("#as-table");
            var table = (TreeTableView<?>) robot.find("#machine-table");
            assertThat(Robot.onScreen(() -> table.getSelectionModel().getSelectedItem().getValue()))
                    .as("the selected row")
                    .hasFieldOrPropertyWithValue("address", PciAddress.parse("03:00.0"));
        }
    }

    private static void assertSelected(PanelBench bench, String address) {
        assertThat(bench.subject().get())
                .isEqualTo(new Subject.Function(PciAddress.parse(address)));
    }
}
