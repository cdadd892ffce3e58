package iommulab.app.shell;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;

class ShortcutListTest {
    private static final Runnable NOTHING = () -> {};

    @Test
    void everyActionWithAKeyStandsUnderItsMenu() {
        var list =
                ShortcutList.of(
                        List.of(
                                WindowAction.of("File", "Save", "Shift+F2", NOTHING),
                                WindowAction.of("File", "", "", NOTHING),
                                WindowAction.of("View", "Presentation mode", "F11", NOTHING),
                                WindowAction.of("File/Samples", "first walk", "F6", NOTHING)));
        assertThat(list.menus()).extracting(ShortcutList.Menu::title).contains("File", "View");
        assertThat(list.menus().getFirst().lines())
                .containsExactly(
                        new ShortcutList.Line("Shift+F2", "Save"),
                        new ShortcutList.Line("F6", "first walk"));
    }
}
