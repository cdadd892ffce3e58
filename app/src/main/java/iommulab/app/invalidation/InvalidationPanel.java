package iommulab.app.invalidation;

import iommulab.app.shell.Panel;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.os.call.Answer;
import iommulab.engine.session.Call;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Outcome;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;

/// The frame editor in the drawer: an invalidation request of a guest, sent as it is filled in.
public final class InvalidationPanel implements Panel {
    private final Workbench workbench;
    private final FrameFields frame = new FrameFields(this::edited);
    private final EntryRows entries = new EntryRows(this::forget);
    private final DoneBar bar = new DoneBar();
    private final QueueView queue;
    private final Button send = new Button("Send");
    private final Button probe = new Button("Probe");
    private final Button goOn = new Button("Continue from here");
    private final Label outcome = new Label();
    private final Label rule = new Label();
    private final Label stale = new Label();
    private final Hyperlink toCaches = new Hyperlink("Show in Caches");
    private final BorderPane editor = new BorderPane();
    private final Label nothing =
            new Label(
                    "No IOMMUFD has an object yet that an invalidation could name. Make a nested"
                            + " table first: help iommufd.hwpt_alloc in the Console tells how.");
    private final StackPane root = new StackPane(editor, nothing);
    private @Nullable InvalidationProgress progress;
    private StaleLines staleLines = new StaleLines(List.of(), "");

    /// @param workbench takes the requests
    public InvalidationPanel(Workbench workbench) {
        this.workbench = workbench;
        queue = new QueueView(workbench);
        send.setId("invalidation-send");
        send.getStyleClass().add("primary");
        send.setOnAction(_ -> send(false));
        probe.setId("invalidation-probe");
        probe.setOnAction(_ -> send(true));
        goOn.setId("invalidation-continue");
        goOn.setOnAction(_ -> goOn());
        outcome.setId("invalidation-outcome");
        outcome.getStyleClass().add("row-name");
        rule.setId("invalidation-rule");
        rule.getStyleClass().add("muted");
        stale.setId("invalidation-stale");
        stale.getStyleClass().add("secondary");
        for (var label : List.of(rule, stale, nothing)) {
            label.setWrapText(true);
            label.setMinHeight(Label.USE_PREF_SIZE);
        }
        toCaches.getStyleClass().add("link");
        toCaches.setOnAction(_ -> {
            workbench.select(staleLines.lines().getFirst());
            workbench.open(Perspective.CACHES);
        });
        editor.setLeft(left());
        editor.setCenter(middle());
        editor.setRight(right());
        nothing.getStyleClass().addAll("muted", "invalidation-nothing");
        root.getStyleClass().addAll("canvas-surface", "invalidation");
        workbench.askedTable().addListener((_, _, asked) -> asked.ifPresent(this::begin));
        forget();
    }

    private Node left() {
        var buttons = new HBox(send, probe, queue.post());
        buttons.getStyleClass().add("invalidation-buttons");
        var left = new VBox(frame, buttons);
        left.getStyleClass().add("invalidation-left");
        return left;
    }

    private Node middle() {
        var add = new Button("Add an entry");
        add.setId("invalidation-add");
        add.setOnAction(_ -> entries.add());
        var scroll = new ScrollPane(new VBox(entries, new HBox(add)));
        scroll.setFitToWidth(true);
        scroll.getStyleClass().add("invalidation-middle");
        return scroll;
    }

    private Node right() {
        var content = new VBox(outcome, bar, queue, rule, goOn, stale, toCaches);
        content.getStyleClass().add("invalidation-right");
        var scroll = new ScrollPane(content);
        scroll.setFitToWidth(true);
        scroll.getStyleClass().add("invalidation-side");
        VBox.setVgrow(content, Priority.ALWAYS);
        return scroll;
    }

    private void begin(String key) {
        frame.offer(InvalidationTarget.of(workbench.machine().software()));
        frame.choose(key);
    }

    private void edited() {
        entries.use(frame.kind());
        frame.target().ifPresent(entries::about);
        probe.setDisable(frame.kind() == EntryKind.AMD);
        forget();
    }

