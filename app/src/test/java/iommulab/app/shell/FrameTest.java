package iommulab.app.shell;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LabSession;
import iommulab.app.LabWindow;
import iommulab.app.Robot;
import iommulab.app.theme.Theme;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;

import javafx.scene.Node;
import javafx.scene.control.ButtonBase;
import javafx.scene.control.ComboBoxBase;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.control.TextInputControl;
import javafx.scene.control.ToggleButton;
import javafx.scene.input.KeyCode;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;

/// A person at the frame: everything by keyboard, on a real machine.
class FrameTest {
    private final LabSession lab = LabSession.captured("endpoint-mf-acs-a");
    private Bench bench;
    private MainWindow window;
    private Robot robot;

    @BeforeEach
    void open() {
        robot =
                Robot.at(
                        () -> {
                            bench = lab.bench();
                            window = LabWindow.around(bench, List.of());
                            window.start();
                            return window.scene();
                        },
                        1000,
                        900);
    }

    @AfterEach
    void close() {
        robot.close();
        lab.close();
    }

    private PciAddress someFunction() {
        return lab.machine().topology().functions().getLast().address();
    }

    private String text(String selector) {
        var node = robot.find(selector);
        return Robot.onScreen(() ->
                switch (node) {
                    case Label label -> label.getText();
                    case TextField field -> field.getText();
                    case ButtonBase button -> button.getText();
                    default -> throw new AssertionError(selector + " has no text");
                });
    }

    @Test
    void everyPerspectiveOpensByItsNumber() {
        robot.press(KeyCode.CONTROL, KeyCode.DIGIT4);
        assertThat(bench.perspective().get()).isEqualTo(Perspective.WALK);
        assertThat(Robot.onScreen(() -> ((ToggleButton) robot.find("#rail-walk")).isSelected()))
                .isTrue();
        robot.press(KeyCode.CONTROL, KeyCode.DIGIT1);
        assertThat(bench.perspective().get()).isEqualTo(Perspective.MACHINE);
    }

    @Test
    void theInspectorMakesRoomForTheWhatIfOfGroups() {
        robot.press(KeyCode.CONTROL, KeyCode.DIGIT2);
        assertThat(robot.sees("#what-if")).isTrue();
        assertThat(robot.sees("#inspector")).as("inspector beside the what-if").isFalse();
        robot.press(KeyCode.CONTROL, KeyCode.DIGIT1);
        assertThat(robot.sees("#inspector")).as("inspector beside the machine").isTrue();
    }

    @Test
    void onAWallOnlyThePerspectiveIsShownUntilSomebodySearches() {
        robot.press(KeyCode.F11);
        assertThat(robot.sees("#perspective")).isTrue();
        assertThat(robot.sees("#rail-walk")).as("rail on a wall").isFalse();
        assertThat(robot.sees("#inspector")).as("inspector on a wall").isFalse();
        robot.press(KeyCode.CONTROL, KeyCode.K);
        assertThat(robot.sees("#rail-walk")).as("rail while searching").isTrue();
        assertThat(robot.sees("#inspector")).as("inspector while searching").isTrue();
    }

    @Test
    void theListOfKeysComesAndGoesByF1() {
        robot.press(KeyCode.F1);
        robot.until("the list is open", () -> robot.sees("#shortcuts"));
        assertThat(Robot.all(Label.class, label -> label.getText().equals("Presentation mode")))
                .as("what F11 does")
                .isNotEmpty();
        Robot.onScreen(window::showShortcuts);
        robot.until("the list is closed", () -> !robot.sees("#shortcuts"));
    }

    @Test
    void theThemeChangesByAKey() {
        var before = bench.settings().theme().get();
        robot.press(KeyCode.CONTROL, KeyCode.T);
        assertThat(bench.settings().theme().get()).isEqualTo(before.opposite());
        robot.until("the drawings are dark", () -> bench.palette().getValue().dark());
        assertThat(Theme.DARK.isDark()).isTrue();
    }

    @Test
    void aCommandIsUndoneAndRedoneByKeys() {
        var function = someFunction();
        lab.run(new Command.BindDriver(function, Optional.of("vfio-pci")));
        robot.press(KeyCode.CONTROL, KeyCode.Z);
        robot.until("it is undone", () -> lab.machine().journal().position() == 0);
        robot.press(KeyCode.CONTROL, KeyCode.Y);
        robot.until("it is done again", () -> lab.machine().journal().position() == 1);
        assertThat(lab.machine().topology().get(function).driver()).contains("vfio-pci");
    }

    @Test
    void theSearchFieldFindsAFunctionAndSelectsIt() {
        var function = someFunction();
        robot.press(KeyCode.CONTROL, KeyCode.K).type(function.withoutDomain());
        assertThat(robot.sees("#hits")).isTrue();
        robot.press(KeyCode.ENTER);
        assertThat(bench.subject().get()).isEqualTo(new Subject.Function(function));
        assertThat(robot.sees("#hits")).isFalse();
        robot.until(
                "the inspector is about it",
                () -> text("#inspector-title").equals(function.toString()));
    }

