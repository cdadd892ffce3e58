package iommulab.app.invalidation;

import iommulab.app.invalidation.InvalidationProgress.Mark;

import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// The entries of a request, one below the other, each with what became of it.
final class EntryRows extends VBox {
    private static final int COLUMNS = 6;

    private final List<Row> rows = new ArrayList<>();
    private final Runnable changed;
    private List<String> fields = List.of();

    private record Row(Label mark, SequencedMap<String, TextField> fields, HBox line) {}

    /// @param changed told when an entry is added, taken away or edited
    EntryRows(Runnable changed) {
        this.changed = changed;
        setId("invalidation-entries");
        getStyleClass().add("invalidation-entries");
    }

    /// Entries of another kind; those that were there are gone.
    void use(EntryKind kind) {
        if (!kind.fields().equals(fields)) {
            fields = kind.fields();
            rows.clear();
            getChildren().clear();
            add();
        }
    }

    /// One more entry, all zero.
    void add() {
        int number = rows.size() + 1;
        var mark = new Label(number + "");
        mark.getStyleClass().addAll("badge", "invalidation-mark");
        var line = new HBox(mark);
        line.getStyleClass().add("invalidation-entry");
        var texts = new LinkedHashMap<String, TextField>();
        for (var field : fields) {
            var text = new TextField("0");
            text.setPrefColumnCount(COLUMNS);
            text.setId("entry-%d-%s".formatted(number, field));
            text.getStyleClass().add("mono");
            text.setAccessibleText("Entry %d, %s".formatted(number, field));
            text.textProperty().addListener((_, _, _) -> changed.run());
            var name = new Label(field);
            name.getStyleClass().add("secondary");
            name.setLabelFor(text);
            name.setMinWidth(USE_PREF_SIZE);
            text.setMinWidth(0);
            HBox.setHgrow(text, Priority.ALWAYS);
            texts.put(field, text);
            line.getChildren().addAll(name, text);
        }
        var row = new Row(mark, texts, line);
        var remove = new Button("Remove");
        remove.setId("entry-%d-remove".formatted(number));
        remove.getStyleClass().add("flat");
        remove.setMinWidth(USE_PREF_SIZE);
        remove.setOnAction(_ -> {
            rows.remove(row);
            getChildren().remove(line);
            changed.run();
        });
        line.getChildren().add(remove);
        rows.add(row);
        getChildren().add(line);
        changed.run();
    }

    List<SequencedMap<String, String>> entries() {
        var entries = new ArrayList<SequencedMap<String, String>>();
        for (var row : rows) {
            var entry = new LinkedHashMap<String, String>();
            row.fields().forEach((name, text) -> entry.put(name, text.getText()));
            entries.add(entry);
        }
        return entries;
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
