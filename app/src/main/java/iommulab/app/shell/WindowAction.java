package iommulab.app.shell;

import javafx.scene.input.KeyCombination;

import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Something the window can do, whoever asks: a menu, a key, or the search field.
///
/// @param menu `File`, `Edit`, `Machine`, `View` or `Learn`; `File/Samples` for a menu in a menu
/// @param title in the menu, now (the title of Undo names what it undoes)
/// @param about what it is about, a line; empty for what its title says
/// @param key that does it
/// @param possible whether it can be done now
/// @param run does it
public record WindowAction(
        String menu,
        Supplier<String> title,
        Supplier<String> about,
        Optional<KeyCombination> key,
        BooleanSupplier possible,
        Runnable run) {

    /// An action that can always be done.
    ///
    /// @param key such as `Shortcut+O`; empty for none
    public static WindowAction of(String menu, String title, String key, Runnable run) {
        return new WindowAction(menu, () -> title, () -> "", combination(key), () -> true, run);
    }

    /// The same action, offered only while something is so.
    public WindowAction when(BooleanSupplier so) {
        return new WindowAction(menu, title, about, key, so, run);
    }

    /// The same action under a title that changes.
    public WindowAction titled(Supplier<String> words) {
        return new WindowAction(menu, words, about, key, possible, run);
    }

    /// The same action with a line that says more than its title.
    public WindowAction about(Supplier<String> line) {
        return new WindowAction(menu, title, line, key, possible, run);
    }

    /// Title and line, as a menu has them.
    String words() {
        var line = about.get();
        return line.isEmpty() ? title.get() : title.get() + ": " + line;
    }

    private static Optional<KeyCombination> combination(String key) {
        return key.isEmpty() ? Optional.empty() : Optional.of(KeyCombination.valueOf(key));
    }
}
