package iommulab.app.domains;

import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.Mapping;

import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.scene.control.Label;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableView;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/// The mappings of one domain, one row each.
final class MappingTable extends TableView<Mapping> {
    private final TableColumn<Mapping, String> target =
            column("HPA", 120, true, m -> Long.toHexString(m.hpa()));
    private List<Mapping> shown = List.of();
    private boolean showing;

    /// @param onSelected told the mapping of a row that was selected by hand
    MappingTable(Consumer<Mapping> onSelected) {
        setId("mapping-table");
        setAccessibleText("Mappings");
        setPlaceholder(new Label("Nothing mapped. Every access of its devices would fault."));
        getColumns()
                .addAll(
                        List.of(
                                column("IOVA", 130, true, m -> Long.toHexString(m.iova())),
                                column(
                                        "last",
                                        130,
                                        true,
                                        m -> Long.toHexString(MapDraft.range(m).last())),
                                target,
                                column("size", 76, false, m -> Sizes.bytes(m.bytes())),
                                column("rights", 56, true, m -> m.permissions().toString()),
                                column("pages", 170, false, Mapping::pages)));
        setColumnResizePolicy(CONSTRAINED_RESIZE_POLICY_FLEX_LAST_COLUMN);
        getSelectionModel()
                .selectedItemProperty()
                .addListener((_, _, mapping) -> {
                    if (mapping != null && !showing) {
                        onSelected.accept(mapping);
                    }
                });
    }

    private static TableColumn<Mapping, String> column(
            String title, double width, boolean mono, Function<Mapping, String> text) {
        var column = new TableColumn<Mapping, String>(title);
        column.setCellValueFactory(row -> new ReadOnlyStringWrapper(text.apply(row.getValue())));
        column.setPrefWidth(width);
        column.setSortable(false);
        column.setReorderable(false);
        if (mono) {
            column.setCellFactory(_ ->
                    new TableCell<>() {
                        {
                            getStyleClass().add("mono");
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

    /// @param selected iova of the selected mapping, -1 if none
    void show(Domain domain, long selected) {
        var mappings = domain.mappings();
        showing = true;
        target.setText(MapDraft.target(domain));
        if (!mappings.equals(shown)) {
            shown = mappings;
            getItems().setAll(mappings);
        }
        int row = -1;
        for (int i = 0; i < mappings.size() && row < 0; i++) {
            row = mappings.get(i).iova() == selected ? i : -1;
        }
        if (row < 0) {
            getSelectionModel().clearSelection();
        } else if (getSelectionModel().getSelectedIndex() != row) {
            getSelectionModel().select(row);
            scrollTo(row);
        }
        showing = false;
    }
}
