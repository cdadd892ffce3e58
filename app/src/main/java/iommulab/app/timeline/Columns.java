package iommulab.app.timeline;

import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.scene.control.TableCell;
import javafx.scene.control.TableColumn;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/// Columns of tables.
final class Columns {
    private Columns() {}

    /// @param em preferred width
    /// @param styleClass of the cells
    static <T> TableColumn<T, String> text(
            String head, double em, String styleClass, Function<T, String> words) {
        var column = Columns.<T, String>column(head, em);
        column.setCellValueFactory(row -> new ReadOnlyStringWrapper(words.apply(row.getValue())));
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

    /// Words of which some are links.
    ///
    /// @param follow is told which link was clicked
    static <T> TableColumn<T, List<CallWord>> words(
            String head,
            double em,
            String styleClass,
            Function<T, List<CallWord>> words,
            Consumer<CallWord> follow) {
        var column = Columns.<T, List<CallWord>>column(head, em);
        column.setCellValueFactory(row -> new ReadOnlyObjectWrapper<>(words.apply(row.getValue())));
        column.setCellFactory(_ -> new WordsCell<>(styleClass, follow));
        return column;
    }

    private static <T, C> TableColumn<T, C> column(String head, double em) {
        var column = new TableColumn<T, C>(head);
        column.setPrefWidth(em * 12);
        column.setReorderable(false);
        column.setSortable(false);
        return column;
    }
}
