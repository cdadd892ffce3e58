package iommulab.app.invalidation;

import iommulab.app.invalidation.InvalidationFrame.Tail;

import javafx.scene.Node;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ChoiceBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.GridPane;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/// The members of the structure around the entries.
final class FrameFields extends GridPane {
    private static final int COLUMNS = 7;

    private final ChoiceBox<InvalidationTarget> target = new ChoiceBox<>();
    private final ComboBox<String> type = new ComboBox<>();
    private final TextField length = field("invalidation-length", "as known");
    private final TextField number = field("invalidation-number", "as below");
    private final TextField reserved = field("invalidation-reserved", "0");
    private final CheckBox nullArray = new CheckBox("null pointer");
    private final ChoiceBox<Tail> tail = new ChoiceBox<>();

    /// @param changed told when a member is edited
    FrameFields(Runnable changed) {
        getStyleClass().add("invalidation-frame");
        target.setId("invalidation-target");
        target.setMaxWidth(Double.MAX_VALUE);
        type.setId("invalidation-type");
        type.setEditable(true);
        type.getItems().setAll(Arrays.stream(EntryKind.values()).map(EntryKind::word).toList());
        nullArray.setId("invalidation-null");
        tail.setId("invalidation-tail");
        tail.getItems().setAll(Tail.values());
        tail.setValue(Tail.NONE);
        row(0, "object", target, "type", type);
        row(1, "entry_len", length, "entry_num", number);
        row(2, "reserved", reserved, "entries", nullArray);
        row(3, "behind it", tail, "", new Label());
        target.valueProperty()
                .addListener((_, _, now) -> {
                    if (now != null && !now.entryType().isEmpty()) {
                        type.setValue(now.entryType());
                    }
                    changed.run();
                });
        type.valueProperty().addListener((_, _, _) -> changed.run());
        for (var text : List.of(length, number, reserved)) {
            text.textProperty().addListener((_, _, _) -> changed.run());
        }
        nullArray.selectedProperty().addListener((_, _, _) -> changed.run());
        tail.valueProperty().addListener((_, _, _) -> changed.run());
    }

    private static TextField field(String id, String prompt) {
        var field = new TextField();
        field.setId(id);
        field.setPromptText(prompt);
        field.setPrefColumnCount(COLUMNS);
        field.getStyleClass().add("mono");
        return field;
    }

    private void row(int row, String first, Node one, String second, Node other) {
        addRow(row, key(first, one), one, key(second, other), other);
    }

    private static Label key(String text, Node field) {
        var key = new Label(text);
        key.getStyleClass().add("secondary");
        key.setMinWidth(USE_PREF_SIZE);
        key.setLabelFor(field);
        field.setAccessibleText(text);
        return key;
    }

    /// What can be named; the chosen one stays if it is still there.
    void offer(List<InvalidationTarget> targets) {
        if (!targets.equals(target.getItems())) {
            var chosen = target.getValue();
            target.getItems().setAll(targets);
            choose(chosen == null ? "" : chosen.key());
        }
    }

    /// Names the object with a key, else the first.
    void choose(String key) {
        target.setValue(
                target.getItems().stream()
                        .filter(t -> t.key().equals(key))
                        .findFirst()
                        .or(() -> target.getItems().stream().findFirst())
                        .orElse(null));
    }

    Optional<InvalidationTarget> target() {
        return Optional.ofNullable(target.getValue());
    }

    /// The kind of entries that the type means; of none that is known those of the object.
    EntryKind kind() {
        return EntryKind.of(typed())
                .or(() -> target().flatMap(t -> EntryKind.of(t.entryType())))
                .orElse(EntryKind.VTD_S1);
    }

    private String typed() {
        var typed = type.getEditor().getText();
        return typed == null ? "" : typed.strip();
    }

    InvalidationFrame frame(InvalidationTarget named, List<SequencedMap<String, String>> entries) {
        return new InvalidationFrame(
                named.iommufd(),
                named.id(),
                typed(),
                length.getText(),
                number.getText(),
                reserved.getText(),
                nullArray.isSelected(),
                tail.getValue(),
                entries);
    }
}
