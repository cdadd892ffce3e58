package iommulab.app.faults;

import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import java.util.List;
import java.util.function.Consumer;

/// The kinds of faults, one entry each, newest first.
final class Inbox extends ListView<FaultKind> {
    private boolean showing;

    Inbox(Consumer<FaultKind> onSelected) {
        setId("fault-inbox");
        getStyleClass().add("fault-inbox");
        setCellFactory(_ -> new KindCell());
        getSelectionModel()
                .selectedItemProperty()
                .addListener((_, _, kind) -> {
                    if (kind != null && !showing) {
                        onSelected.accept(kind);
                    }
                });
    }

    void show(List<FaultKind> kinds, int selected) {
        showing = true;
        if (!getItems().equals(kinds)) {
            getItems().setAll(kinds);
        }
        if (getSelectionModel().getSelectedIndex() != selected) {
            getSelectionModel().select(selected);
        }
        showing = false;
    }

    private static final class KindCell extends ListCell<FaultKind> {
        private final Label code = styled("badge", "fault");
        private final Label device = styled("mono", "strong");
        private final Label count = styled("strong");
        private final Label sentence = styled("body-text");
        private final Label what = styled("mono-secondary");
        private final Label tick = styled("mono-secondary");
        private final VBox box = new VBox();

        KindCell() {
            box.getChildren().addAll(row(code, device, count), sentence, row(what, null, tick));
            box.getStyleClass().add("inbox-item");
            sentence.setMinWidth(0);
            setPrefWidth(0);
        }

        private static Label styled(String... classes) {
            var label = new Label();
            label.getStyleClass().addAll(classes);
            return label;
        }

        private static HBox row(
                Label left, @org.jspecify.annotations.Nullable Label middle, Label right) {
            var space = new Region();
            HBox.setHgrow(space, Priority.ALWAYS);
            var row = new HBox(left);
            if (middle != null) {
                row.getChildren().add(middle);
            }
            row.getChildren().addAll(space, right);
            row.getStyleClass().add("form-row");
            right.setMinWidth(USE_PREF_SIZE);
            return row;
        }

        @Override
        protected void updateItem(FaultKind kind, boolean empty) {
            super.updateItem(kind, empty);
            if (empty || kind == null) {
                setGraphic(null);
                return;
            }
            code.setText(kind.code());
            device.setText(kind.device());
            count.setText("×" + kind.count());
            sentence.setText(kind.newest().reason().kernelText());
            what.setText(kind.what());
            tick.setText("%,d".formatted(kind.newest().tick()).replace(',', '\u2009'));
            setGraphic(box);
        }
    }
}
