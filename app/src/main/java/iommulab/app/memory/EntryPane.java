package iommulab.app.memory;

import iommulab.app.memory.Detail.Way;
import iommulab.app.shell.BitGrid;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.app.theme.Palette;
import iommulab.engine.iommu.Field;
import iommulab.engine.session.Command;

import javafx.beans.value.ObservableValue;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import javafx.scene.text.Text;
import javafx.scene.text.TextFlow;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// The selected entry: its words, every field with its value to change, and where it leads.
final class EntryPane extends VBox {
    private static final String NOTHING_INVALIDATED =
            "Press a number to write it. Writing invalidates nothing: caches keep what they have"
                    + " read.";

    private static final String NO_ORDER =
            "In which order its bytes lie cannot be told, so it cannot be written as an entry.";

    private final ObservableValue<Palette> palette;
    private final BiConsumer<Command, Node> onCommand;
    private final Consumer<Way> onWay;
    private final Consumer<Detail> onWalk;
    private final List<BitGrid> grids = new ArrayList<>();
    private final List<FieldRow> rows = new ArrayList<>();
    private final List<NumberInPlace> numbers = new ArrayList<>();
    private final Label complaint = styled("", "says-fault");
    private Consumer<@Nullable Field> onField = _ -> {};
    private @Nullable Detail shown;

    private record FieldRow(Field field, List<Node> cells) {}

    /// @param onCommand told what to do, and the control that asked
    /// @param onWay told a link that was followed
    /// @param onWalk told an entry through which a walk is wanted
    EntryPane(
            ObservableValue<Palette> palette,
            BiConsumer<Command, Node> onCommand,
            Consumer<Way> onWay,
            Consumer<Detail> onWalk) {
        this.palette = palette;
        this.onCommand = onCommand;
        this.onWay = onWay;
        this.onWalk = onWalk;
        complaint.setId("memory-complaint");
        complaint.setWrapText(true);
        getStyleClass().add("entry-pane");
    }

    /// @param onField told the field under the pointer, or null
    void onField(Consumer<@Nullable Field> onField) {
        this.onField = onField;
    }

    void show(Detail detail) {
        boolean isWritten = numbers.stream().anyMatch(NumberInPlace::isEdited);
        boolean same = shown != null && shown.hpa() == detail.hpa();
        if (detail.equals(shown) || same && isWritten) {
            return;
        }
        var focused = numbers.stream().filter(NumberInPlace::hasFocus).map(Node::getId).findFirst();
        shown = detail;
        grids.clear();
        rows.clear();
        numbers.clear();
        say("");
        var title = styled(detail.title(), "panel-title");
        title.setId("memory-entry");
        title.setWrapText(true);
        getChildren()
                .setAll(
                        boxed(
                                styled(detail.kicker(), "secondary"),
                                title,
                                styled(Words.hex(detail.hpa()), "mono-secondary")),
                        ways(detail),
                        words(detail));
        if (!detail.fields().isEmpty()) {
            getChildren().add(boxed(table(detail)));
        }
        numbers.stream()
                .filter(n -> same && focused.equals(Optional.of(n.getId())))
                .forEach(NumberInPlace::focus);
    }

    private VBox words(Detail detail) {
        var note = styled(NOTHING_INVALIDATED, "secondary");
        note.setWrapText(true);
        var box = boxed();
        for (int word = 0; word < detail.raw().size(); word++) {
            int index = word;
            long raw = detail.raw().get(word);
            var number =
                    number(
                            "word %d of the entry".formatted(word),
                            Words.word(raw),
                            raw,
                            17,
                            (value, where) ->
                                    send(
                                            MemoryActions.write(detail, index, value),
                                            where,
                                            NO_ORDER));
            number.large();
            number.setId("memory-word-" + word);
            var grid =
                    new BitGrid(
                            palette,
                            raw,
                            detail.fields().stream().filter(f -> f.word() == index).toList(),
                            this::light);
            grids.add(grid);
            box.getChildren().addAll(named(detail, word, number), grid);
        }
        box.getChildren().addAll(complaint, note);
        return box;
    }

    private static Node named(Detail detail, int word, Node number) {
        if (detail.raw().size() == 1) {
            return number;
        }
        var row = new HBox(8, styled("q" + word, "secondary"), number);
        row.getStyleClass().add("form-row");
        return row;
    }

    private NumberInPlace number(
            String name, String text, long value, int digits, NumberInPlace.Taker onNumber) {
        var number = new NumberInPlace(name, text, value, digits, onNumber);
        numbers.add(number);
        return number;
    }

    private boolean send(Optional<Command> command, Node where, String why) {
        say(command.isEmpty() ? why : "");
        command.ifPresent(c -> onCommand.accept(c, where));
        return command.isPresent();
    }

