package iommulab.app;

import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.MenuItem;
import javafx.stage.Window;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// What every open window of the test shows, looked at on the JavaFX thread.
final class OpenWindows {
    private OpenWindows() {}

    /// The first visible node that a selector names.
    static Optional<Node> find(String selector) {
        return roots().flatMap(root -> root.lookupAll(selector).stream())
                .filter(OpenWindows::isVisible)
                .findFirst();
    }

    /// All nodes below the roots of all open windows, roots included.
    static List<Node> everything() {
        var nodes = new ArrayList<Node>();
        roots().forEach(root -> collect(root, nodes));
        return List.copyOf(nodes);
    }

    private static Stream<Parent> roots() {
        return List.copyOf(Window.getWindows()).stream()
                .filter(Window::isShowing)
                .map(window -> window.getScene().getRoot());
    }

    private static void collect(Node node, List<Node> nodes) {
        nodes.add(node);
        if (node instanceof Parent parent) {
            parent.getChildrenUnmodifiable().forEach(child -> collect(child, nodes));
        }
    }

    private static boolean isVisible(Node node) {
        for (Node n = node; n != null; n = n.getParent()) {
            if (!n.isVisible()) {
                return false;
            }
        }
        return node.getScene() != null;
    }

    /// Nodes of a class that fulfil a condition.
    static <T extends Node> List<T> all(Class<T> kind, Predicate<T> condition) {
        return everything().stream()
                .filter(kind::isInstance)
                .map(kind::cast)
                .filter(node -> condition.test(node))
                .toList();
    }

    /// An entry of a menu that is open, by the beginning of its text.
    static Optional<MenuItem> entryOfMenu(String entry) {
        return Window.getWindows().stream()
                .filter(window -> window instanceof ContextMenu && window.isShowing())
                .flatMap(window -> ((ContextMenu) window).getItems().stream())
                .filter(item -> item.getText() != null && item.getText().startsWith(entry))
                .findFirst();
    }
}
