package iommulab.app.theme;

import org.controlsfx.control.PopOver;

/// Dresses ControlsFX' popovers. Their own sheet stands on the popover itself, where it beats the sheets
/// of the scene; only a style of the node is stronger.
public final class Popovers {
    private Popovers() {}

    /// Call before it is shown.
    public static void dress(PopOver popOver) {
        // The visual language gives popovers no motion.
        popOver.setAnimated(false);
        // Without this class the popover's own scene would have the ground of a window.
        popOver.getScene().getRoot().getStyleClass().add("popup");
        popOver.setOnShown(_ -> {
            var border = popOver.getScene().getRoot().lookup(".border");
            if (border != null) {
                border.setStyle("-fx-fill: -lab-overlay; -fx-stroke: -lab-line; -fx-effect: none");
            }
            var title = popOver.getScene().getRoot().lookup(".title > .text");
            if (title != null) {
                title.setStyle("-fx-text-fill: -lab-text-1");
            }
        });
    }
}
