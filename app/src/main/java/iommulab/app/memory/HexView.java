package iommulab.app.memory;

import iommulab.app.theme.Palette;

import javafx.beans.value.ObservableValue;
import javafx.geometry.Orientation;
import javafx.scene.control.ScrollBar;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;

import java.util.function.LongConsumer;

/// The hex view with its scroll bar.
final class HexView extends HBox {
    private final HexCanvas canvas;
    private final ScrollBar bar = new ScrollBar();

    /// @param onSelect told the address of a word that was chosen
    HexView(ObservableValue<Palette> palette, LongConsumer onSelect) {
        canvas = new HexCanvas(palette, onSelect);
        canvas.setId("memory-hex");
        canvas.setFocusTraversable(true);
        canvas.setMinSize(0, 0);
        bar.setOrientation(Orientation.VERTICAL);
        bar.setUnitIncrement(1);
        bar.maxProperty().bind(canvas.mostScrolled());
        bar.visibleAmountProperty().bind(canvas.mostScrolled().multiply(canvas.shareSeen()));
        bar.valueProperty().bindBidirectional(canvas.scrolled());
        HBox.setHgrow(canvas, Priority.ALWAYS);
        getChildren().addAll(canvas, bar);
    }

    HexCanvas canvas() {
        return canvas;
    }
}
