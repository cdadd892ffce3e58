package iommulab.app.timeline;

import iommulab.app.shell.Panel;
import iommulab.app.shell.ProposalLabel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.session.JournalView;
import iommulab.engine.session.MachineSnapshot;

import javafx.css.PseudoClass;
import javafx.scene.Node;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.MenuItem;
import javafx.scene.control.SelectionMode;
import javafx.scene.control.TableRow;
import javafx.scene.control.TableView;
import javafx.scene.control.Tooltip;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.input.ContextMenuEvent;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCombination;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// All calls with their results and the rules that decided, those that were refused among them. Names of
/// functions, domains and IOMMUs are links. Enter or a double click goes to the position after a call;
/// what is chosen can be copied as text that the console runs again.
public final class TranscriptPanel implements Panel {
    private static final PseudoClass UNDONE = PseudoClass.getPseudoClass("undone");

    private static final PseudoClass REFUSED = PseudoClass.getPseudoClass("refused");
    private static final double WIDEST_TIP = 600;
    private static final KeyCombination COPY = KeyCombination.keyCombination("Shortcut+C");

    private final TableView<TranscriptLine> table = new TableView<>();
    private final ContextMenu menu = new ContextMenu();
    private JournalView shown = JournalView.EMPTY;
    private int position = -1;

    /// A transcript of no machine.
    public TranscriptPanel(Workbench bench) {
        this(bench, true);
    }

    /// A narrow one.
    static TranscriptPanel withoutRules(Workbench bench) {
        return new TranscriptPanel(bench, false);
    }

    private TranscriptPanel(Workbench bench, boolean rules) {
        table.setId("transcript");
        table.setAccessibleText("Transcript: calls and results");
        table.setPlaceholder(new Label("No call yet."));
        table.setColumnResizePolicy(TableView.CONSTRAINED_RESIZE_POLICY_FLEX_LAST_COLUMN);
        var number =
                Columns.<TranscriptLine>text(
                        "#", 4, "mono-cell", e -> e.accepted() ? "" + e.number() : "–");
        number.setMaxWidth(72);
        var result =
                Columns.<TranscriptLine>words(
                        "result",
                        rules ? 14 : 8,
                        "transcript-result",
                        e -> CallWord.ofResult(e.result()),
                        word -> select(bench, word));
        var call =
                Columns.<TranscriptLine>words(
                        "Transcript",
                        rules ? 40 : 30,
                        "mono-cell",
                        e -> CallWord.ofCall(e.call()),
                        word -> select(bench, word));
        table.getColumns().setAll(List.of(number, call, result));
        if (rules) {
            table.getColumns().add(Columns.text("rule", 36, "plain-cell", TranscriptLine::rule));
        }
        table.getSelectionModel().setSelectionMode(SelectionMode.MULTIPLE);
        table.setRowFactory(_ -> new Row());
        // A filter, because the table shows its menu before it asks other handlers.
        table.addEventFilter(ContextMenuEvent.CONTEXT_MENU_REQUESTED, _ -> offerMenu(bench));
        table.setContextMenu(menu);
        table.setOnMouseClicked(click -> {
            if (click.getClickCount() == 2) {
                goToChosen(bench);
            }
        });
        table.setOnKeyPressed(key -> {
            if (key.getCode() == KeyCode.ENTER) {
                goToChosen(bench);
            } else if (COPY.match(key)) {
                key.consume();
                copy();
            }
        });
    }

    private static void select(Workbench bench, CallWord word) {
        word.leadsTo().ifPresent(bench::select);
    }

    /// What can be done with the chosen call: the same as by its links.
    private void offerMenu(Workbench bench) {
        var chosen = table.getSelectionModel().getSelectedItem();
        menu.getItems().clear();
        if (chosen == null) {
            return;
        }
        var goTo = new MenuItem("Go to the position after it");
        goTo.setOnAction(_ -> goToChosen(bench));
        var copy = new MenuItem("Copy as console text");
        copy.setOnAction(_ -> copy());
        var copyAll = new MenuItem("Copy all as console text");
        copyAll.setOnAction(_ -> copy(table.getItems()));
        menu.getItems().addAll(goTo, copy, copyAll);
        var words = new ArrayList<>(CallWord.ofCall(chosen.call()));
        words.addAll(CallWord.ofResult(chosen.result()));
        for (var word : words) {
            if (word.leadsTo().isPresent()) {
                var item = new MenuItem("Select " + word.name());
                item.setOnAction(_ -> select(bench, word));
                menu.getItems().add(item);
            }
        }
    }

    private void copy() {
        copy(table.getSelectionModel().getSelectedItems());
    }

    private static void copy(List<TranscriptLine> lines) {
        var content = new ClipboardContent();
        content.putString(ReplayText.of(List.copyOf(lines)));
        Clipboard.getSystemClipboard().setContent(content);
    }

    private void goToChosen(Workbench bench) {
        var chosen = table.getSelectionModel().getSelectedItem();
        if (chosen != null) {
            bench.goTo(chosen.number(), table);
        }
    }

    @Override
    public Node view() {
        return table;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        var journal = machine.journal();
        if (journal.equals(shown)) {
            return;
        }
        boolean more = journal.refusals().size() != shown.refusals().size();
        if (!journal.entries().equals(shown.entries()) || more) {
            takeOver(TranscriptLine.of(journal));
        }
        shown = journal;
        if (journal.position() != position || more) {
            position = journal.position();
            table.refresh();
            chooseNewest();
        }
    }

    /// The last line that is not undone.
    private void chooseNewest() {
        int line = -1;
        for (int i = 0; i < table.getItems().size(); i++) {
            if (table.getItems().get(i).number() <= position) {
                line = i;
            }
        }
        if (line < 0) {
            table.getSelectionModel().clearSelection();
        } else {
            table.getSelectionModel().clearAndSelect(line);
            table.scrollTo(Math.max(0, line - 4));
        }
    }

    /// Changes as few rows as possible: while traffic runs only the last entry changes.
    private void takeOver(List<TranscriptLine> entries) {
        var items = table.getItems();
        int same = 0;
        int both = Math.min(items.size(), entries.size());
        while (same < both && items.get(same).equals(entries.get(same))) {
            same++;
        }
        if (same == items.size() - 1 && items.size() == entries.size()) {
            items.set(same, entries.get(same));
        } else {
            items.remove(same, items.size());
            items.addAll(entries.subList(same, entries.size()));
        }
    }

    /// A row; a call that has been undone is pale.
    private final class Row extends TableRow<TranscriptLine> {
        private final Tooltip whole = new Tooltip();

        Row() {
            whole.setWrapText(true);
            whole.setMaxWidth(WIDEST_TIP);
        }

        @Override
        protected void updateItem(@Nullable TranscriptLine line, boolean empty) {
            super.updateItem(line, empty);
            if (empty || line == null) {
                tell(false, false, "");
            } else {
                tell(line.number() > position, line.failed(), words(line));
            }
        }

        private static String words(TranscriptLine line) {
            return "%s%s: %s%s%s"
                    .formatted(
                            line.accepted() ? line.number() + " " : "",
                            line.call(),
                            line.result(),
                            line.rule().isEmpty() ? "" : ". " + line.rule(),
                            ProposalLabel.concerns(line.call())
                                    ? " (proposal: Linux has no such call)"
                                    : "");
        }

        private void tell(boolean undone, boolean refused, String words) {
            pseudoClassStateChanged(UNDONE, undone);
            pseudoClassStateChanged(REFUSED, refused);
            setTooltip(words.isEmpty() ? null : whole);
            whole.setText(words);
            setAccessibleText(words);
        }
    }
}
