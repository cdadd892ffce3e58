package iommulab.app.memory;

import iommulab.app.shell.Words;
import iommulab.engine.session.FrameView.Place;

import javafx.scene.control.Label;
import javafx.scene.control.Tooltip;
import javafx.scene.control.TreeCell;
import javafx.scene.control.TreeItem;
import javafx.scene.control.TreeView;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/// The structures of all units as a tree.
final class PlaceTree extends TreeView<PlaceTree.Row> {
    private static final int OPEN_LEVELS = 3;

    /// One line of the tree: a unit, or a structure of one.
    sealed interface Row {
        record OfUnit(String name) implements Row {}

        record OfPlace(Place place) implements Row {}
    }

    private List<Place> shown = List.of();
    private long at = -1;
    private boolean showing;

    /// @param onPlace told the address of a structure that was chosen
    PlaceTree(LongConsumer onPlace) {
        setId("memory-places");
        setAccessibleText("Structures in memory");
        setShowRoot(false);
        setRoot(new TreeItem<>());
        setCellFactory(_ -> new Cell());
        getStyleClass().addAll("place-tree", "not-on-wall");
        getSelectionModel()
                .selectedItemProperty()
                .addListener((_, _, item) -> {
                    if (!showing
                            && item != null
                            && item.getValue() instanceof Row.OfPlace(Place place)) {
                        onPlace.accept(place.hpa());
                    }
                });
    }

    /// @param hpa the address that is looked at
    void show(List<Place> places, long hpa) {
        boolean another = !places.equals(shown);
        if (!another && hpa == at) {
            return;
        }
        at = hpa;
        showing = true;
        if (another) {
            shown = places;
            getRoot().getChildren().clear();
            for (var unit : PlaceTreeModel.of(places).units()) {
                var item = new TreeItem<Row>(new Row.OfUnit(unit.name()));
                item.setExpanded(true);
                unit.roots().forEach(node -> item.getChildren().add(item(node, 1)));
                getRoot().getChildren().add(item);
            }
        }
        mark(hpa);
        showing = false;
    }

    private static TreeItem<Row> item(PlaceTreeModel.Node node, int level) {
        var item = new TreeItem<Row>(new Row.OfPlace(node.place()));
        item.setExpanded(level < OPEN_LEVELS);
        node.below().forEach(below -> item.getChildren().add(item(below, level + 1)));
        return item;
    }

    private void mark(long hpa) {
        var item = find(getRoot(), hpa);
        if (item.isEmpty()) {
            getSelectionModel().clearSelection();
            return;
        }
        if (getSelectionModel().getSelectedItem() == item.get()) {
            return;
        }
        for (var above = item.get().getParent(); above != null; above = above.getParent()) {
            above.setExpanded(true);
        }
        getSelectionModel().select(item.get());
        scrollTo(Math.max(0, getRow(item.get()) - 3));
    }

    private Optional<TreeItem<Row>> find(TreeItem<Row> below, long hpa) {
        for (var item : below.getChildren()) {
            if (item.getValue() instanceof Row.OfPlace(Place place)
                    && hpa >= place.hpa()
                    && hpa < place.hpa() + place.bytes()) {
                return Optional.of(item);
            }
            var found = find(item, hpa);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private static final class Cell extends TreeCell<Row> {
        Cell() {
            // As wide as the tree: what is longer is cut, and told in full when pointed at.
            setPrefWidth(0);
        }

        @Override
        protected void updateItem(@Nullable Row row, boolean empty) {
            super.updateItem(row, empty);
            setText(null);
            setGraphic(null);
            setTooltip(null);
            if (empty || row == null) {
                return;
            }
            switch (row) {
                case Row.OfUnit(String name) -> {
                    setGraphic(styled(name, "row-name"));
                    setAccessibleText(name);
                }
                case Row.OfPlace(Place place) -> {
                    setTooltip(new Tooltip(place.what()));
                    var what = styled(place.what(), "body-text");
                    var where =
                            new HBox(
                                    8,
                                    styled(Words.hex(place.hpa()), "mono-secondary"),
                                    styled(Words.bytes(place.bytes()), "secondary"));
                    setGraphic(new VBox(what, where));
                    setAccessibleText("%s at %s".formatted(place.what(), Words.hex(place.hpa())));
                }
            }
        }

        private static Label styled(String text, String styleClass) {
            var label = new Label(text);
            label.getStyleClass().add(styleClass);
            return label;
        }
    }
}
