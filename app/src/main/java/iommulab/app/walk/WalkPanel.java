package iommulab.app.walk;

import iommulab.app.shell.Naming;
import iommulab.app.shell.Panel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.app.shell.Workbench.AskedWalk;
import iommulab.engine.iommu.Walk;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.WalkQuestion;

import javafx.beans.binding.Bindings;
import javafx.css.PseudoClass;
import javafx.scene.Node;
import javafx.scene.control.ChoiceBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextInputControl;
import javafx.scene.control.ToggleButton;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.util.StringConverter;

import org.controlsfx.control.SegmentedButton;
import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.Optional;

/// Layout and gestures of the Walk perspective; what it says comes from [WalkModel].
public final class WalkPanel implements Panel {
    private static final int LAST = -1;
    private static final double WALL = 1.6;
    private static final PseudoClass FAULT = PseudoClass.getPseudoClass("fault");

    private final Workbench workbench;
    private final WalkViews views;
    private final StepBar stepBar;
    private final QuestionForm form = new QuestionForm(question -> ask(question, LAST, true));
    private final Label request = new Label();
    private final Label iova = new Label();
    private final Label caption = new Label();
    private final ToggleButton withCaches = new ToggleButton("with caches");
    private final ToggleButton cold = new ToggleButton("cold");
    private final BorderPane root = new BorderPane();

    private @Nullable WalkQuestion question;
    private @Nullable Walk walk;
    private Subject seen = new Subject.Nothing();
    private @Nullable WalkModel stepsShown;
    private int step;
    private int wanted = LAST;
    private int journal = -1;
    private String machine = "";

    /// @param workbench whom it asks what the hardware would do
    public WalkPanel(Workbench workbench) {
        this.workbench = workbench;
        views = new WalkViews(workbench, this::goTo, this::tell, this::showBeside);
        stepBar = new StepBar(workbench.palette(), this::goTo, this::askAgain);
        caption.setId("walk-caption");
        caption.getStyleClass().add("walk-caption");
        caption.setMaxWidth(Double.MAX_VALUE);
        root.setTop(new VBox(tools(), form));
        root.setCenter(views);
        root.setBottom(new VBox(caption, stepBar));
        root.getStyleClass().addAll("canvas-surface", "walk");
        root.addEventFilter(KeyEvent.KEY_PRESSED, this::key);
        stepBar.setDisable(true);
        // On a wall there is room for the walk only; questions are asked before or after.
        form.visibleProperty().bind(Bindings.lessThan(views.textScale(), WALL));
        form.managedProperty().bind(form.visibleProperty());
        stepBar.keysShown().bind(form.visibleProperty());
        workbench.walkLook().naming().addListener((_, _, _) -> tellAgain());
        workbench.askedWalk().addListener((_, _, asked) -> asked.ifPresent(this::answer));
        workbench.askedWalk().get().ifPresent(this::answer);
    }

    private Node tools() {
        var title = new Label("Walk");
        title.getStyleClass().add("panel-title");
        request.getStyleClass().addAll("muted", "not-on-wall");
        iova.getStyleClass().addAll("mono", "not-on-wall");
        title.setMinWidth(Region.USE_PREF_SIZE);
        views.buttons().setMinWidth(Region.USE_PREF_SIZE);
        withCaches.setSelected(true);
        withCaches.setId("walk-with-caches");
        cold.setId("walk-cold");
        var caches = new SegmentedButton(withCaches, cold);
        caches.setMinWidth(Region.USE_PREF_SIZE);
        caches.getToggleGroup()
                .selectedToggleProperty()
                .addListener((_, before, now) -> {
                    if (now == null && before != null) {
                        before.setSelected(true);
                    } else if (before != null) {
                        askAgain();
                    }
                });
        var space = new Region();
        HBox.setHgrow(space, Priority.ALWAYS);
        var tools = new HBox(title, request, iova, space, naming(), views.buttons(), caches);
        tools.getStyleClass().add("panel-tools");
        return tools;
    }

    private Node naming() {
        var naming = new ChoiceBox<Naming>();
        naming.setId("walk-naming");
        naming.getItems().setAll(Naming.values());
        naming.setConverter(new NamingWords());
        naming.valueProperty().bindBidirectional(workbench.walkLook().naming());
        naming.getStyleClass().add("not-on-wall");
        naming.setMinWidth(Region.USE_PREF_SIZE);
        return naming;
    }

    private static final class NamingWords extends StringConverter<Naming> {
        @Override
        public String toString(@Nullable Naming naming) {
            return naming == null ? "" : naming.words();
        }

