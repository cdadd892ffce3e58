package iommulab.app.shell;

import iommulab.app.theme.Popovers;
import iommulab.engine.session.CommandRefused;

import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import org.controlsfx.control.PopOver;
import org.jspecify.annotations.Nullable;

/// Says no where it happened: a popover beside the control, with the errno and the rule. It goes away
/// with the next click or Escape.
public final class Refusals {
    private static final double WIDTH = 320;

    private @Nullable PopOver shown;

    Refusals() {}

    /// @param where the control that asked
    void show(Node where, CommandRefused refused) {
        hide();
        if (where.getScene() == null || where.getScene().getWindow() == null) {
            return;
        }
        var box = box(refused.errno(), refused.reason());
        var popOver = new PopOver(box);
        popOver.setAutoHide(true);
        popOver.setArrowLocation(PopOver.ArrowLocation.TOP_LEFT);
        popOver.setDetachable(false);
        Popovers.dress(popOver);
        popOver.show(where);
        shown = popOver;
    }

    void hide() {
        if (shown != null) {
            shown.hide();
            shown = null;
        }
    }

    /// A refusal as a node, for a panel that shows it in place.
    ///
    /// @param errno such as `EBUSY`
    /// @param reason what was tried, what stood in the way, what to do
    public static VBox box(String errno, String reason) {
        var head = new Label("✕ " + errno);
        head.getStyleClass().add("errno");
        var text = new Label(reason);
        text.setWrapText(true);
        text.setPrefWidth(WIDTH);
        text.setMinHeight(Region.USE_PREF_SIZE);
        var box = new VBox(head, text);
        box.setId("refusal");
        box.getStyleClass().add("refusal-box");
        return box;
    }
}
