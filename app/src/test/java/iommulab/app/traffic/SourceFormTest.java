package iommulab.app.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.Robot;
import iommulab.app.SnapshotFixture;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.traffic.Pattern;
import iommulab.engine.traffic.TrafficSource;

import javafx.scene.control.Button;
import javafx.scene.control.Label;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

class SourceFormTest {
    private static final String CAPTURE = "switch-noacs-a";

    @Test
    void anEmptyFieldIsNamedAndIsNoMistakeYet() {
        Robot.onScreen(() -> {
            var form = new SourceForm((_, _) -> {});
            form.show(SnapshotFixture.captured(CAPTURE).snapshot());
            assertThat(labels(form))
                    .filteredOn(l -> l.getText().equals("Still to fill in: from IOVA"))
                    .singleElement()
                    .satisfies(l -> assertThat(l.getStyleClass()).doesNotContain("says-fault"));
        });
    }

    @Test
    void aSourceWithAWideSeedIsEditedWithoutLosingIt() {
        var sent = new ArrayList<Command>();
        var source =
                new TrafficSource(
                        1,
                        PciAddress.parse("0000:06:00.0"),
                        new Pattern.Sequential(0x1000, 0x4000),
                        1,
                        64,
                        50,
                        1L << 40);
        Robot.onScreen(() -> {
            var form = new SourceForm((command, _) -> sent.add(command));
            form.show(SnapshotFixture.captured(CAPTURE).snapshot());
            form.edit(source);
            form.lookupAll("#source-replace").forEach(button -> ((Button) button).fire());
        });
        assertThat(sent).containsExactly(new Command.SetSource(source));
    }

    private static List<Label> labels(SourceForm form) {
        return form.getChildren().stream()
                .filter(Label.class::isInstance)
                .map(Label.class::cast)
                .toList();
    }
}
