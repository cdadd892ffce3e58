package iommulab.app.invalidation;

import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;

/// A bar with a piece for each entry: done, refused, or not reached.
final class DoneBar extends HBox {
    DoneBar() {
        setId("done-bar");
        getStyleClass().add("done-bar");
        setMinWidth(0);
        setVisible(false);
        managedProperty().bind(visibleProperty());
    }

    void show(InvalidationProgress progress) {
        getChildren().clear();
        for (int i = 0; i < progress.total(); i++) {
            var piece = new Region();
            piece.getStyleClass()
                    .addAll(
                            "done-piece",
                            switch (progress.mark(i)) {
                                case DONE -> "done";
                                case FAILED -> "failed";
                                case NOT_REACHED -> "open";
                            });
            HBox.setHgrow(piece, Priority.ALWAYS);
            getChildren().add(piece);
        }
        setVisible(progress.total() > 0);
        setAccessibleText(progress.words());
    }

    void clear() {
        setVisible(false);
        getChildren().clear();
    }
}
