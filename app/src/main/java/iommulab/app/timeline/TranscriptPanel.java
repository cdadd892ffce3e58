package iommulab.app.timeline;

import iommulab.app.shell.Panel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.JournalView.Entry;

import javafx.css.PseudoClass;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.TableRow;
import javafx.scene.control.TableView;
import javafx.scene.input.KeyCode;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// The journal as calls with their results. Enter or a double click goes to the position after a call.
public final class TranscriptPanel implements Panel {
    private static final PseudoClass UNDONE = PseudoClass.getPseudoClass("undone");

    private final TableView<Entry> table = new TableView<>();
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
        var result = Columns.<Entry>text("result", 8, "mono-cell", Entry::result);
        var call = Columns.<Entry>text("Transcript", 30, "mono-cell", Entry::call);
        table.getColumns().setAll(List.of(number, call, result));
        table.setRowFactory(_ -> new Row());
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
