package iommulab.app.faults;

import iommulab.app.shell.FaultQueue;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.session.MachineSnapshot.Fault;
import iommulab.engine.session.WalkQuestion;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

/// Beside a fault: the walk that fails, the registers that hold it, what its reason means.
final class WalkSide extends VBox {
    private final Workbench workbench;
    private final Label title = new Label();
    private final Label remark = new Label();
    private final Button open = new Button("Open walk");
    private final FailedWalk ladder;
    private final VBox registers = new VBox();
    private final Label registersHead = new Label();
    private final Label reasonHead = new Label();
    private final Label reason = new Label();
    private @Nullable WalkQuestion asked;
    private int journal = -1;

    WalkSide(Workbench workbench) {
        this.workbench = workbench;
        ladder = new FailedWalk(workbench.palette(), this::openAt);
        title.getStyleClass().add("panel-title");
        title.setMinWidth(0);
        remark.getStyleClass().add("secondary");
        remark.setWrapText(true);
        open.setId("fault-open-walk");
        open.getStyleClass().add("primary");
        open.setMinWidth(USE_PREF_SIZE);
        open.setOnAction(_ -> openAt(-1));
        var space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        var head = new HBox(title, space, open);
        head.getStyleClass().add("form-row");
        registersHead.getStyleClass().add("section-head");
        reasonHead.getStyleClass().add("section-head");
        reason.setWrapText(true);
        reason.setMinHeight(USE_PREF_SIZE);
        registers.getStyleClass().add("register-list");
        getStyleClass().add("fault-side");
        getChildren().addAll(head, remark, ladder, registersHead, registers, reasonHead, reason);
    }

    private void openAt(int step) {
        if (asked != null) {
            workbench.openWalk(asked, step);
        }
    }

    void show(FaultsModel.Case shown, int journalPosition) {
        var fault = shown.kind().newest();
        ask(fault, journalPosition);
        registers.getChildren().clear();
        for (var register : shown.registers()) {
            registers
                    .getChildren()
                    .addAll(
                            line(
                                    register.index() + " hi",
                                    register.high(),
                                    register.highMeaning(),
                                    register.meaning()),
                            line(
                                    "  lo",
                                    register.low(),
                                    register.lowMeaning(),
                                    register.meaning()));
        }
        if (shown.registers().isEmpty()) {
            registers.getChildren().add(shown.queue().map(this::ring).orElseGet(WalkSide::none));
        }
        registersHead.setText(
                shown.queue()
                        .map(queue -> "Recorded in the " + queue.ring().name())
                        .orElse("Fault recording registers"));
        reasonHead.setText("Reason " + shown.kind().code());
        reason.setText(fault.reason().meaning());
    }

    private static Node none() {
        var none = new Label("Empty: the faults were acknowledged.");
        none.getStyleClass().add("secondary");
        return none;
    }

    private Node ring(FaultQueue queue) {
        var words =
                new Label(
                        queue.waiting() == 0
                                ? "Software has read all of it."
                                : "%d of %d entries wait."
                                        .formatted(queue.waiting(), queue.length()));
        words.getStyleClass().add("secondary");
        var there = new Hyperlink("See it in Memory");
        there.setId("fault-ring");
        there.getStyleClass().add("link");
        there.setOnAction(_ -> {
            workbench.select(new Subject.Memory(queue.newest()));
            workbench.open(Perspective.MEMORY);
        });
        var line = new HBox(words, there);
        line.getStyleClass().add("form-row");
        return line;
    }

    /// @param all every field in words, for who points at the line
    private static HBox line(String name, String word, String meaning, String all) {
        var key = new Label(name);
        key.getStyleClass().add("mono-secondary");
        key.setMinWidth(USE_PREF_SIZE);
        var value = new Label(word);
        value.getStyleClass().addAll("mono", "strong");
        value.setMinWidth(USE_PREF_SIZE);
        var words = new Label(meaning);
        words.getStyleClass().add("secondary");
        words.setMinWidth(0);
        var line = new HBox(key, value, words);
        Tooltip.install(line, new Tooltip(all));
        line.setAccessibleText(all);
        line.getStyleClass().add("form-row");
        return line;
    }

    private void ask(Fault fault, int journalPosition) {
        var question = FaultsActions.walkOf(fault);
        if (question.equals(asked) && journal == journalPosition) {
            return;
        }
        asked = question;
        journal = journalPosition;
        workbench
                .explain(question)
                .thenAccept(walk -> {
                    if (!question.equals(asked)) {
                        return;
                    }
                    ladder.show(walk);
                    if (fault.reason().isOfPageRequest()) {
                        title.setText("A page request walks nowhere");
                        remark.setText("Beside it the walk of an access to the same address.");
                        return;
                    }
                    switch (walk.outcome()) {
                        case iommulab.engine.iommu.Walk.Outcome.Faulted(_, int step, _) -> {
                            title.setText(
                                    step >= 0 && step < walk.steps().size()
                                            ? "Stopped at: " + walk.steps().get(step).name()
                                            : "Stopped before the tables");
                            remark.setText("With the tables as they are now and caches empty.");
                        }
                        case iommulab.engine.iommu.Walk.Outcome.Reached _,
                                iommulab.engine.iommu.Walk.Outcome.NotTranslated _ -> {
                            title.setText("It would pass now");
                            remark.setText(
                                    "The tables changed since tick %d.".formatted(fault.tick()));
                        }
                    }
                });
    }
}
