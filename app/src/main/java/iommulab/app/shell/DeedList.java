package iommulab.app.shell;

import iommulab.engine.os.call.Answer;
import iommulab.engine.session.Call;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Outcome;
import iommulab.engine.session.Trial;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.MenuItem;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/// Calls that can be made of the kernel, a button each. What the kernel would refuse is disabled, with the
/// errno and the rule below it: the kernel itself is asked, without doing anything.
public final class DeedList extends VBox {
    private final Workbench workbench;
    private final BiConsumer<Call, Answer> done;
    private final Runnable judged;
    private final List<Row> rows = new ArrayList<>();
    private final Label answer = new Label();
    private final Pane buttons;
    private List<KernelDeed> shown = List.of();
    private @Nullable JournalState asked;
    private boolean underWay;

    /// @param done told what the kernel answered to a call that was made
    /// @param judged told when it is known what would be refused
    public DeedList(Workbench workbench, BiConsumer<Call, Answer> done, Runnable judged) {
        this(workbench, done, judged, new VBox());
    }

    /// Buttons beside each other, as many as fit into a line.
    public static DeedList inRows(
            Workbench workbench, BiConsumer<Call, Answer> done, Runnable judged) {
        return new DeedList(workbench, done, judged, new FlowPane());
    }

    private DeedList(
            Workbench workbench, BiConsumer<Call, Answer> done, Runnable judged, Pane buttons) {
        this.buttons = buttons;
        this.workbench = workbench;
        this.done = done;
        this.judged = judged;
        answer.setId("deed-answer");
        answer.setWrapText(true);
        answer.setMinHeight(Region.USE_PREF_SIZE);
        answer.setMaxWidth(Double.MAX_VALUE);
        answer.getStyleClass().add("info-box");
        say("");
        buttons.getStyleClass().add("deed-list");
        getStyleClass().add("deed-list");
        getChildren().addAll(buttons, answer);
    }

    private final class Row extends VBox {
        private final KernelDeed deed;
        private final Button button;
        private final Label why = new Label();
        private Optional<Trial> trial = Optional.empty();

        Row(KernelDeed deed) {
            this.deed = deed;
            button = new Button(deed.title());
            button.setId(deed.id());
            button.setMinWidth(Region.USE_PREF_SIZE);
            button.setOnAction(_ -> act(deed, button));
            why.setWrapText(true);
            why.setMinHeight(Region.USE_PREF_SIZE);
            why.getStyleClass().addAll("secondary", "says-fault");
            var head = new HBox(button);
            head.getStyleClass().add("deed-head");
            if (ProposalLabel.concerns(deed.call().name())) {
                head.getChildren().add(ProposalLabel.ofCall());
            }
            getChildren().addAll(head, why);
            getStyleClass().add("deed");
            show(Optional.empty());
        }

        private void show(Optional<Trial> known) {
            trial = known;
            var refused = known.filter(deed::isHopeless);
            button.setDisable(refused.isPresent());
            why.setText(refused.map(t -> t.errno() + ": " + t.rule()).orElse(""));
            why.setManaged(refused.isPresent());
            why.setVisible(refused.isPresent());
            button.setAccessibleText(deed.title() + refused.map(t -> ", " + t.errno()).orElse(""));
        }
    }

    /// Shows what can be done in a state of the machine.
    public void show(List<KernelDeed> deeds, MachineSnapshot machine) {
        var now = JournalState.of(machine);
        if (!deeds.equals(shown)) {
            shown = List.copyOf(deeds);
            asked = null;
            rows.clear();
            deeds.forEach(deed -> rows.add(new Row(deed)));
            buttons.getChildren().setAll(rows);
        }
        if (!underWay && !now.equals(asked)) {
            ask(now);
        }
    }

    private void ask(JournalState now) {
        asked = now;
        var about = List.copyOf(rows);
        if (about.isEmpty()) {
            judged.run();
            return;
        }
        underWay = true;
        workbench
                .tried(about.stream().map(row -> KernelDeed.command(row.deed.likely())).toList())
                .whenComplete((trials, _) -> {
                    underWay = false;
                    if (trials != null) {
                        for (int i = 0; i < trials.size(); i++) {
                            about.get(i).show(Optional.of(trials.get(i)));
                        }
                        judged.run();
                    }
                });
    }

    /// What the kernel would say to a call of this name, as far as it is known.
    public Optional<Trial> verdict(String action) {
        return rows.stream()
                .filter(row -> row.deed.call().name().equals(action))
                .findFirst()
                .flatMap(row -> row.trial);
    }

    /// The same as entries of a menu. An entry that is disabled says the errno.
    ///
    /// @param where what forms stand beside
    public List<MenuItem> menuItems(Node where) {
        return rows.stream().map(row -> menuItem(row, where)).toList();
    }

    private MenuItem menuItem(Row row, Node where) {
        var refused = row.trial.filter(row.deed::isHopeless);
        var item =
                new MenuItem(
                        row.deed.title()
                                + refused.map(trial -> "  (" + trial.errno() + ")").orElse(""));
        item.setDisable(refused.isPresent());
        item.setOnAction(_ -> act(row.deed, where));
        return item;
    }

    /// Forgets the last answer.
    public void forgetAnswer() {
        say("");
    }

    private void say(String words) {
        answer.setText(words);
        answer.setManaged(!words.isEmpty());
        answer.setVisible(!words.isEmpty());
    }

    private void act(KernelDeed deed, Node where) {
        if (deed.isComplete()) {
            send(deed.call(), where);
        } else {
            new DeedForm(workbench, deed, this::send).open(where);
        }
    }

    /// Makes a call; what the kernel refuses is said beside the node.
    public void send(Call call, Node where) {
        workbench
                .submit(KernelDeed.command(call), where)
                .thenAccept(outcome -> {
                    if (outcome instanceof Outcome.Answered(var given)) {
                        done.accept(call, given);
                        say(words(call, given));
                    }
                });
    }

    private static String words(Call call, Answer given) {
        return call.name() + ": " + given + (given.rule().isEmpty() ? "" : ". " + given.rule());
    }
}
