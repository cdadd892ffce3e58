package iommulab.app.shell;

import iommulab.app.theme.Icons;

import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Pane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;

import org.controlsfx.control.textfield.CustomTextField;
import org.jspecify.annotations.Nullable;
import org.kordamp.ikonli.feather.Feather;

import java.util.List;

/// The search field and the list of hits below it. The list is no dialog: the window goes on living
/// behind it, the keyboard stays in the field.
final class Finder {
    private static final int ROWS = 12;

    private final Bench bench;
    private final List<WindowAction> actions;
    private final CustomTextField field = new CustomTextField();
    private final ListView<FinderModel.Hit> hits = new ListView<>();
    private final Pane overlay = new Pane(hits);

    Finder(Bench bench, List<WindowAction> actions) {
        this.bench = bench;
        this.actions = List.copyOf(actions);
        field.setId("find");
        field.setPromptText("Search or command");
        field.setAccessibleText("Search or command");
        field.getStyleClass().add("find-field");
        field.setLeft(Icons.alone(Feather.SEARCH));
        var key = new Label("Ctrl+K");
        key.getStyleClass().add("key-cap");
        field.setRight(key);
        HBox.setHgrow(field, Priority.ALWAYS);
        hits.setId("hits");
        hits.setAccessibleText("Hits");
        hits.getStyleClass().add("finder-hits");
        hits.setFocusTraversable(false);
        hits.setCellFactory(_ -> new HitCell());
        hits.setOnMouseClicked(_ -> go());
        overlay.setPickOnBounds(false);
        overlay.setVisible(false);
        field.textProperty().addListener((_, _, _) -> search());
        field.focusedProperty()
                .addListener((_, _, focused) -> {
                    if (focused) {
                        search();
                    } else {
                        overlay.setVisible(false);
                    }
                });
        field.addEventFilter(KeyEvent.KEY_PRESSED, this::steer);
    }

    Node field() {
        return field;
    }

    Node overlay() {
        return overlay;
    }

    void begin() {
        field.requestFocus();
        field.selectAll();
        search();
    }

    private void search() {
        var found = FinderModel.of(bench.machine(), actions, field.getText()).hits();
        hits.getItems().setAll(found);
        hits.getSelectionModel().selectFirst();
        hits.scrollTo(0);
        place(found.size());
        overlay.setVisible(field.isFocused());
    }

    /// Just under the field, as wide as it is.
    private void place(int found) {
        var under = field.localToScene(0, field.getHeight() + 4);
        double em = field.getFont().getSize();
        hits.relocate(under.getX(), under.getY());
        hits.setPrefWidth(Math.max(field.getWidth(), 36 * em));
        hits.setFixedCellSize(Math.rint(em * 2.4));
        hits.setPrefHeight(Math.clamp(found, 1, ROWS) * hits.getFixedCellSize() + 10);
        hits.setPlaceholder(new Label("Nothing with this name, address or number"));
    }

    private void steer(KeyEvent event) {
        switch (event.getCode()) {
            case DOWN -> move(1);
            case UP -> move(-1);
            case PAGE_DOWN -> move(ROWS);
            case PAGE_UP -> move(-ROWS);
            case ENTER -> go();
            case ESCAPE -> leave();
            default -> {
                return;
            }
        }
        event.consume();
    }

    private void move(int by) {
        int chosen = hits.getSelectionModel().getSelectedIndex() + by;
        int last = hits.getItems().size() - 1;
        if (last >= 0) {
            hits.getSelectionModel().select(Math.clamp(chosen, 0, last));
            hits.scrollTo(Math.max(0, hits.getSelectionModel().getSelectedIndex() - ROWS + 2));
        }
    }

    private void go() {
        var chosen = hits.getSelectionModel().getSelectedItem();
        if (chosen == null) {
            return;
        }
        leave();
        switch (chosen.target()) {
            case FinderModel.Target.Act(var action) -> action.run().run();
            case FinderModel.Target.Select(var subject, var perspective) -> {
                bench.select(subject);
                bench.open(perspective);
            }
        }
    }

    private void leave() {
        overlay.setVisible(false);
        field.clear();
        overlay.getParent().requestFocus();
        overlay.setVisible(false);
    }

    /// One hit: name, what tells it from others, and its sort at the right.
    private static final class HitCell extends ListCell<FinderModel.Hit> {
        private final Label title = styled("row-name");
        private final Label detail = styled("secondary");
        private final Label kind = styled("faint");
        private final HBox line = new HBox(10, title, detail, spring(), kind);

        HitCell() {
            line.setAlignment(Pos.CENTER_LEFT);
            // As wide as the list: what does not fit is cut off, not scrolled to.
            setPrefWidth(0);
            title.setMinWidth(Region.USE_PREF_SIZE);
            kind.setMinWidth(Region.USE_PREF_SIZE);
        }

        @Override
        protected void updateItem(FinderModel.@Nullable Hit hit, boolean empty) {
            super.updateItem(hit, empty);
            if (empty || hit == null) {
                setGraphic(null);
                setAccessibleText("");
                return;
            }
            title.setText(hit.title());
            detail.setText(hit.detail());
            kind.setText(hit.kind());
            setAccessibleText("%s %s, %s".formatted(hit.kind(), hit.title(), hit.detail()));
            setGraphic(line);
        }

        private static Label styled(String styleClass) {
            var label = new Label();
            label.getStyleClass().add(styleClass);
            return label;
        }

        private static Region spring() {
            var spring = new Region();
            HBox.setHgrow(spring, Priority.ALWAYS);
            return spring;
        }
    }
}