    /// What was answered is about another request now, unless entries are left that can still be sent.
    private void forget() {
        if (progress != null && progress.failed() && progress.done() > 0) {
            return;
        }
        clear();
    }

    private void clear() {
        progress = null;
        entries.unmark();
        bar.clear();
        outcome.setText("Not sent yet");
        rule.setText(
                frame.kind() == EntryKind.AMD
                        ? "Linux has no array for AMD's guests: hardware reads each command in the"
                                + " guest's own buffer, one by one. So there is nothing to probe."
                        : "Probe sends an empty array: it asks only whether the object knows the"
                                + " type.");
        goOn.setVisible(false);
        goOn.setManaged(false);
        outcome.getStyleClass().remove("says-fault");
    }

    private void send(boolean empty) {
        frame.target()
                .ifPresent(target -> {
                    clear();
                    var whole = frame.frame(target, entries.entries());
                    submit(empty ? whole.probe() : whole, target, 0);
                });
    }

    private void goOn() {
        var before = progress;
        if (before == null) {
            return;
        }
        frame.target()
                .ifPresent(target -> {
                    int done = Math.min(before.done(), entries.entries().size());
                    submit(frame.frame(target, entries.entries()).from(done), target, done);
                });
    }

    private void submit(InvalidationFrame request, InvalidationTarget target, int before) {
        int total = before + request.entries().size();
        if (request.isOneByOne()) {
            submitNext(request.calls(), before, total);
            return;
        }
        boolean wellFormed = request.isWellFormedFor(target);
        workbench
                .submit(new Command.KernelCall(request.call()))
                .whenComplete((done, failure) -> {
                    if (done instanceof Outcome.Answered(var answer)) {
                        show(InvalidationProgress.of(answer, before, total, wellFormed));
                    } else if (failure instanceof CommandRefused refused) {
                        show(InvalidationProgress.of(answer(refused), before, total, wellFormed));
                    }
                });
    }

    /// Commands that go one by one, up to the first that is refused.
    private void submitNext(List<Call> left, int done, int total) {
        if (left.isEmpty()) {
            show(new InvalidationProgress(total, done, "", "", false));
            return;
        }
        workbench
                .submit(new Command.KernelCall(left.getFirst()))
                .whenComplete((answered, failure) -> {
                    if (answered != null) {
                        submitNext(left.subList(1, left.size()), done + 1, total);
                    } else if (failure instanceof CommandRefused refused) {
                        var answer = answer(refused);
                        show(
                                new InvalidationProgress(
                                        total, done, answer.errno(), answer.rule(), true));
                    }
                });
    }

    /// A call that never reached the kernel has an answer too: nothing was done.
    private static Answer answer(CommandRefused refused) {
        return refused.answer()
                .orElseGet(() ->
                        new Answer(refused.errno(), Answer.OK.returns(), refused.reason(), false));
    }

    private void show(InvalidationProgress now) {
        progress = now;
        bar.show(now);
        if (now.total() > 0) {
            entries.mark(now);
        }
        outcome.setText(now.words());
        outcome.getStyleClass().remove("says-fault");
        if (now.failed()) {
            outcome.getStyleClass().add("says-fault");
        }
        rule.setText(now.rule());
        goOn.setVisible(now.failed() && now.done() < now.total());
        goOn.setManaged(goOn.isVisible());
    }

    @Override
    public Node view() {
        return root;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        var targets = InvalidationTarget.of(machine.software());
        editor.setVisible(!targets.isEmpty());
        nothing.setVisible(targets.isEmpty());
        frame.offer(targets);
        frame.target().ifPresent(entries::about);
        Optional<InvalidationTarget> target = frame.target();
        int domain = target.map(InvalidationTarget::domain).orElse(0);
        queue.show(QueueWait.of(machine, domain));
        staleLines = StaleLines.of(machine, domain);
        stale.setText(staleLines.words());
        toCaches.setVisible(!staleLines.lines().isEmpty());
        toCaches.setManaged(toCaches.isVisible());
    }
}
