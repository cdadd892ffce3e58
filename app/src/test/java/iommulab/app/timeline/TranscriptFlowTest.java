package iommulab.app.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.Robot;
import iommulab.app.shell.Subject;
import iommulab.engine.group.DomainType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;

import javafx.scene.Node;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.TableView;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a person does in the transcript.
class TranscriptFlowTest {
    private static final PciAddress NIC = PciAddress.parse("0000:06:00.0");

    private LiveLab lab;
    private int domain;

    @BeforeEach
    void aDomainWasMadeAndTranslationTurnedOff() {
        lab = LiveLab.on("switch-noacs-a");
        lab.did(new Command.CreateDomain(NIC, DomainType.UNMANAGED, 4));
        domain = lab.machine().domains().getLast().id();
        lab.did(new Command.SetTranslation("dmar0", false));
        lab.opensDrawer("Transcript");
        lab.robot().until("both calls are there", () -> links().size() == 3);
    }

    @AfterEach
    void close() {
        lab.close();
    }

    private java.util.List<Hyperlink> links() {
        return Robot.all(Hyperlink.class, link -> isShown(link) && link.getParent() != null)
                .stream()
                .filter(link -> link.getStyleClass().contains("link"))
                .filter(link -> isInTranscript(link))
                .toList();
    }

    private static boolean isInTranscript(Node node) {
        for (var n = node; n != null; n = n.getParent()) {
            if ("transcript".equals(n.getId())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isShown(Node node) {
        for (var n = node; n != null; n = n.getParent()) {
            if (!n.isVisible()) {
                return false;
            }
        }
        return true;
    }

    private Hyperlink link(String words) {
        return links().stream().filter(l -> l.getText().equals(words)).findFirst().orElseThrow();
    }

    @Test
    void aClickOnANameSelectsWhatItNames() {
        lab.robot().click(link(NIC.toString()));
        assertThat(lab.subject()).isEqualTo(new Subject.Function(NIC));
        lab.robot().click(link("domain " + domain));
        assertThat(lab.subject()).isEqualTo(new Subject.Domain(domain));
        lab.robot().click(link("dmar0"));
        assertThat(lab.subject()).isEqualTo(new Subject.Unit("dmar0"));
        assertThat(lab.machine().journal().position())
                .as("position after mere looking")
                .isEqualTo(2);
    }

    @Test
    void theMenuOfACallHasItsNamesForTheKeyboard() {
        var table = (TableView<?>) lab.robot().find("#transcript");
        Robot.onScreen(() -> table.getSelectionModel().select(0));
        lab.robot().askMenuAt(table, 40, 40).choose("Select domain " + domain);
        assertThat(lab.subject()).isEqualTo(new Subject.Domain(domain));
    }

    @Test
    void enterGoesToThePositionAfterTheChosenCall() {
        var table = (TableView<?>) lab.robot().find("#transcript");
        Robot.onScreen(() -> {
            table.requestFocus();
            table.getSelectionModel().select(0);
        });
        lab.robot().press(KeyCode.ENTER);
        lab.robot().until("one is undone", () -> lab.machine().journal().position() == 1);
    }
}
