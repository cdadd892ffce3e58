package iommulab.app.invalidation;

import iommulab.app.invalidation.InvalidationProgress.Mark;

import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.MenuButton;
import javafx.scene.control.MenuItem;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// The entries of a request, one below the other, each with what became of it.
final class EntryRows extends VBox {
    private static final int COLUMNS = 6;

    private final List<Row> rows = new ArrayList<>();
    private final Runnable changed;
    private EntryKind kind = EntryKind.VTD_S1;
    private Optional<ReachWords> reach = Optional.empty();

    private record Row(
            Label mark, Label reach, SequencedMap<String, TextField> fields, VBox whole) {}

    /// @param changed told when an entry is added, taken away or edited
    EntryRows(Runnable changed) {
        this.changed = changed;
        setId("invalidation-entries");
        getStyleClass().add("invalidation-entries");
    }

    /// Entries of another kind; those that were there are gone.
    void use(EntryKind kind) {
        if (kind != this.kind || rows.isEmpty()) {
            this.kind = kind;
            rows.clear();
            getChildren().clear();
            add();
        }
    }

    /// What the entries reach depends on what they are about.
    void about(InvalidationTarget target) {
        reach = Optional.of(new ReachWords(target));
        tell();
    }

    private void tell() {
        for (var row : rows) {
            row.reach().setText(reach.map(words -> words.of(kind, typed(row))).orElse(""));
        }
    }

    private void edited() {
        tell();
        changed.run();
    }

    /// One more entry: the first command that there is, or all zero.
    void add() {
        int number = rows.size() + 1;
        var mark = new Label(number + "");
        mark.getStyleClass().addAll("badge", "invalidation-mark");
        var line = new HBox(mark);
        line.getStyleClass().add("invalidation-entry");
        var texts = new LinkedHashMap<String, TextField>();
        for (var field : kind.fields()) {
            var text = new TextField("0");
            text.setPrefColumnCount(COLUMNS);
            text.setId("entry-%d-%s".formatted(number, field.replaceAll("[ :]", "-")));
            text.getStyleClass().add("mono");
            text.setAccessibleText("Entry %d, %s".formatted(number, field));
            text.textProperty().addListener((_, _, _) -> edited());
            var name = new Label(field);
            name.getStyleClass().add("secondary");
            name.setLabelFor(text);
            name.setMinWidth(USE_PREF_SIZE);
            text.setMinWidth(0);
            HBox.setHgrow(text, Priority.ALWAYS);
            texts.put(field, text);
            line.getChildren().addAll(name, text);
        }
        var reached = new Label();
        reached.setId("entry-%d-reach".formatted(number));
        reached.getStyleClass().addAll("secondary");
        var below = new HBox(reached);
        below.getStyleClass().add("invalidation-below");
        if (kind.isOfCommands()) {
            below.getChildren().addFirst(commands(number, texts));
        }
        var whole = new VBox(line, below);
        whole.getStyleClass().add("invalidation-row");
        var row = new Row(mark, reached, texts, whole);
        var remove = new Button("Remove");
        remove.setId("entry-%d-remove".formatted(number));
        remove.getStyleClass().add("flat");
        remove.setMinWidth(USE_PREF_SIZE);
        remove.setOnAction(_ -> {
            rows.remove(row);
            getChildren().remove(whole);
            changed.run();
        });
        line.getChildren().add(remove);
        rows.add(row);
        getChildren().add(whole);
        if (kind.isOfCommands()) {
            fill(texts, kind.presets().getFirst());
        }
        edited();
    }

    /// A menu of commands; one that is chosen fills the words.
    private MenuButton commands(int number, SequencedMap<String, TextField> texts) {
        var menu = new MenuButton("Command");
        menu.setId("entry-%d-command".formatted(number));
        menu.setMinWidth(USE_PREF_SIZE);
        for (var preset : kind.presets()) {
            var item = new MenuItem(preset.name());
            item.setOnAction(_ -> fill(texts, preset));
            menu.getItems().add(item);
        }
        return menu;
    }

    private void fill(SequencedMap<String, TextField> texts, EntryKind.Preset preset) {
        long device = reach.flatMap(ReachWords::firstDevice).orElse(0L);
        put(texts, EntryKind.LOW, kind.naming(preset, device));
        put(texts, EntryKind.HIGH, preset.high());
    }

    private static void put(SequencedMap<String, TextField> texts, String name, long word) {
        var text = texts.get(name);
        if (text != null) {
            text.setText("0x" + Long.toHexString(word));
        }
    }

    private static SequencedMap<String, String> typed(Row row) {
        var entry = new LinkedHashMap<String, String>();
        row.fields().forEach((name, text) -> entry.put(name, text.getText()));
        return entry;
    }

    List<SequencedMap<String, String>> entries() {
        return rows.stream().map(EntryRows::typed).toList();
    }

    /// Before anything is sent.
    void unmark() {
        for (int i = 0; i < rows.size(); i++) {
            mark(rows.get(i).mark(), i + 1 + "", "");
        }
    }

    void mark(InvalidationProgress progress) {
        for (int i = 0; i < rows.size(); i++) {
            var mark = rows.get(i).mark();
            switch (progress.mark(i)) {
                case Mark.DONE -> mark(mark, "✓ %d done".formatted(i + 1), "hit");
                case Mark.FAILED ->
                        mark(mark, "✕ %d %s".formatted(i + 1, progress.errno()), "fault");
                case Mark.NOT_REACHED -> mark(mark, "– %d not reached".formatted(i + 1), "blocked");
            }
        }
    }

    private static void mark(Label mark, String text, String style) {
        mark.setText(text);
        mark.getStyleClass().removeAll("hit", "fault", "blocked");
        if (!style.isEmpty()) {
            mark.getStyleClass().add(style);
        }
    }
}
