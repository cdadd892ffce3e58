package iommulab.app.console;

import javafx.scene.control.TextField;
import javafx.scene.input.Clipboard;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// The line in which calls are typed. Several lines that are pasted are said at once, what was typed before
/// them in front.
final class CallField extends TextField {
    private final Consumer<List<String>> say;

    CallField(Consumer<List<String>> say) {
        this.say = say;
        setId("console-input");
        setAccessibleText("Call to make");
        setPromptText("call(argument=value, …), help, ?");
        getStyleClass().add("console-input");
    }

    @Override
    public void paste() {
        var pasted = Clipboard.getSystemClipboard().getString();
        if (pasted == null || pasted.strip().lines().count() < 2) {
            super.paste();
            return;
        }
        var lines = new ArrayList<>(pasted.strip().lines().toList());
        lines.set(0, getText() + lines.getFirst());
        say.accept(lines);
    }
}
