package iommulab.app.shell;

import javafx.scene.Scene;
import javafx.scene.control.ComboBoxBase;
import javafx.scene.control.Spinner;
import javafx.scene.control.TextInputControl;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCodeCombination;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;

import java.util.List;
import java.util.Set;

/// The window's keys. They work wherever the focus is, before the node that has it; only a text field
/// keeps those that edit text.
final class Keys {
    private static final Set<KeyCode> EDIT_TEXT =
            Set.of(KeyCode.Z, KeyCode.Y, KeyCode.LEFT, KeyCode.RIGHT);

    private final List<WindowAction> actions;

    private Keys(List<WindowAction> actions) {
        this.actions = actions.stream().filter(a -> a.key().isPresent()).toList();
    }

    static void listen(Scene scene, List<WindowAction> actions) {
        var keys = new Keys(actions);
        scene.addEventFilter(KeyEvent.KEY_PRESSED, event -> keys.press(scene, event));
    }

    /// A question mark asks for help, unless somebody is writing one.
    static void onQuestionMark(Scene scene, Runnable help) {
        scene.addEventFilter(
                KeyEvent.KEY_TYPED,
                event -> {
                    if (event.getCharacter().equals("?") && !isWriting(scene)) {
                        event.consume();
                        help.run();
                    }
                });
    }

    private static boolean isWriting(Scene scene) {
        return switch (scene.getFocusOwner()) {
            case TextInputControl _ -> true;
            case ComboBoxBase<?> box -> box.isEditable();
            case Spinner<?> spinner -> spinner.isEditable();
            case null, default -> false;
        };
    }

    private void press(Scene scene, KeyEvent event) {
        for (var action : actions) {
            var key = action.key().orElseThrow();
            if (key.match(event) && !belongsToText(scene, key)) {
                event.consume();
                if (action.possible().getAsBoolean()) {
                    action.run().run();
                }
                return;
            }
        }
    }

    private static boolean belongsToText(Scene scene, KeyCombination key) {
        return scene.getFocusOwner() instanceof TextInputControl
                && key instanceof KeyCodeCombination combination
                && EDIT_TEXT.contains(combination.getCode());
    }
}
