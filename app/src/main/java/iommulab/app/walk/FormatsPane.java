package iommulab.app.walk;

import iommulab.app.shell.Workbench;
import iommulab.engine.iommu.Walk;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.WalkQuestion;

import javafx.scene.layout.StackPane;

import org.jspecify.annotations.Nullable;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/// The request that was asked on every architecture, with empty caches everywhere.
final class FormatsPane extends StackPane {
    private final Workbench workbench;
    private final FormatsCanvas canvas;
    private final Map<Architecture, FormatsModel.Told> told = new EnumMap<>(Architecture.class);
    private @Nullable Asked asked;
    private @Nullable Walk own;
    private @Nullable FormatsModel model;
    private int step;

    /// What was asked, and of which state of the machine.
    private record Asked(WalkQuestion question, String machine, int position, Walk walk) {}

    /// @param canvas shows the answers
    /// @param onStep told a step of the machine's own walk to go to
    /// @param onArchitecture told an architecture to be looked at more closely
    FormatsPane(
            Workbench workbench,
            FormatsCanvas canvas,
            IntConsumer onStep,
            Consumer<Architecture> onArchitecture) {
        this.workbench = workbench;
        this.canvas = canvas;
        canvas.setId("walk-formats");
        canvas.onColumn(onArchitecture);
        canvas.onRow(row -> {
            if (own != null && model != null) {
                model.stepIn(own, row).ifPresent(onStep);
            }
        });
        getChildren().add(canvas);
    }

    /// @param walk the machine's own answer
    void show(Walk walk, WalkQuestion question, int at) {
        var machine = workbench.machine();
        var now =
                new Asked(
                        question.withCaches(false),
                        machine.name() + machine.origin(),
                        machine.journal().position(),
                        walk);
        own = walk;
        step = at;
        if (!now.equals(asked)) {
            asked = now;
            for (var architecture : Architecture.values()) {
                ask(architecture, now);
            }
        }
        render();
    }

    private void ask(Architecture architecture, Asked now) {
        told.putIfAbsent(architecture, new FormatsModel.Told.Asked());
        workbench
                .explainOn(architecture, now.question())
                .whenComplete((walk, failure) -> {
                    if (now.equals(asked)) {
                        told.put(architecture, answer(walk, failure));
                        render();
                    }
                });
    }

    private static FormatsModel.Told answer(@Nullable Walk walk, @Nullable Throwable failure) {
        return walk != null
                ? new FormatsModel.Told.Answer(walk)
                : failure instanceof CommandRefused refused
                        ? new FormatsModel.Told.Refused(refused.reason())
                        : new FormatsModel.Told.Asked();
    }

    private String architecture(Walk walk) {
        return workbench.machine().units().stream()
                .filter(unit -> unit.name().equals(walk.unit()))
                .findFirst()
                .map(MachineSnapshot.Unit::architecture)
                .orElse("");
    }

    private void render() {
        if (own != null) {
            model =
                    FormatsModel.of(
                            told,
                            architecture(own),
                            own,
                            step,
                            workbench.walkLook().naming().get());
            canvas.show(model);
        }
    }
}
