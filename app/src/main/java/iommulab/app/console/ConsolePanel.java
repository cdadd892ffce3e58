package iommulab.app.console;

import iommulab.app.shell.Panel;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.session.MachineSnapshot;

import javafx.application.Platform;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.control.SelectionMode;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.input.KeyCode;
import javafx.scene.input.KeyCombination;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.BorderPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.stream.Collectors;

/// The console in the drawer: what was said, and the line in which the next call is typed.
public final class ConsolePanel implements Panel {
    private static final int LINES_KEPT = 2000;
    private static final KeyCombination COPY = KeyCombination.keyCombination("Shortcut+C");

    private final Workbench workbench;
    private final ConsoleTalk talk;
    private final ListView<Shown> output = new ListView<>();
    private final CallField input;
    private final ProposalList proposals;
    private final BorderPane root = new BorderPane();

    /// @param workbench takes the calls
    public ConsolePanel(Workbench workbench) {
        this.workbench = workbench;
        talk =
                new ConsoleTalk(
                        workbench::submit,
                        () -> workbench.machine().journal().refusals(),
                        this::print);
        input = new CallField(this::say);
        proposals = new ProposalList(input, this::completion);
        output.setId("console-output");
        output.setAccessibleText("Console: what was said");
        output.setFocusTraversable(false);
        output.getStyleClass().add("console-output");
        output.getSelectionModel().setSelectionMode(SelectionMode.MULTIPLE);
        output.setCellFactory(_ -> new Line());
        output.setPlaceholder(
                new Label(
                        "Type a call, such as fd = iommufd.open(). Tab completes, help explains."));
        output.addEventFilter(KeyEvent.KEY_PRESSED, this::copyOrType);
        input.addEventFilter(KeyEvent.KEY_PRESSED, this::press);
        var prompt = new Label("›");
        prompt.getStyleClass().add("console-prompt");
        prompt.setLabelFor(input);
        HBox.setHgrow(input, Priority.ALWAYS);
        var line = new HBox(prompt, input);
        line.getStyleClass().add("console-line");
        root.setCenter(output);
        root.setRight(proposals.view());
        root.setBottom(line);
        root.getStyleClass().addAll("canvas-surface", "console");
        root.focusedProperty()
                .addListener((_, _, has) -> {
                    if (has) {
                        input.requestFocus();
                    }
                });
    }

    private Completion completion(String typed) {
        return Completion.of(typed, workbench.machine(), talk.variables());
    }

    private void press(KeyEvent key) {
        switch (key.getCode()) {
            case TAB -> {
                if (!key.isShiftDown() && !input.getText().isBlank()) {
                    key.consume();
                    proposals.complete();
                }
            }
            case ENTER -> {
                key.consume();
                if (!proposals.takeChosen()) {
                    say(List.of(input.getText()));
                }
            }
            case UP, DOWN -> {
                key.consume();
                if (!proposals.move(key.getCode() == KeyCode.UP ? -1 : 1)) {
                    callBack(key.getCode() == KeyCode.UP);
                }
            }
            case ESCAPE -> {
                if (proposals.isOpen()) {
                    key.consume();
                    proposals.close();
                }
            }
            default -> {}
        }
    }

    private void callBack(boolean up) {
        var shown = input.getText();
        input.setText(up ? talk.typed().before(shown) : talk.typed().after(shown));
        input.end();
        proposals.close();
    }

    /// Lines that were typed or pasted. A line that cannot be read comes back, with the caret at the place.
    private void say(List<String> lines) {
        proposals.close();
        input.clear();
        talk.sayAll(lines)
                .thenAccept(end -> {
                    if (end.place() >= 0 && input.getText().isEmpty()) {
                        input.setText(talk.typed().last());
                        input.positionCaret(end.place());
                    }
                });
    }

    private void print(List<Shown> lines) {
        output.getItems().addAll(lines);
        if (output.getItems().size() > LINES_KEPT) {
            output.getItems().remove(0, output.getItems().size() - LINES_KEPT);
        }
        // The list knows its cells one layout later.
        Platform.runLater(() -> output.scrollTo(output.getItems().size() - 1));
    }

    private void copyOrType(KeyEvent key) {
        if (COPY.match(key)) {
            key.consume();
            var content = new ClipboardContent();
            content.putString(
                    output.getSelectionModel().getSelectedItems().stream()
                            .map(Shown::text)
                            .collect(Collectors.joining("\n")));
            Clipboard.getSystemClipboard().setContent(content);
        }
    }

    @Override
    public Node view() {
        return root;
    }

    @Override
    public void show(MachineSnapshot machine, Subject subject) {
        // Nothing here changes with the machine; proposals look at it when they are asked for.
    }

    /// A line of what was said; long ones go on below.
    private static final class Line extends ListCell<Shown> {
        Line() {
            setWrapText(true);
            setPrefWidth(0);
            setMinHeight(Region.USE_PREF_SIZE);
        }

        @Override
        protected void updateItem(@Nullable Shown line, boolean empty) {
            super.updateItem(line, empty);
            getStyleClass().removeIf(name -> name.startsWith("console-"));
            if (empty || line == null) {
                setText("");
            } else {
                setText(line.text());
                getStyleClass().add(line.kind().styleClass());
            }
        }
    }
}
