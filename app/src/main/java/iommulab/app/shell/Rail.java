package iommulab.app.shell;

import iommulab.app.theme.Icons;

import javafx.scene.AccessibleRole;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.VBox;

import org.kordamp.ikonli.feather.Feather;

import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/// The perspectives at the left edge: an icon and a name each.
final class Rail extends VBox {
    private final Map<Perspective, ToggleButton> buttons = new EnumMap<>(Perspective.class);

    /// @param offered perspectives that have a panel
    Rail(Bench bench, Set<Perspective> offered) {
        getStyleClass().add("rail");
        setAccessibleRole(AccessibleRole.TOOL_BAR);
        setAccessibleText("Perspectives");
        var group = new ToggleGroup();
        for (var perspective : Perspective.values()) {
            if (!offered.contains(perspective)) {
                continue;
            }
            var button = new ToggleButton(perspective.title());
            Icons.put(button, icon(perspective), 1.5);
            button.setId("rail-" + perspective.name().toLowerCase(java.util.Locale.ROOT));
            button.setToggleGroup(group);
            button.setAccessibleText(perspective.title());
            button.setTooltip(
                    new Tooltip(
                            "%s (%s)"
                                    .formatted(
                                            perspective.title(),
                                            perspective.key().replace("Shortcut", "Ctrl"))));
            button.setOnAction(_ -> {
                bench.open(perspective);
                mark(perspective);
            });
            buttons.put(perspective, button);
            getChildren().add(button);
        }
        mark(bench.perspective().get());
        bench.perspective().addListener((_, _, open) -> mark(open));
    }

    private void mark(Perspective open) {
        var button = buttons.get(open);
        if (button != null) {
            button.setSelected(true);
        }
    }

    private static Feather icon(Perspective perspective) {
        return switch (perspective) {
            case MACHINE -> Feather.CPU;
            case GROUPS -> Feather.HEXAGON;
            case DOMAINS -> Feather.MAP;
            case WALK -> Feather.LIST;
            case CACHES -> Feather.GRID;
            case TRAFFIC -> Feather.REPEAT;
            case FAULTS -> Feather.ALERT_TRIANGLE;
            case MEMORY -> Feather.HASH;
            case PASIDS -> Feather.SHARE_2;
            case SOFTWARE -> Feather.LAYERS;
            case OWNERSHIP -> Feather.KEY;
        };
    }
}
