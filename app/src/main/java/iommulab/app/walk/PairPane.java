package iommulab.app.walk;

import iommulab.app.shell.OtherMachine;
import iommulab.app.shell.Workbench;
import iommulab.engine.iommu.Walk;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.WalkQuestion;

import javafx.scene.control.ChoiceBox;
import javafx.scene.control.Label;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.util.StringConverter;

import org.jspecify.annotations.Nullable;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/// Two walks side by side, in step: at the left the one that was asked for, at the right the same request
/// with other caches or another request.
final class PairPane extends BorderPane {
    private static final Beside USUAL = new Beside.OtherCaches();

    private final Workbench workbench;
    private final Side left;
    private final Side right;
    private final ChoiceBox<Beside> choice = new ChoiceBox<>();
    private final QuestionForm form;
    private final Label reads = new Label();
    private final Label cycles = new Label();
    private final Label ends = new Label();

    private @Nullable Walk walk;
    private @Nullable Walk beside;
    private @Nullable WalkQuestion question;
    private @Nullable WalkQuestion other;
    private @Nullable Comparison comparison;
    private String rightHow = "";
    private int step;

    /// @param onStep told a step of the left walk to go to
    /// @param onField told the field under the mouse, or none
    PairPane(Workbench workbench, IntConsumer onStep, Consumer<Optional<Rung.Chip>> onField) {
        this.workbench = workbench;
        left = new Side(new WalkCanvas(workbench.palette()), "walk-left");
        right = new Side(new WalkCanvas(workbench.palette()), "walk-right");
        form =
                new QuestionForm(asked -> {
                    other = asked;
                    askBeside();
                });
        form.nameFields("beside");
        form.visibleProperty().bind(choice.valueProperty().map(Beside::hasOwnRequest));
        form.managedProperty().bind(form.visibleProperty());
        left.ladder.onRung(onStep);
        left.ladder.onField(onField);
        right.ladder.onRung(chosen -> {
            int belongs = comparison == null ? -1 : comparison.belongsTo(chosen);
            if (belongs >= 0) {
                onStep.accept(belongs);
            } else {
                showRight(chosen);
            }
        });
        right.ladder.onField(onField);
        var pair = new HBox(left.box, right.box);
        pair.getStyleClass().add("walk-pair");
        HBox.setHgrow(left.box, Priority.ALWAYS);
        HBox.setHgrow(right.box, Priority.ALWAYS);
        setTop(new VBox(differences(), form));
        setCenter(pair);
    }

    private static final class BesideWords extends StringConverter<Beside> {
        @Override
        public String toString(@Nullable Beside beside) {
            return beside == null ? "" : beside.words();
        }

        @Override
        public Beside fromString(String words) {
            throw new IllegalStateException("nobody types what stands beside: " + words);
        }
    }

    /// One walk with its title.
    private static final class Side {
        private final Label title = new Label();
        private final WalkCanvas ladder;
        private final BorderPane box;

        Side(WalkCanvas ladder, String id) {
            this.ladder = ladder;
            ladder.setId(id);
            ladder.setMinWidth(0);
            ladder.setFocusTraversable(true);
            title.getStyleClass().add("walk-side");
            title.setId(id + "-title");
            box = new BorderPane(ladder);
            box.setTop(title);
            box.getStyleClass().add("walk-pair-side");
            box.setPrefWidth(100);
            box.setMinWidth(0);
        }

        void show(WalkModel model, String how) {
            title.setText(model.request() + " " + model.iova() + (how.isEmpty() ? "" : ", " + how));
            ladder.show(model);
        }
    }

    private HBox differences() {
        choice.getItems().setAll(Beside.all());
        choice.setValue(USUAL);
        choice.setId("beside-choice");
        choice.setConverter(new BesideWords());
        choice.valueProperty().addListener((_, before, now) -> chosen(before, now));
        reads.setId("beside-reads");
        cycles.setId("beside-cycles");
        reads.getStyleClass().add("strong");
        cycles.getStyleClass().add("strong");
        ends.getStyleClass().add("muted");
        ends.setMinWidth(0);
        var space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        var bar = new HBox(reads, cycles, ends, space, choice);
        bar.getStyleClass().addAll("panel-tools", "walk-differences");
        reads.setMinWidth(Region.USE_PREF_SIZE);
        cycles.setMinWidth(Region.USE_PREF_SIZE);
        choice.setMinWidth(Region.USE_PREF_SIZE);
        return bar;
    }

