package iommulab.app.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.NestedLab;
import iommulab.app.PasidMachine;
import iommulab.app.Robot;

import javafx.scene.control.TableView;
import javafx.scene.control.TextField;
import javafx.scene.input.Clipboard;

import org.junit.jupiter.api.Test;

/// What was done on one machine is done again on another, by the clipboard.
class ReplayFlowTest {
    @Test
    void aCopiedTranscriptRunsInTheConsoleWhereHandlesHaveOtherNumbers() {
        try (var lab = LiveLab.on(PasidMachine.describe())) {
            NestedLab.makeGuestTable(lab);
            lab.opensDrawer("Transcript");
            var table = (TableView<?>) lab.robot().find("#transcript");
            lab.robot().until("all calls are there", () -> table.getItems().size() == 9);
            lab.robot().askMenuAt(table, 40, 40).choose("Copy all as console text");
        }
        assertThat(Robot.onScreen(() -> Clipboard.getSystemClipboard().getString()))
                .contains("iommufd1 = iommufd.open()")
                .contains("data={pgtbl=$pt");
        try (var other = LiveLab.on(PasidMachine.describe())) {
            NestedLab.does(other, "iommufd.open()");
            NestedLab.does(other, "driver.bind(device=0000:05:00.0, driver=vfio-pci)");
            NestedLab.does(other, "vfio.cdev_open(device=0000:05:00.0)");
            other.opensDrawer("Console");
            var field = (TextField) other.robot().find("#console-input");
            Robot.onScreen(() -> field.paste());
            other.robot()
                    .until("all are done", () -> other.machine().journal().position() == 3 + 9);
            assertThat(other.machine().software().node("iommufd2/4").orElseThrow().type())
                    .isEqualTo("HWPT_NESTED");
        }
    }
}
