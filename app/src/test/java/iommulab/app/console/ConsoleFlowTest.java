package iommulab.app.console;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LiveLab;
import iommulab.app.PasidMachine;
import iommulab.app.Robot;

import javafx.scene.control.ListView;
import javafx.scene.control.TextField;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a person does in the console.
class ConsoleFlowTest {
    private LiveLab lab;
    private TextField field;

    @BeforeEach
    void theConsoleIsOpen() {
        lab = LiveLab.on(PasidMachine.describe());
        lab.opensDrawer("Console");
        field = (TextField) lab.robot().find("#console-input");
        lab.robot().click(field);
    }

    @AfterEach
    void close() {
        lab.close();
    }

    private void types(String text) {
        Robot.onScreen(() -> field.insertText(field.getCaretPosition(), text));
        lab.robot().settle();
    }

    private String line() {
        return Robot.onScreen(() -> field.getText());
    }

    private String newest() {
        var output = (ListView<?>) lab.robot().find("#console-output");
        return Robot.onScreen(() -> ((Shown) output.getItems().getLast()).text());
    }

    @Test
    void aCallIsCompletedByTabAndMadeByEnter() {
        types("iommufd.ope");
        lab.robot().press(KeyCode.TAB);
        assertThat(line()).isEqualTo("iommufd.open(");
        types(")");
        lab.robot().press(KeyCode.ENTER);
        lab.robot().until("the answer is there", () -> newest().equals("ok iommufd=iommufd1"));
        assertThat(lab.machine().software().node("iommufd1")).isPresent();
        assertThat(line()).isEmpty();
        lab.robot().press(KeyCode.UP);
        assertThat(line()).isEqualTo("iommufd.open()");
    }

    @Test
    void proposalsAreChosenWithTheArrowsAndPutAwayWithEscape() {
        types("iommufd.ioas_");
        lab.robot().press(KeyCode.TAB);
        assertThat(lab.robot().sees("#console-proposals")).isTrue();
        lab.robot().press(KeyCode.DOWN).press(KeyCode.DOWN).press(KeyCode.ENTER);
        assertThat(line()).isEqualTo("iommufd.ioas_map(");
        assertThat(lab.robot().sees("#console-proposals")).isFalse();
        lab.robot().press(KeyCode.TAB);
        assertThat(lab.robot().sees("#console-proposals")).isTrue();
        lab.robot().press(KeyCode.ESCAPE);
        assertThat(lab.robot().sees("#console-proposals")).isFalse();
    }

    @Test
    void whatCannotBeReadComesBackWithTheCaretAtThePlace() {
        types("iommufd.destroy(iommufd=a, id=b)");
        lab.robot().press(KeyCode.ENTER);
        lab.robot().until("the line is back", () -> !field.getText().isEmpty());
        assertThat(Robot.onScreen(() -> field.getCaretPosition())).isEqualTo(30);
    }

    @Test
    void pastedLinesRunInOrder() {
        Robot.onScreen(() -> {
            var content = new ClipboardContent();
            content.putString("fd = iommufd.open()\niommufd.ioas_alloc(iommufd=$fd)\n");
            Clipboard.getSystemClipboard().setContent(content);
            field.paste();
        });
        lab.robot().until("both are made", () -> lab.machine().journal().position() == 2);
        lab.robot().until("the answer is there", () -> newest().equals("ok ioas_id=1"));
    }
}
