package iommulab.app.traffic;

import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.scene.control.Label;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/// The traffic sources, one row each.
final class SourceTable extends TableView<TrafficModel.Row> {
    private static final Set<String> ESSENTIAL = Set.of("device", "pattern", "rate");

    private final Map<String, Double> widths = new HashMap<>();
    private boolean showing;

    SourceTable(Consumer<TrafficModel.Row> onSelected) {
        setId("source-table");
        getStyleClass().add("source-table");
        setPlaceholder(new Label("No traffic yet. Add a source at the right."));
        getColumns()
                .addAll(
                        List.of(
                                column("#", 34, r -> "" + r.source().id(), "mono"),
                                column("device", 84, TrafficModel.Row::device, "mono"),
                                column("pattern", 250, TrafficModel.Row::pattern, ""),
                                column("weight", 84, TrafficModel.Row::share, "align-right"),
                                column("size", 60, TrafficModel.Row::bytes, "align-right"),
                                column("writes", 60, TrafficModel.Row::writes, "align-right"),
                                column("requests", 90, TrafficModel.Row::served, "align-right"),
                                column("rate", 90, TrafficModel.Row::rate, "align-right")));
        setColumnResizePolicy(CONSTRAINED_RESIZE_POLICY_SUBSEQUENT_COLUMNS);
        getSelectionModel()
                .selectedItemProperty()
                .addListener((_, _, row) -> {
                    if (row != null && !showing) {
                        onSelected.accept(row);
                    }
                });
    }

    private TableColumn<TrafficModel.Row, String> column(
            String title,
            double width,
            Function<TrafficModel.Row, String> text,
            String styleClass) {
        var column = new TableColumn<TrafficModel.Row, String>(title);
        column.setCellValueFactory(row -> new ReadOnlyStringWrapper(text.apply(row.getValue())));
        column.setPrefWidth(width);
        widths.put(title, width);
        column.setSortable(false);
        column.setReorderable(false);
        if (!styleClass.isEmpty()) {
            if (styleClass.equals("align-right")) {
                column.getStyleClass().add(styleClass);
            }
            column.setCellFactory(_ ->
                    new TableCell<>() {
                        {
                            getStyleClass().add(styleClass);
                        }

                        @Override
                        protected void updateItem(String item, boolean empty) {
                            super.updateItem(item, empty);
                            setText(empty ? null : item);
                        }
                    });
        }
        return column;
    }

    /// Only the columns that say most, as there is no room for others on a wall.
    ///
    /// @param scale of text, for the widths of columns
    void showLess(boolean less, double scale) {
        for (var column : getColumns()) {
            column.setVisible(!less || ESSENTIAL.contains(column.getText()));
            column.setPrefWidth(scale * widths.getOrDefault(column.getText(), 0.0));
        }
    }

    void show(List<TrafficModel.Row> rows) {
        showing = true;
        int selected = getSelectionModel().getSelectedIndex();
        if (getItems().size() == rows.size()) {
            for (int i = 0; i < rows.size(); i++) {
                if (!rows.get(i).equals(getItems().get(i))) {
                    getItems().set(i, rows.get(i));
                }
            }
        } else {
            getItems().setAll(rows);
        }
        if (selected >= 0 && selected < rows.size()) {
            getSelectionModel().select(selected);
        }
        showing = false;
    }
}