    @Test
    void theSearchFieldRunsACommandOfTheWindow() {
        robot.press(KeyCode.CONTROL, KeyCode.K).type("high contrast").press(KeyCode.ENTER);
        assertThat(bench.settings().theme().get()).isEqualTo(Theme.HIGH_CONTRAST);
    }

    @Test
    void selectionGoesBackAndForwardByKeys() {
        var first = new Subject.Group(0);
        var second = new Subject.Function(someFunction());
        Robot.onScreen(() -> bench.select(first));
        Robot.onScreen(() -> bench.select(second));
        robot.press(KeyCode.ALT, KeyCode.LEFT);
        assertThat(bench.subject().get()).isEqualTo(first);
        robot.press(KeyCode.ALT, KeyCode.RIGHT);
        assertThat(bench.subject().get()).isEqualTo(second);
    }

    @Test
    void textGrowsAndShrinksAndComesBack() {
        robot.press(KeyCode.CONTROL, KeyCode.PLUS);
        assertThat(bench.settings().textScale().get()).isGreaterThan(1);
        robot.press(KeyCode.CONTROL, KeyCode.DIGIT0);
        assertThat(bench.settings().textScale().get()).isEqualTo(1);
    }

    @Test
    void stepBackTakesTheLastCommandBack() {
        lab.run(new Command.BindDriver(someFunction(), Optional.of("vfio-pci")));
        robot.until("there is something to take back", () -> !robot.find("#step-back").isDisable());
        robot.click("#step-back");
        robot.until("it is undone", () -> lab.machine().journal().position() == 0);
    }

    @Test
    void theHandleOfTheTimelineIsDraggedBackInTime() {
        var function = someFunction();
        lab.run(new Command.BindDriver(function, Optional.of("vfio-pci")));
        lab.run(new Command.BindDriver(function, Optional.empty()));
        var handle = 138 + 2 * 24;
        robot.until("two commands are drawn", () -> timelineSays("command 2 of 2"));
        robot.drag("#timeline", handle, 10, handle - 24, 10);
        robot.until("one is undone", () -> lab.machine().journal().position() == 1);
        assertThat(lab.machine().topology().get(function).driver()).contains("vfio-pci");
        robot.press(KeyCode.RIGHT);
        robot.until("all are in force", () -> lab.machine().journal().position() == 2);
    }

    private boolean timelineSays(String words) {
        return String.valueOf(robot.find("#timeline").getAccessibleText()).contains(words);
    }

    @Test
    void anAccessControlBitIsSwitchedOnInTheInspectorAndTheMachineRegroups() {
        var port =
                lab.machine().topology().functions().stream()
                        .filter(f -> iommulab.engine.pci.Acs.of(f.config()).isPresent())
                        .findFirst()
                        .orElseThrow();
        Robot.onScreen(() -> bench.select(new Subject.Function(port.address())));
        window.scene().getWindow();
        robot.until(
                "the inspector is about it",
                () -> text("#inspector-title").equals(port.address().toString()));
        int before = iommulab.engine.pci.Acs.of(port.config()).orElseThrow().control();
        // Small enough that the inspector is not folded on a screen of 1000 pixels.
        Robot.onScreen(() -> bench.settings().textScale().set(0.7));
        var bit = (ButtonBase) robot.find(".acs-bit");
        Robot.onScreen(bit::fire);
        robot.until(
                "the bit is written",
                () ->
                        iommulab.engine.pci.Acs.of(
                                                lab.machine()
                                                        .topology()
                                                        .get(port.address())
                                                        .config())
                                        .orElseThrow()
                                        .control()
                                == (before ^ 1));
        assertThat(lab.machine().journal().undoable()).isPresent();
    }

    @Test
    void runningWithoutASourceIsRefusedBesideTheButton() {
        robot.click("#run");
        robot.until("the refusal is shown", () -> robot.sees("#refusal"));
    }

    @Test
    void everyControlSaysWhatItIsToWhoCannotSeeIt() {
        lab.run(new Command.BindDriver(someFunction(), Optional.of("vfio-pci")));
        Robot.onScreen(() -> bench.select(new Subject.Function(someFunction())));
        robot.settle();
        for (var perspective : List.of(Perspective.MACHINE, Perspective.DOMAINS)) {
            Robot.onScreen(() -> bench.open(perspective));
            robot.settle();
            assertThat(Robot.all(Node.class, FrameTest::isSilent))
                    .as("controls of %s without a word for a screen reader", perspective)
                    .isEmpty();
        }
    }

    private static boolean isSilent(Node node) {
        if (!node.isFocusTraversable() || !shown(node)) {
            return false;
        }
        var spoken =
                switch (node) {
                    case ButtonBase button -> button.getText();
                    case TextInputControl field -> field.getPromptText();
                    case ComboBoxBase<?> box -> box.getPromptText();
                    default -> "";
                };
        return blank(node.getAccessibleText()) && blank(spoken);
    }

    private static boolean shown(Node node) {
        for (var n = node; n != null; n = n.getParent()) {
            if (!n.isVisible()) {
                return false;
            }
        }
        return true;
    }

    private static boolean blank(String text) {
        return text == null || text.isBlank();
    }
}
