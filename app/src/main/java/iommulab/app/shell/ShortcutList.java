package iommulab.app.shell;

import javafx.scene.input.KeyCombination;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/// Every key of the window with what it does, menu by menu, made of the same actions that listen to the
/// keys.
record ShortcutList(List<Menu> menus) {
    static final String TITLE = "Keyboard shortcuts";

    ShortcutList {
        menus = List.copyOf(menus);
    }

    record Menu(String title, List<Line> lines) {
        Menu {
            lines = List.copyOf(lines);
        }
    }

    /// @param key as the menus write it
    record Line(String key, String does) {}

    static ShortcutList of(List<WindowAction> actions) {
        var lines = new LinkedHashMap<String, List<Line>>();
        for (var action : actions) {
            action.key()
                    .map(KeyCombination::getDisplayText)
                    .ifPresent(key ->
                            lines.computeIfAbsent(
                                            action.menu().split("/")[0], _ -> new ArrayList<>())
                                    .add(new Line(key, action.title().get())));
        }
        return new ShortcutList(
                lines.entrySet().stream().map(e -> new Menu(e.getKey(), e.getValue())).toList());
    }
}
