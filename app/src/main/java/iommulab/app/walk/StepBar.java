package iommulab.app.walk;

import iommulab.app.theme.Palette;

import javafx.beans.property.BooleanProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.value.ObservableValue;
import javafx.geometry.Pos;
import javafx.scene.control.Button;
import javafx.scene.control.ContentDisplay;
import javafx.scene.control.Label;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;

import java.util.function.IntConsumer;

/// Steps through a walk: first, back, step, last, and a dot for every step.
final class StepBar extends HBox {
    private final BooleanProperty keysShown = new SimpleBooleanProperty(true);
    private final Button first = button("walk-first", "|◀", "Home");
    private final Button back = button("walk-back", "◀ Back", "←");
    private final Button step = button("walk-step", "Step ▶", "→");
    private final Button last = button("walk-last", "▶|", "End");
    private final Button again = button("walk-again", "Again", "R");
    private final Label place = new Label();
    private final StepDots dots;
    private int current;
    private int steps;

    /// @param onStep told the number of a step to go to
    /// @param onAgain called when the same question shall be asked again
    StepBar(ObservableValue<Palette> palette, IntConsumer onStep, Runnable onAgain) {
        dots = new StepDots(palette, onStep);
        getStyleClass().addAll("step-bar", "bar-surface");
        setAlignment(Pos.CENTER_LEFT);
        step.getStyleClass().add("primary");
        place.setMinWidth(Region.USE_PREF_SIZE);
        place.setId("walk-place");
        HBox.setHgrow(dots, Priority.ALWAYS);
        dots.setPrefHeight(48);
        getChildren().addAll(first, back, step, last, dots, place, again);
        first.setOnAction(_ -> onStep.accept(0));
        back.setOnAction(_ -> onStep.accept(current - 1));
        step.setOnAction(_ -> onStep.accept(current + 1));
        last.setOnAction(_ -> onStep.accept(steps - 1));
        again.setOnAction(_ -> onAgain.run());
    }

    /// Whether the buttons show their keys.
    BooleanProperty keysShown() {
        return keysShown;
    }

    private Button button(String id, String text, String key) {
        var cap = new Label(key);
        cap.getStyleClass().add("key-cap");
        var button = new Button(text, cap);
        button.contentDisplayProperty()
                .bind(
                        keysShown.map(
                                shown -> shown ? ContentDisplay.RIGHT : ContentDisplay.TEXT_ONLY));
        button.setId(id);
        button.setMinWidth(USE_PREF_SIZE);
        button.setFocusTraversable(true);
        return button;
    }

    void show(WalkModel model) {
        current = model.current();
        steps = model.rungs().size();
        first.setDisable(model.atStart());
        back.setDisable(model.atStart());
        step.setDisable(model.atEnd());
        last.setDisable(model.atEnd());
        place.setText("step %d of %d".formatted(current + 1, steps));
        dots.show(model);
    }
}