    private void chosen(@Nullable Beside before, @Nullable Beside now) {
        if (now instanceof Beside.InAFile) {
            workbench
                    .chooseOther()
                    .thenAccept(there ->
                            there.ifPresentOrElse(
                                    this::putBeside,
                                    () -> choice.setValue(before == null ? USUAL : before)));
            return;
        }
        if (now instanceof Beside.In != before instanceof Beside.In) {
            other = null;
            form.show(besideMachine());
        }
        askBeside();
    }

    /// Another machine takes the place of the one that was there.
    private void putBeside(OtherMachine machine) {
        var now = new Beside.In(machine);
        var items = choice.getItems();
        var before = items.stream().filter(Beside.In.class::isInstance).findFirst();
        items.add(items.size() - 1, now);
        form.show(machine.machine());
        other = null;
        choice.setValue(now);
        before.ifPresent(items::remove);
        if (before.isPresent() && before.get() instanceof Beside.In(var old)) {
            old.close();
        }
    }

    private MachineSnapshot besideMachine() {
        return choice.getValue() instanceof Beside.In(var there)
                ? there.machine()
                : workbench.machine();
    }

    void show(MachineSnapshot machine) {
        form.show(choice.getValue() instanceof Beside.In ? besideMachine() : machine);
    }

    /// @param asked what `answer` answers
    void show(Walk answer, WalkQuestion asked, int at) {
        boolean changed = !answer.equals(walk) || !asked.equals(question);
        walk = answer;
        question = asked;
        step = at;
        left.show(model(answer, at, workbench.machine()), how(asked));
        if (changed || beside == null) {
            if (other == null && !(choice.getValue() instanceof Beside.In)) {
                form.show(asked);
            }
            askBeside();
        } else {
            follow();
        }
    }

    private WalkModel model(Walk shown, int at, MachineSnapshot machine) {
        return WalkModel.of(shown, at, machine, workbench.walkLook().naming().get());
    }

    /// Compares with what an architecture answers.
    void compareWith(Architecture architecture) {
        choice.setValue(new Beside.On(architecture));
    }

    private static String how(WalkQuestion question) {
        return question.withCaches() ? "with caches" : "cold";
    }

    private void askBeside() {
        var chosen = choice.getValue();
        if (question == null || chosen == null) {
            return;
        }
        var asked =
                switch (chosen) {
                    case Beside.OtherCaches _ -> question.withCaches(!question.withCaches());
                    case Beside.On _ -> question.withCaches(false);
                    case Beside.Another _ -> other == null ? question : other;
                    case Beside.In(var there) ->
                            other == null ? firstIn(there.machine(), question) : other;
                    case Beside.InAFile _ -> question;
                };
        var answer =
                switch (chosen) {
                    case Beside.On(var architecture) -> workbench.explainOn(architecture, asked);
                    case Beside.In(var there) -> there.explain(asked);
                    case Beside.OtherCaches _, Beside.Another _, Beside.InAFile _ ->
                            workbench.explain(asked);
                };
        answer.whenComplete((told, failure) -> {
            if (chosen.equals(choice.getValue())) {
                answered(told, failure, chosen.prefix() + how(asked));
            }
        });
    }

    /// The same request if that machine has mapped it for the same device, else one that it knows.
    private WalkQuestion firstIn(MachineSnapshot there, WalkQuestion asked) {
        boolean same =
                there.domains().stream()
                        .filter(d -> d.attached().contains(asked.function()))
                        .flatMap(d -> d.mappings().stream())
                        .anyMatch(
                                m -> Long.compareUnsigned(asked.iova() - m.iova(), m.bytes()) < 0);
        var first =
                same ? asked : WalkActions.firstQuestion(there, asked.withCaches()).orElse(asked);
        form.show(first);
        other = first;
        return first;
    }

    private void answered(@Nullable Walk told, @Nullable Throwable failure, String how) {
        right.ladder.setVisible(told != null);
        if (told == null || walk == null) {
            beside = null;
            comparison = null;
            reads.setText("");
            cycles.setText("");
            ends.setText(failure instanceof CommandRefused refused ? refused.reason() : "");
            right.title.setText("");
            return;
        }
        beside = told;
        comparison = Comparison.of(walk, told);
        reads.setText(comparison.reads());
        cycles.setText(comparison.cycles());
        ends.setText(comparison.ends());
        rightHow = how;
        follow();
    }

    private void follow() {
        if (comparison != null) {
            showRight(comparison.partnerOf(step));
        }
    }

    private void showRight(int at) {
        if (beside != null) {
            right.show(model(beside, at, besideMachine()), rightHow);
        }
    }
}
