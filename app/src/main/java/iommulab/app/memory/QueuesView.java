package iommulab.app.memory;

import iommulab.app.memory.Ring.Row;
import iommulab.app.shell.Words;
import iommulab.app.shell.Workbench;
import iommulab.engine.session.MachineSnapshot;

import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

import java.util.List;
import java.util.function.Function;
import java.util.function.LongConsumer;

/// The rings between software and hardware: commands in, faults and page requests out.
final class QueuesView extends VBox {
    private final ComboBox<String> chosen = new ComboBox<>();
    private final Label facts = new Label();
    private final TableView<Row> table = new TableView<>();
    private final RingFeed feed;
    private List<Row> shown = List.of();
    private String finding = "";
    private boolean showing;
    private final Runnable onNews;

    /// @param onEntry told the address of an entry that was chosen
    /// @param onNews told when the finding may be another
    QueuesView(Workbench workbench, LongConsumer onEntry, Runnable onNews) {
        this.onNews = onNews;
        feed = new RingFeed(workbench, System::nanoTime, this::fill);
        chosen.setId("memory-queue");
        chosen.setAccessibleText("Queue");
        chosen.setOnAction(_ -> {
            if (!showing) {
                show(workbench.machine());
                onNews.run();
            }
        });
        facts.getStyleClass().addAll("muted", "not-on-wall");
        facts.setMinWidth(0);
        chosen.setMinWidth(USE_PREF_SIZE);
        facts.setWrapText(true);
        var head = new VBox(chosen, facts);
        head.getStyleClass().add("queue-head");
        table.setId("memory-ring");
        table.setAccessibleText("Entries of the queue, newest first");
        table.setPlaceholder(new Label("Nothing has been written to this queue."));
        table.getColumns()
                .addAll(
                        List.of(
                                column("#", 48, true, r -> Integer.toString(r.index())),
                                column("Address", 96, true, r -> Words.hex(r.hpa())),
                                column("State", 56, false, Row::state),
                                column("Entry", 190, false, Row::name),
                                column("Says", 280, false, Row::says)));
        table.setColumnResizePolicy(TableView.CONSTRAINED_RESIZE_POLICY_FLEX_LAST_COLUMN);
        table.getSelectionModel()
                .selectedItemProperty()
                .addListener((_, _, row) -> {
                    if (row != null && !showing) {
                        onEntry.accept(row.hpa());
                    }
                });
        VBox.setVgrow(table, Priority.ALWAYS);
        getChildren().addAll(head, table);
    }

    private static TableColumn<Row, String> column(
            String title, double width, boolean mono, Function<Row, String> text) {
        var column = new TableColumn<Row, String>(title);
        column.setCellValueFactory(row -> new ReadOnlyStringWrapper(text.apply(row.getValue())));
        column.setPrefWidth(width);
        column.setSortable(false);
        column.setReorderable(false);
        if (mono) {
            column.setCellFactory(_ -> new MonoCell());
        }
        return column;
    }

    private static final class MonoCell extends TableCell<Row, String> {
        MonoCell() {
            getStyleClass().add("mono");
        }

        @Override
        protected void updateItem(String item, boolean empty) {
            super.updateItem(item, empty);
            setText(empty ? null : item);
        }
    }

    /// One sentence about the queue that is chosen.
    String finding() {
        return finding;
    }

    void show(MachineSnapshot machine) {
        var rings = Ring.all(machine);
        showing = true;
        if (!chosen.getItems().equals(List.copyOf(rings.keySet()))) {
            var before = chosen.getValue();
            chosen.getItems().setAll(rings.keySet());
            chosen.setValue(
                    rings.containsKey(before)
                            ? before
                            : rings.isEmpty() ? null : chosen.getItems().getFirst());
        }
        showing = false;
        chosen.setDisable(rings.isEmpty());
        var ring = rings.get(chosen.getValue());
        if (ring == null) {
            finding = "No IOMMU of this machine has a queue in memory.";
            facts.setText("");
            fill(List.of());
            return;
        }
        finding = ring.finding();
        facts.setText(ring.facts());
        feed.follow(machine, ring);
    }

    private void fill(Ring ring) {
        if (Ring.name(ring.unit(), ring.queue()).equals(chosen.getValue())) {
            fill(ring.rows());
            onNews.run();
        }
    }

    private void fill(List<Row> rows) {
        if (rows.equals(shown)) {
            return;
        }
        showing = true;
        var selected = table.getSelectionModel().getSelectedItem();
        shown = rows;
        table.getItems().setAll(rows);
        if (selected != null) {
            rows.stream()
                    .filter(r -> r.hpa() == selected.hpa())
                    .findFirst()
                    .ifPresent(r -> table.getSelectionModel().select(r));
        }
        showing = false;
    }
}
