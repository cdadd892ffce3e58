package iommulab.app.walk;

import iommulab.app.shell.WalkLook;
import iommulab.app.shell.Workbench;
import iommulab.engine.iommu.Walk;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.WalkQuestion;

import javafx.beans.value.ObservableDoubleValue;
import javafx.scene.control.Label;
import javafx.scene.control.Toggle;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.StackPane;

import org.controlsfx.control.SegmentedButton;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/// The ways to look at a walk: as a ladder, as the grid of a nested walk, beside another walk, on every
/// architecture.
final class WalkViews extends StackPane {
    private final WalkCanvas ladder;
    private final GridCanvas grid;
    private final PairPane pair;
    private final FormatsPane formats;
    private final WalkLook look;
    private final ToggleButton asLadder = new ToggleButton("Ladder");
    private final ToggleButton asGrid = new ToggleButton("Grid");
    private final ToggleButton asPair = new ToggleButton("Side by side");
    private final ToggleButton asFormats = new ToggleButton("All formats");
    private final SegmentedButton buttons =
            new SegmentedButton(asLadder, asGrid, asPair, asFormats);
    private final Label empty =
            new Label("No request yet. Ask above what would happen to one, or run traffic.");
    private final Runnable onOthers;

    /// @param onStep told a step to go to
    /// @param onField told the field under the mouse, or none
    /// @param onOthers called when other walks are wanted beside this one
    WalkViews(
            Workbench workbench,
            IntConsumer onStep,
            Consumer<Optional<Rung.Chip>> onField,
            Runnable onOthers) {
        this.onOthers = onOthers;
        this.look = workbench.walkLook();
        ladder = new WalkCanvas(workbench.palette());
        grid = new GridCanvas(workbench.palette());
        pair = new PairPane(workbench, onStep, onField);
        var canvas = new FormatsCanvas(workbench.palette());
        canvas.onField(onField);
        formats = new FormatsPane(workbench, canvas, onStep, this::compareWith);
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
        asFormats.setId("walk-as-formats");
        asGrid.setTooltip(new Tooltip("Nested walks have a grid: first stage × second stage"));
        asFormats.setTooltip(new Tooltip("The same request on every architecture"));
        getChildren().addAll(ladder, grid, pair, formats, empty);
        buttons.getToggleGroup()
                .selectedToggleProperty()
                .addListener((_, before, now) -> {
                    if (now == null && before != null) {
                        before.setSelected(true);
                    } else if (now != null) {
                        look.view().set(viewOf(now));
                    }
                });
        look.view().addListener((_, _, _) -> arrange());
        asGrid.disableProperty().addListener((_, _, _) -> arrange());
        arrange();
    }

    private WalkLook.View viewOf(Toggle button) {
        return button == asGrid
                ? WalkLook.View.GRID
                : button == asPair
                        ? WalkLook.View.PAIR
                        : button == asFormats ? WalkLook.View.FORMATS : WalkLook.View.LADDER;
    }

    private ToggleButton buttonOf(WalkLook.View view) {
        return switch (view) {
            case LADDER -> asLadder;
            case GRID -> asGrid;
            case PAIR -> asPair;
            case FORMATS -> asFormats;
        };
    }

    private void compareWith(Architecture architecture) {
        pair.compareWith(architecture);
        look.view().set(WalkLook.View.PAIR);
    }

    SegmentedButton buttons() {
        return buttons;
    }

    ObservableDoubleValue textScale() {
        return ladder.scaleProperty();
    }

    private void arrange() {
        var view = look.view().get();
        boolean inGrid = view == WalkLook.View.GRID && !asGrid.isDisabled();
        boolean beside = view == WalkLook.View.PAIR;
        boolean everywhere = view == WalkLook.View.FORMATS;
        // The buttons exclude each other only once the control has been laid out.
        for (var each : WalkLook.View.values()) {
            buttonOf(each).setSelected(each == view);
        }
        pair.setVisible(beside);
        formats.setVisible(everywhere);
        grid.setVisible(inGrid);
        ladder.setVisible(!beside && !inGrid && !everywhere);
        if (beside || everywhere) {
            onOthers.run();
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

    /// Shows a walk beside others, if others are looked at.
    void showBeside(Walk walk, WalkQuestion question, int step) {
        switch (look.view().get()) {
            case PAIR -> pair.show(walk, question, step);
            case FORMATS -> formats.show(walk, question, step);
            case LADDER, GRID -> {}
        }
    }
}
