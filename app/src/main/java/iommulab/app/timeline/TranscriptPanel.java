package iommulab.app.timeline;

import iommulab.app.shell.Panel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.JournalView.Entry;

import javafx.css.PseudoClass;
import javafx.scene.Node;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.MenuItem;
import javafx.scene.control.TableRow;
import javafx.scene.control.TableView;
import javafx.scene.input.ContextMenuEvent;
import javafx.scene.input.KeyCode;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// The journal as calls with their results, in which the names of functions, domains and IOMMUs are
/// links. Enter or a double click goes to the position after a call.
public final class TranscriptPanel implements Panel {
    private static final PseudoClass UNDONE = PseudoClass.getPseudoClass("undone");

    private final TableView<Entry> table = new TableView<>();
    private final ContextMenu menu = new ContextMenu();
    private List<Entry> shown = List.of();
    private int position = -1;

    /// A transcript of no machine.
    public TranscriptPanel(Workbench bench) {
        table.setId("transcript");
        table.setAccessibleText("Transcript: calls and results");
        table.setPlaceholder(new Label("No call yet."));
        table.setColumnResizePolicy(TableView.CONSTRAINED_RESIZE_POLICY_FLEX_LAST_COLUMN);
        var number = Columns.<Entry>text("#", 4, "mono-cell", e -> Integer.toString(e.number()));
        number.setMaxWidth(72);
        var result =
                Columns.<Entry>words(
                        "result",
                        8,
                        "mono-cell",
                        e -> CallWord.ofResult(e.result()),
                        word -> select(bench, word));
        var call =
                Columns.<Entry>words(
                        "Transcript",
                        30,
                        "mono-cell",
                        e -> CallWord.ofCall(e.call()),
                        word -> select(bench, word));
        table.getColumns().setAll(List.of(number, call, result));
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
        menu.getItems().add(goTo);
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
        if (!journal.entries().equals(shown)) {
            takeOver(journal.entries());
        }
        if (journal.position() != position) {
            position = journal.position();
            table.refresh();
            if (position > 0) {
                table.getSelectionModel().select(position - 1);
                table.scrollTo(Math.max(0, position - 5));
            } else {
                table.getSelectionModel().clearSelection();
            }
        }
    }

    /// Changes as few rows as possible: while traffic runs only the last entry changes.
    private void takeOver(List<Entry> entries) {
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
        shown = entries;
    }

    /// A row; a call that has been undone is pale.
    private final class Row extends TableRow<Entry> {
        @Override
        protected void updateItem(@Nullable Entry entry, boolean empty) {
            super.updateItem(entry, empty);
            pseudoClassStateChanged(UNDONE, !empty && entry != null && entry.number() > position);
            setAccessibleText(
                    empty || entry == null
                            ? ""
                            : "%d %s: %s".formatted(entry.number(), entry.call(), entry.result()));
        }
    }
}
