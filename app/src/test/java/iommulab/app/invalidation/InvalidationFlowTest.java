package iommulab.app.invalidation;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.NestedLab;
import iommulab.app.PasidMachine;
import iommulab.app.Robot;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;

import javafx.scene.control.Label;
import javafx.scene.control.TextField;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a person does with an invalidation request.
class InvalidationFlowTest {
    private LiveLab lab;

    @BeforeEach
    void theEditorIsOpenedFromTheDomain() {
        lab = LiveLab.on(PasidMachine.describe());
        int domain = NestedLab.makeGuestTable(lab, Perspective.DOMAINS);
        lab.selects(new Subject.Domain(domain));
        lab.robot().activate("#domain-invalidate");
        lab.robot().until("the editor is there", () -> lab.robot().sees("#invalidation-send"));
    }

    @AfterEach
    void close() {
        lab.close();
    }

    private void fills(String id, String text) {
        var field = (TextField) lab.robot().find(id);
        Robot.onScreen(() -> field.setText(text));
        lab.robot().settle();
    }

    private String words(String id) {
        var label = (Label) lab.robot().find(id);
        return Robot.onScreen(() -> label.getText());
    }

    private void isTold(String outcome) {
        lab.robot().until(outcome, () -> words("#invalidation-outcome").equals(outcome));
    }

    @Test
    void anEntryThatIsRefusedIsMarkedAndTheRestIsSentFromThere() {
        fills("#entry-1-npages", "1");
        lab.robot().activate("#invalidation-add");
        fills("#entry-2-addr", "0x800");
        lab.robot().activate("#invalidation-add");
        lab.robot().activate("#invalidation-send");
        isTold("1 of 3 done, entry 2: EINVAL");
        assertThat(words("#invalidation-rule")).contains("0x800 is not the address of a page");
        fills("#entry-2-addr", "0x1000");
        lab.robot().activate("#invalidation-continue");
        isTold("3 of 3 done");
        assertThat(lab.robot().sees("#invalidation-continue")).isFalse();
    }

    @Test
    void aProbeAsksOnlyForTheType() {
        lab.robot().activate("#invalidation-probe");
        isTold("the probe: this type is known");
        assertThat(lab.machine().journal().entries().getLast().call()).contains("entries=[]");
    }

    @Test
    void aWrongFrameIsToldFromAWrongEntry() {
        fills("#invalidation-reserved", "1");
        lab.robot().activate("#invalidation-send");
        isTold("0 of 1 done, the frame: EOPNOTSUPP");
    }
}
