package iommulab.app.shell;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.Robot;

import javafx.scene.Scene;
import javafx.scene.control.Label;
import javafx.scene.control.Labeled;
import javafx.scene.control.TextInputControl;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Objects;

/// What a user sees of a mistake of ours.
class DefectsTest {
    private static List<String> everyText() {
        return Robot.onScreen(() ->
                Robot.everything().stream()
                        .map(node ->
                                switch (node) {
                                    case Labeled labeled -> labeled.getText();
                                    case TextInputControl input -> input.getText();
                                    default -> null;
                                })
                        .filter(Objects::nonNull)
                        .toList());
    }

    @Test
    void aDefectIsShownInWordsWithItsCodeAndWithoutATrace() {
        var defect = new IllegalStateException("the walker lost table 3");
        // Large, because a dialog stands in the middle of its window and must not leave the screen.
        try (var robot = Robot.at(() -> new Scene(new Label("the window")), 900, 800)) {
            Defects.report(defect);
            robot.until(
                    "it is told",
                    () ->
                            everyText().stream()
                                    .anyMatch(t ->
                                            t.contains("our mistake")
                                                    && t.contains(Defects.code(defect))));
            assertThat(everyText()).anyMatch(text -> text.contains("the walker lost table 3"));
            assertThat(everyText()).noneMatch(text -> text.contains("\tat "));
        }
    }

    @Test
    void theSameDefectHasTheSameCodeAndAnotherAnother() {
        var codes =
                java.util.stream.IntStream.range(0, 2)
                        .mapToObj(_ -> Defects.code(new IllegalStateException("here")))
                        .distinct();
        assertThat(codes).hasSize(1);
        assertThat(Defects.code(new IllegalStateException("there")))
                .isNotEqualTo(Defects.code(new IllegalArgumentException("there")));
    }
}
