package iommulab.app.shell;

import iommulab.app.theme.Theme;

import javafx.geometry.HPos;
import javafx.geometry.Orientation;
import javafx.scene.Node;
import javafx.scene.control.ButtonType;
import javafx.scene.control.Dialog;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.Region;
import javafx.stage.Modality;
import javafx.stage.Window;

import org.jspecify.annotations.Nullable;

/// The list of keys as a window of its own beside the main window; work goes on while it is open.
final class ShortcutSheet {
    private static final double SHARE = 0.9;

    private @Nullable Dialog<ButtonType> open;

    /// Shows the list; hides it if it is shown.
    ///
    /// @param textScale that the user set; the list is for who sits at the keys, also on a wall
    void toggle(Window owner, ShortcutList list, double textScale) {
        if (open != null) {
            open.close();
            return;
        }
        var dialog = new Dialog<ButtonType>();
        dialog.initOwner(owner);
        dialog.initModality(Modality.NONE);
        dialog.setTitle(ShortcutList.TITLE);
        dialog.setResizable(true);
        var pane = dialog.getDialogPane();
        pane.setId("shortcuts");
        pane.getButtonTypes().add(ButtonType.CLOSE);
        pane.setContent(content(list));
        pane.setStyle(Theme.font(textScale));
        pane.setMaxSize(SHARE * owner.getWidth(), SHARE * owner.getHeight());
        dialog.setOnHidden(_ -> open = null);
        open = dialog;
        dialog.show();
    }

    private static Node content(ShortcutList list) {
        var columns = new FlowPane();
        columns.setOrientation(Orientation.VERTICAL);
        columns.getStyleClass().add("shortcut-columns");
        list.menus().forEach(menu -> columns.getChildren().add(menu(menu)));
        var scroll = new ScrollPane(columns);
        scroll.setFitToHeight(true);
        scroll.setAccessibleText(ShortcutList.TITLE);
        return scroll;
    }

    private static Node menu(ShortcutList.Menu menu) {
        var grid = new GridPane();
        grid.getStyleClass().add("shortcut-menu");
        var keys = new ColumnConstraints();
        keys.setHalignment(HPos.RIGHT);
        grid.getColumnConstraints().add(keys);
        var head = new Label(menu.title());
        GridPane.setHalignment(head, HPos.LEFT);
        head.getStyleClass().add("row-name");
        grid.add(head, 0, 0, 2, 1);
        int row = 1;
        for (var line : menu.lines()) {
            var key = new Label(line.key());
            key.getStyleClass().add("key-cap");
            key.setMinWidth(Region.USE_PREF_SIZE);
            var does = new Label(line.does());
            does.setMinWidth(Region.USE_PREF_SIZE);
            grid.addRow(row++, key, does);
        }
        return grid;
    }
}
