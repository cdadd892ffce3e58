package iommulab.app.walk;

import iommulab.app.shell.Workbench;
import iommulab.engine.iommu.Walk;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.WalkQuestion;

import javafx.beans.value.ObservableDoubleValue;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.StackPane;

import org.controlsfx.control.SegmentedButton;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/// The three ways to look at a walk: as a ladder, as the grid of a nested walk, beside another walk.
final class WalkViews extends StackPane {
    private final WalkCanvas ladder;
    private final GridCanvas grid;
    private final PairPane pair;
    private final ToggleButton asLadder = new ToggleButton("Ladder");
    private final ToggleButton asGrid = new ToggleButton("Grid");
    private final ToggleButton asPair = new ToggleButton("Side by side");
    private final SegmentedButton buttons = new SegmentedButton(asLadder, asGrid, asPair);
    private final Label empty =
            new Label("No request yet. Ask above what would happen to one, or run traffic.");
    private final Runnable onPair;

    /// @param onStep told a step to go to
    /// @param onField told the field under the mouse, or none
    /// @param onPair called when a second walk is wanted
    WalkViews(
            Workbench workbench,
            IntConsumer onStep,
            Consumer<Optional<Rung.Chip>> onField,
            Runnable onPair) {
        this.onPair = onPair;
        ladder = new WalkCanvas(workbench.palette());
        grid = new GridCanvas(workbench.palette());
        pair = new PairPane(workbench, onStep, onField);
        ladder.setId("walk-ladder");
        grid.setId("walk-grid");
        pair.setId("walk-pair");
        ladder.setFocusTraversable(true);
        ladder.onRung(onStep);
        ladder.onField(onField);
        ladder.offer(new StepMenu(workbench));
        grid.onStep(onStep);
        grid.onField(onField);
        asLadder.setId("walk-as-ladder");
        asGrid.setId("walk-as-grid");
        asPair.setId("walk-as-pair");
        asGrid.setTooltip(new Tooltip("Nested walks have a grid: first stage × second stage"));
        asLadder.setSelected(true);
        grid.setVisible(false);
        pair.setVisible(false);
        getChildren().addAll(ladder, grid, pair, empty);
        buttons.getToggleGroup()
                .selectedToggleProperty()
                .addListener((_, before, now) -> {
                    if (now == null && before != null) {
                        before.setSelected(true);
                    } else {
                        arrange();
                    }
                });
        asGrid.disableProperty().addListener((_, _, _) -> arrange());
    }

    SegmentedButton buttons() {
        return buttons;
    }

    ObservableDoubleValue textScale() {
        return ladder.scaleProperty();
    }

    private void arrange() {
        boolean beside = asPair.isSelected();
        boolean inGrid = asGrid.isSelected() && !asGrid.isDisabled();
        pair.setVisible(beside);
        grid.setVisible(inGrid);
        ladder.setVisible(!beside && !inGrid);
        if (beside) {
            onPair.run();
        }
    }

    void show(MachineSnapshot machine) {
        pair.show(machine);
    }

    void show(WalkModel model) {
        empty.setVisible(false);
        ladder.show(model);
        model.grid().ifPresent(g -> grid.show(model, g));
        asGrid.setDisable(model.grid().isEmpty());
    }

    /// Shows a walk beside another one, if two are looked at.
    void showBeside(Walk walk, WalkQuestion question, int step) {
        if (asPair.isSelected()) {
            pair.show(walk, question, step);
        }
    }
}