    private void say(String text) {
        complaint.setText(text);
        complaint.setVisible(!text.isEmpty());
        complaint.setManaged(!text.isEmpty());
    }

    private boolean send(Detail detail, Field field, long value, Node where) {
        var tooWide =
                "%s does not fit in %s, bits %s: there are %d of them."
                        .formatted(
                                Words.hex(value),
                                FieldBits.name(field),
                                FieldBits.words(field),
                                field.high() - field.low() + 1);
        return send(
                MemoryActions.write(detail, field, value),
                where,
                detail.order().isEmpty() ? NO_ORDER : tooWide);
    }

    private VBox ways(Detail detail) {
        var box = boxed();
        for (var way : detail.ways()) {
            var value = new TextFlow();
            value.setMinWidth(0);
            HBox.setHgrow(value, Priority.ALWAYS);
            if (way.to().isPresent()) {
                var link = new Hyperlink(way.text());
                link.getStyleClass().addAll("link", "mono");
                link.setOnAction(_ -> onWay.accept(way));
                if (way.to().equals(leads(detail))) {
                    link.setId("memory-leads");
                }
                value.getChildren().add(link);
            } else {
                value.getChildren().add(styled(way.text(), "value"));
            }
            var aside = new Text(" " + way.aside());
            aside.getStyleClass().add("muted");
            value.getChildren().add(aside);
            var row = new HBox(styled(way.label(), "key"), value);
            row.getStyleClass().add("key-value");
            box.getChildren().add(row);
        }
        if (!detail.fields().isEmpty()) {
            var walk = new Button("Walk through it");
            walk.setId("memory-walk");
            walk.setOnAction(_ -> onWalk.accept(detail));
            box.getChildren().add(walk);
        }
        box.setSpacing(4);
        return box;
    }

    private static Optional<Subject> leads(Detail detail) {
        return Optional.<Subject>of(new Subject.Memory(detail.target()))
                .filter(_ -> detail.target() >= 0);
    }

    private GridPane table(Detail detail) {
        var grid = new GridPane();
        grid.getStyleClass().add("field-table");
        var names = new ColumnConstraints();
        names.setMinWidth(Region.USE_PREF_SIZE);
        var values = new ColumnConstraints();
        values.setMinWidth(Region.USE_PREF_SIZE);
        var stretch = new ColumnConstraints();
        stretch.setHgrow(Priority.ALWAYS);
        grid.getColumnConstraints().addAll(new ColumnConstraints(), names, values, stretch);
        grid.addRow(
                0,
                styled("Bits", "section-head"),
                styled("Field", "section-head"),
                styled("Value", "section-head"),
                styled("Meaning", "section-head"));
        int row = 1;
        for (var field : detail.fields()) {
            addRow(grid, detail, field, row++);
        }
        return grid;
    }

    private void addRow(GridPane grid, Detail detail, Field field, int row) {
        var meaning = styled(field.meaning(), "muted");
        meaning.setWrapText(true);
        var number =
                number(
                        FieldBits.name(field),
                        Long.toHexString(field.value()),
                        field.value(),
                        Math.clamp((field.high() - field.low()) / 4 + 3, 4, 14),
                        (value, where) -> send(detail, field, value, where));
        number.setId("memory-field-%d-%d".formatted(field.word(), field.low()));
        var bits = styled(FieldBits.words(field), "mono-secondary");
        bits.setMinWidth(USE_PREF_SIZE);
        var cells =
                List.<Node>of(
                        cell(bits),
                        cell(styled(field.name().isEmpty() ? "–" : field.name(), "strong")),
                        cell(number),
                        cell(meaning));
        for (int column = 0; column < cells.size(); column++) {
            var cell = cells.get(column);
            cell.setOnMouseEntered(_ -> light(field));
            cell.setOnMouseExited(_ -> light(null));
            grid.add(cell, column, row);
        }
        rows.add(new FieldRow(field, cells));
    }

    /// Lights a field wherever it is shown.
    void light(@Nullable Field field) {
        mark(field);
        onField.accept(field);
    }

    /// Lights a field here only: somebody points at it elsewhere.
    void mark(@Nullable Field field) {
        grids.forEach(grid -> grid.light(field));
        for (var row : rows) {
            boolean lit = row.field().equals(field);
            row.cells().forEach(cell -> cell.pseudoClassStateChanged(BitGrid.LIT, lit));
        }
    }

    private static HBox cell(Node content) {
        var cell = new HBox(content);
        cell.getStyleClass().add("field-cell");
        return cell;
    }

    private static VBox boxed(Node... content) {
        var box = new VBox(content);
        box.getStyleClass().add("inspector-section");
        return box;
    }

    private static Label styled(String text, String styleClass) {
        var label = new Label(text);
        label.getStyleClass().add(styleClass);
        return label;
    }
}