        @Override
        public Naming fromString(String words) {
            return Arrays.stream(Naming.values())
                    .filter(n -> n.words().equals(words))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Override
    public Node view() {
        return root;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        beginWith(machine);
        form.show(machine);
        views.show(machine);
        boolean changed = machine.journal().position() != journal;
        journal = machine.journal().position();
        if (!subject.equals(seen)) {
            seen = subject;
            if (subject instanceof Subject.WalkStep(Walk selected, int selectedStep)) {
                remember(selected);
                showStep(selected, selectedStep);
                return;
            }
            var asked = WalkActions.questionFor(machine, subject, withCaches.isSelected());
            if (asked.isPresent()) {
                ask(asked.get(), LAST, false);
                return;
            }
        }
        if (walk == null && question == null) {
            WalkActions.firstQuestion(machine, withCaches.isSelected())
                    .ifPresent(first -> ask(first, LAST, false));
        } else if (changed && question != null) {
            ask(question, wanted, seen instanceof Subject.WalkStep);
        }
    }

    /// A question about another machine says nothing of this one.
    private void beginWith(MachineSnapshot shown) {
        var name = shown.name() + shown.origin();
        boolean another = !machine.isEmpty() && !name.equals(machine);
        machine = name;
        if (another) {
            walk = null;
            question = null;
            wanted = LAST;
            journal = shown.journal().position();
        }
    }

    private void remember(Walk selected) {
        question =
                new WalkQuestion(
                        selected.device(),
                        selected.iova(),
                        selected.bytes(),
                        selected.access(),
                        selected.prefix(),
                        withCaches.isSelected());
        form.show(question);
    }

    private void answer(AskedWalk asked) {
        boolean cached = asked.question().withCaches();
        (cached ? withCaches : cold).setSelected(true);
        // The buttons exclude each other only once the control has been laid out.
        (cached ? cold : withCaches).setSelected(false);
        ask(asked.question(), asked.stepToShow(), true);
    }

    private void askAgain() {
        if (question != null) {
            ask(question, step, seen instanceof Subject.WalkStep);
        }
    }

    /// @param select whether the answer becomes what every panel is about
    private void ask(WalkQuestion asked, int stepToShow, boolean select) {
        var exact = asked.withCaches(withCaches.isSelected());
        question = exact;
        wanted = stepToShow;
        form.show(exact);
        workbench
                .explain(exact)
                .thenAccept(answer -> {
                    if (exact.equals(question)) {
                        int shown = stepToShow == LAST ? answer.steps().size() - 1 : stepToShow;
                        showStep(answer, shown);
                        if (select) {
                            selectStep();
                        }
                    }
                });
    }

    private void tellAgain() {
        if (walk != null) {
            showStep(walk, step);
        }
    }

    private void goTo(int wanted) {
        if (walk != null) {
            showStep(walk, wanted);
            selectStep();
        }
    }

    private void selectStep() {
        if (walk != null) {
            seen = new Subject.WalkStep(walk, step);
            workbench.select(seen);
        }
    }

    private void showStep(Walk shown, int wanted) {
        var naming = workbench.walkLook().naming().get();
        var model = WalkModel.of(shown, wanted, workbench.machine(), naming);
        walk = shown;
        stepsShown = model;
        step = model.current();
        wanted = step;
        stepBar.setDisable(false);
        request.setText(model.request());
        iova.setText(model.iova());
        views.show(model);
        stepBar.show(model);
        showBeside();
        tell(Optional.empty());
    }

    private void showBeside() {
        if (walk != null && question != null) {
            views.showBeside(walk, question, step);
        }
    }

    /// Under the ladder: the field that the mouse is on, else what the current step found.
    private void tell(Optional<Rung.Chip> field) {
        var model = stepsShown;
        if (model == null) {
            return;
        }
        caption.pseudoClassStateChanged(FAULT, field.isEmpty() && model.atEnd() && model.faulted());
        caption.setText(field.map(WalkPanel::words).orElseGet(() -> model.caption()));
    }

    private static String words(Rung.Chip chip) {
        return "bits %s  %s: %s".formatted(chip.bits(), chip.label(), chip.meaning());
    }

    private void key(KeyEvent event) {
        if (event.getTarget() instanceof TextInputControl || walk == null) {
            return;
        }
        switch (event.getCode()) {
            case LEFT -> goTo(Math.max(0, step - 1));
            case RIGHT -> goTo(step + 1);
            case HOME -> goTo(0);
            case END -> goTo(walk.steps().size() - 1);
            case R -> askAgain();
            default -> {
                return;
            }
        }
        event.consume();
    }
}
