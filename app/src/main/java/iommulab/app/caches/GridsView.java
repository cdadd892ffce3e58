package iommulab.app.caches;

import javafx.beans.property.DoubleProperty;
import javafx.beans.property.SimpleDoubleProperty;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// All caches of an IOMMU as grids: finished translations at the left, what walks need at the right.
final class GridsView extends HBox {
    private static final double LEFT = 560;
    private static final double RIGHT = 450;
    private static final double EACH = 130;
    private static final double DIRECTORY_HEIGHT = 104;
    private static final double ROW_HEIGHT = 158;
    private static final double DEVICE_HEIGHT = 130;
    private static final double OFF_HEIGHT = 42;

    private final CacheGrid iotlb;
    private final CacheGrid context;
    private final Row deviceTlbs;
    private final Row paging;
    private final Row pasidsAndNested;
    private final Row nestedPaging;

    /// @param maker makes a grid that tells which entry was clicked
    GridsView(Supplier<CacheGrid> maker) {
        iotlb = maker.get();
        iotlb.setId("cache-iotlb");
        context = maker.get();
        context.setId("cache-context");
        deviceTlbs = new Row("", DEVICE_HEIGHT, maker);
        deviceTlbs.setId("cache-device-tlbs");
        paging = new Row("Paging-structure caches", ROW_HEIGHT, maker);
        pasidsAndNested = new Row("PASIDs, and pages of second stages", ROW_HEIGHT, maker);
        pasidsAndNested.setId("cache-pasids");
        nestedPaging = new Row("Paging-structure caches of second stages", ROW_HEIGHT, maker);
        nestedPaging.setId("cache-nested");
        var left = new VBox(iotlb, deviceTlbs);
        VBox.setVgrow(iotlb, Priority.ALWAYS);
        left.getStyleClass().add("cache-stack");
        left.setPrefWidth(LEFT);
        left.setMinWidth(0);
        setHgrow(left, Priority.ALWAYS);
        var right = right();
        setHgrow(right, Priority.ALWAYS);
        getChildren().addAll(left, right);
        getStyleClass().add("cache-grids");
    }

    private ScrollPane right() {
        var column = new VBox(context, paging, pasidsAndNested, nestedPaging);
        column.getStyleClass().add("cache-stack");
        VBox.setVgrow(context, Priority.ALWAYS);
        context.minHeightProperty().bind(context.scaleProperty().multiply(DIRECTORY_HEIGHT));
        for (var row : List.of(paging, pasidsAndNested, nestedPaging)) {
            row.hideOnWall();
        }
        var scroll = new ScrollPane(column);
        scroll.setFitToWidth(true);
        scroll.setFitToHeight(true);
        scroll.setHbarPolicy(ScrollPane.ScrollBarPolicy.NEVER);
        scroll.getStyleClass().add("cache-column");
        scroll.setPrefWidth(RIGHT);
        scroll.setMinWidth(0);
        return scroll;
    }

    void show(CachesModel model) {
        model.iotlb().ifPresent(iotlb::show);
        model.context().ifPresent(context::show);
        deviceTlbs.show(model.deviceTlbs());
        paging.show(model.paging());
        pasidsAndNested.show(
                Stream.concat(model.pasids().stream(), model.nested().stream()).toList());
        nestedPaging.show(model.nestedPaging());
    }

    /// Caches beside each other; not there while there are none.
    private final class Row extends VBox {
        private final Supplier<CacheGrid> maker;
        private final List<CacheGrid> grids = new ArrayList<>();
        private final HBox row = new HBox();
        private final double usual;
        private final DoubleProperty needed = new SimpleDoubleProperty();

        /// @param title above them; none if they say themselves what they are
        Row(String title, double height, Supplier<CacheGrid> maker) {
            this.maker = maker;
            usual = height;
            if (!title.isEmpty()) {
                var head = new Label(title);
                head.getStyleClass().addAll("section-head", "not-on-wall");
                getChildren().add(head);
            }
            getChildren().add(row);
            getStyleClass().add("cache-section");
            row.getStyleClass().add("cache-row");
            row.setMinHeight(Region.USE_PREF_SIZE);
            row.prefHeightProperty().bind(context.scaleProperty().multiply(needed));
            setMinHeight(Region.USE_PREF_SIZE);
        }

        void hideOnWall() {
            context.onWall().addListener((_, _, _) -> showIfNeeded(true));
        }

        private void showIfNeeded(boolean unlessOnWall) {
            boolean isNeeded =
                    !row.getChildren().isEmpty() && !(unlessOnWall && context.onWall().get());
            setManaged(isNeeded);
            setVisible(isNeeded);
        }

        void show(List<GridModel> models) {
            while (grids.size() < models.size()) {
                var grid = maker.get();
                setHgrow(grid, Priority.ALWAYS);
                grid.setPrefWidth(EACH);
                grids.add(grid);
            }
            var shown = grids.subList(0, models.size());
            if (!row.getChildren().equals(shown)) {
                row.getChildren().setAll(shown);
            }
            for (int i = 0; i < shown.size(); i++) {
                shown.get(i).show(models.get(i));
            }
            boolean off = models.stream().allMatch(m -> m.cache().geometry().isOff());
            needed.set(off ? OFF_HEIGHT : usual);
            showIfNeeded(this != deviceTlbs);
        }
    }
}
