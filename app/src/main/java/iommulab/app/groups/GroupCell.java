package iommulab.app.groups;

import iommulab.app.groups.GroupList.GroupRow;
import iommulab.app.groups.GroupList.MemberRow;
import iommulab.app.groups.GroupList.Row;
import iommulab.app.groups.GroupList.UngroupedRow;
import iommulab.app.groups.GroupList.ViableRow;
import iommulab.app.shell.FunctionNames;
import iommulab.app.theme.Category;
import iommulab.app.theme.Palette;

import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.scene.shape.Line;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// One line of the list of groups.
final class GroupCell extends ListCell<Row> {
    private static final double DASH_HEIGHT = 16;

    /// Width that may be taken by the list's scroll bar.
    private static final double SCROLL_BAR = 20;

    /// Stretching labels begin short, so that no other label is cut for their sake.
    private static final double SHORT = 20;

    /// A cell without a row.
    GroupCell() {
        setPrefWidth(0);
    }

    @Override
    protected void updateItem(@Nullable Row row, boolean empty) {
        super.updateItem(row, empty);
        getStyleClass().removeAll("member", "group", "ungrouped");
        if (empty || row == null) {
            setGraphic(null);
            setAccessibleText(null);
            return;
        }
        getStyleClass()
                .add(
                        switch (row) {
                            case GroupRow _ -> "group";
                            case MemberRow _, ViableRow _ -> "member";
                            case UngroupedRow _ -> "ungrouped";
                        });
        setGraphic(
                switch (row) {
                    case GroupRow group -> line(group(group));
                    case MemberRow member -> line(member(member));
                    case ViableRow viable -> line(viable(viable));
                    case UngroupedRow one -> ungrouped(one);
                });
    }

    private static HBox line(List<Node> nodes) {
        var line = new HBox(8);
        line.getChildren().setAll(nodes);
        line.setAlignment(Pos.CENTER_LEFT);
        return line;
    }

    private List<Node> group(GroupRow row) {
        setAccessibleText("Group %d, %s %s".formatted(row.group(), row.first(), row.rest()));
        var nodes = new ArrayList<Node>();
        nodes.add(dash(row.group()));
        nodes.add(tab(row.group()));
        nodes.add(fixed(label(FunctionNames.address(row.first()), "mono")));
        nodes.add(stretching(label(row.rest(), "muted")));
        if (row.drivers().user() > 0) {
            nodes.add(fixed(label("U", "badge", "user")));
        }
        if (row.drivers().kernel() > 0) {
            nodes.add(fixed(label("K", "badge", "kernel")));
        }
        return nodes;
    }

    private static Node dash(int group) {
        var dash = new Line(0, 0, 0, DASH_HEIGHT);
        for (double length : Category.dashes(group)) {
            dash.getStrokeDashArray().add(length);
        }
        dash.getStyleClass().addAll("group-dash", "category", Palette.categoryClass(group));
        return dash;
    }

    static Label tab(int group) {
        return fixed(label(String.valueOf(group), "group-tab", Palette.categoryClass(group)));
    }

    private List<Node> member(MemberRow row) {
        setAccessibleText("%s, %s, driver %s".formatted(row.function(), row.name(), row.driver()));
        var driver = fixed(label(row.driver(), "mono-secondary"));
        if (row.usesDma()) {
            driver.getStyleClass().add("says-fault");
        }
        return List.of(
                fixed(label(FunctionNames.address(row.function()), "mono")),
                stretching(label(row.name(), "secondary")),
                driver);
    }

    private List<Node> viable(ViableRow row) {
        var verdict =
                row.viable()
                        ? label("✓ viable", "secondary", "says-hit")
                        : label("✕ not viable", "secondary", "says-fault");
        return List.of(fixed(verdict), stretching(label(row.words(), "secondary")));
    }

    /// The reason is what matters: it wraps, as wide as the list is.
    private Node ungrouped(UngroupedRow row) {
        setAccessibleText("%s has no group: %s".formatted(row.function(), row.reason()));
        var name =
                line(
                        List.of(
                                fixed(label(FunctionNames.address(row.function()), "mono")),
                                stretching(label(row.name(), "muted"))));
        var reason = label("no group: " + row.reason(), "secondary");
        reason.setWrapText(true);
        return new VBox(2, name, reason);
    }

    /// A list asks its cells how high they are without telling a width, and words that wrap would then
    /// answer with one line.
    @Override
    protected double computePrefHeight(double width) {
        if (!(getGraphic() instanceof VBox lines) || getListView() == null) {
            return super.computePrefHeight(width);
        }
        double sides = snappedLeftInset() + snappedRightInset() + SCROLL_BAR;
        return snappedTopInset()
                + lines.prefHeight(getListView().getWidth() - sides)
                + snappedBottomInset();
    }

    static Label label(String text, String... classes) {
        var label = new Label(text);
        label.getStyleClass().addAll(classes);
        return label;
    }

    static Label fixed(Label label) {
        label.setMinWidth(Region.USE_PREF_SIZE);
        return label;
    }

    static Label stretching(Label label) {
        label.setMaxWidth(Double.MAX_VALUE);
        label.setMinWidth(0);
        label.setPrefWidth(SHORT);
        HBox.setHgrow(label, Priority.ALWAYS);
        return label;
    }
}
