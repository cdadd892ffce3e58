package iommulab.app.topology;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.PanelBench;
import iommulab.app.Robot;
import iommulab.app.SnapshotFixture;
import iommulab.app.shell.Subject;
import iommulab.app.theme.Theme;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;

import javafx.scene.control.ToggleButton;
import javafx.scene.control.TreeTableView;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.Test;

/// The Machine perspective under a person's hands.
class MachinePictureTest {
    private static PanelBench bench(MachineSnapshot machine) {
        return new PanelBench(
                machine,
                _ -> {
                    throw new AssertionError("nobody asks for a walk");
                });
    }

    private static SnapshotFixture busy(String name, String one, String two) {
        return SnapshotFixture.captured(name)
                .domain(7, one)
                .dma(one, DmaOutcome.FAULT)
                .dma(two, DmaOutcome.WALK);
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
            PanelBench.save(robot, "machine-table");
        }
    }

    private static void assertSelected(PanelBench bench, String address) {
        assertThat(bench.subject().get())
                .isEqualTo(new Subject.Function(PciAddress.parse(address)));
    }

    @Test
    void pictures() {
        draw(busy("sriov-igb-a", "01:00.0", "05:00.0").snapshot(), "05:00.0", 1188, 720);
        draw(busy("large-a", "03:00.0", "1e:00.0").snapshot(), "1e:00.0", 2148, 1200);
        draw(
                busy("switch-mixed-acs-a", "06:00.0", "05:00.0")
                        .peer("03:00.0", "04:00.0")
                        .snapshot(),
                "03:00.0",
                1532,
                900);
    }

    private static void draw(MachineSnapshot machine, String selected, int width, int height) {
        for (var theme : new Theme[] {Theme.LIGHT, Theme.DARK}) {
            var bench = bench(machine);
            bench.select(new Subject.Function(PciAddress.parse(selected)));
            bench.draw(
                    () -> new MachinePanel(bench),
                    theme,
                    width,
                    height,
                    1,
                    "machine-%s-%s".formatted(theme, machine.name()));
        }
    }
}
