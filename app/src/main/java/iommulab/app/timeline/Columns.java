package iommulab.app.timeline;

import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;

import org.jspecify.annotations.Nullable;

import java.util.function.Function;

/// Columns of text.
final class Columns {
    private Columns() {}

    /// @param em preferred width
    /// @param styleClass of the cells
    static <T> TableColumn<T, String> text(
            String head, double em, String styleClass, Function<T, String> words) {
        var column = new TableColumn<T, String>(head);
        column.setCellValueFactory(row -> new ReadOnlyStringWrapper(words.apply(row.getValue())));
        column.setPrefWidth(em * 12);
        column.setReorderable(false);
        column.setSortable(false);
        column.setCellFactory(_ -> {
            var cell =
                    new TableCell<T, String>() {
                        @Override
                        protected void updateItem(@Nullable String item, boolean empty) {
                            super.updateItem(item, empty);
                            setText(empty || item == null ? "" : item);
                        }
                    };
            cell.getStyleClass().add(styleClass);
            return cell;
        });
        return column;
    }
}
