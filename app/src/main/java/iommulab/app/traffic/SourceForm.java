package iommulab.app.traffic;

import iommulab.app.shell.FunctionChooser;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.traffic.TrafficSource;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.TextField;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import javafx.util.StringConverter;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Puts a traffic source together: device, pattern with its numbers, weight, size, share of writes.
final class SourceForm extends VBox {
    private final BiConsumer<Command, Node> submit;
    private final FunctionChooser device = new FunctionChooser();
    private final ComboBox<PatternKind> kind = new ComboBox<>();
    private final GridPane grid = new GridPane();
    private final List<TextField> numbers = new ArrayList<>();
    private final TextField weight = text("source-weight", "10");
    private final TextField bytes = text("source-bytes", "64");
    private final TextField writes = text("source-writes", "50");
    private final TextField seed = text("source-seed", "1");
    private final Label complaint = new Label();
    private final Button add = new Button("Add");
    private final Button replace = new Button("Replace");
    private final Button remove = new Button("Remove");
    private @Nullable MachineSnapshot machine;
    private int selected;

    SourceForm(BiConsumer<Command, Node> submit) {
        this.submit = submit;
        getStyleClass().add("traffic-form");
        grid.getStyleClass().add("form-grid");
        device.setId("source-device");
        device.setMaxWidth(Double.MAX_VALUE);
        kind.setId("source-pattern");
        kind.setMaxWidth(Double.MAX_VALUE);
        kind.getItems().addAll(PatternKind.values());
        kind.setConverter(
                new StringConverter<>() {
                    @Override
                    public String toString(PatternKind value) {
                        return value == null ? "" : value.words();
                    }

                    @Override
                    public PatternKind fromString(String words) {
                        return PatternKind.valueOf(words);
                    }
                });
        add.setId("source-add");
        add.getStyleClass().add("primary");
        replace.setId("source-replace");
        remove.setId("source-remove");
        complaint.getStyleClass().add("secondary");
        complaint.setWrapText(true);
        var buttons = new HBox(add, replace, remove);
        buttons.getStyleClass().add("form-row");
        var head = new Label("Source");
        head.getStyleClass().add("section-head");
        getChildren().addAll(head, grid, complaint, buttons);
        kind.valueProperty().addListener((_, _, _) -> layOut());
        device.valueProperty().addListener((_, _, _) -> propose());
        for (var field : List.of(weight, bytes, writes, seed)) {
            field.textProperty().addListener((_, _, _) -> judge());
        }
        add.setOnAction(_ -> send(nextId(), add));
        replace.setOnAction(_ -> send(selected, replace));
        remove.setOnAction(_ -> submit.accept(new Command.RemoveSource(selected), remove));
        kind.setValue(PatternKind.SEQUENTIAL);
    }

    private static TextField text(String id, String start) {
        var field = new TextField(start);
        field.setId(id);
        field.setPrefColumnCount(6);
        return field;
    }

    private void layOut() {
        numbers.clear();
        grid.getChildren().clear();
        grid.addRow(0, caption("device"), device);
        grid.addRow(1, caption("pattern"), kind);
        int row = 2;
        for (var ask : kind.getValue().asks()) {
            var field = new TextField(ask.start());
            field.setId("source-" + (row - 2));
            field.getStyleClass().add("mono");
            field.textProperty().addListener((_, _, _) -> judge());
            numbers.add(field);
            grid.addRow(row++, caption(ask.name()), field);
        }
        var rest = new HBox(weight, second("B each"), bytes);
        rest.getStyleClass().add("form-row");
        grid.addRow(row++, caption("weight"), rest);
        var more = new HBox(writes, second("seed"), seed);
        more.getStyleClass().add("form-row");
        grid.addRow(row, caption("% writes"), more);
        propose();
    }

    /// Of the other field in a row: as wide in every row, so that fields stand below each other.
    private static Label second(String text) {
        var label = caption(text);
        label.getStyleClass().add("pair-caption");
        return label;
    }

    private static Label caption(String text) {
        var label = new Label(text);
        label.getStyleClass().add("secondary");
        label.setMinWidth(USE_PREF_SIZE);
        return label;
    }

    /// Fills empty addresses with what the chosen device's domain maps first, so that a first try works.
    private void propose() {
        var asks = kind.getValue().asks();
        firstMapping()
                .ifPresent(mapping -> {
                    boolean first = true;
                    for (int i = 0; i < asks.size(); i++) {
                        if (asks.get(i).notation() != PatternKind.Notation.HEX) {
                            continue;
                        }
                        if (asks.get(i).name().endsWith("IOVA")
                                && numbers.get(i).getText().isBlank()) {
                            numbers.get(i).setText("0x" + Long.toHexString(mapping.iova()));
                        } else if (first && asks.get(i).name().equals("bytes")) {
                            numbers.get(i).setText("0x" + Long.toHexString(mapping.bytes()));
                            first = false;
                        }
                    }
                });
        judge();
    }

    private Optional<MachineSnapshot.Mapping> firstMapping() {
        var now = machine;
        var chosen = device.chosen();
        if (now == null || chosen.isEmpty()) {
            return Optional.empty();
        }
        return now.domains().stream()
                .filter(d -> d.attached().contains(chosen.get()))
                .flatMap(d -> d.mappings().stream())
                .findFirst();
    }

    void show(MachineSnapshot now) {
        boolean first = machine == null;
        machine = now;
        device.show(now);
        if (first) {
            propose();
        }
    }

    /// Puts a source into the fields; 0 as its number when none is selected.
    void edit(@Nullable TrafficSource source) {
        selected = source == null ? 0 : source.id();
        if (source != null) {
            device.choose(source.device());
            kind.setValue(PatternKind.of(source.pattern()));
            var texts = PatternKind.texts(source.pattern());
            for (int i = 0; i < texts.size(); i++) {
                numbers.get(i).setText(texts.get(i));
            }
            weight.setText("" + source.weight());
            bytes.setText("" + source.requestBytes());
            writes.setText("" + source.writePercent());
            seed.setText("" + source.seed());
        }
        judge();
    }

    void choose(PciAddress address) {
        device.choose(address);
    }

    private int nextId() {
        return machine == null
                ? 1
                : machine.sources().stream().mapToInt(TrafficSource::id).max().orElse(0) + 1;
    }

    /// The source that the fields describe. An empty field is no mistake yet; it is only named.
    private Optional<TrafficSource> source(int id) {
        var empty = emptyFields();
        complaint.getStyleClass().remove("says-fault");
        if (!empty.isEmpty()) {
            complaint.setText("Still to fill in: " + empty);
            return Optional.empty();
        }
        try {
            var texts = numbers.stream().map(TextField::getText).toList();
            var source =
                    new TrafficSource(
                            id,
                            device.chosen()
                                    .orElseThrow(
                                            () -> new IllegalArgumentException("choose a device")),
                            kind.getValue().read(texts),
                            number(weight, "weight"),
                            number(bytes, "B each"),
                            number(writes, "% writes"),
                            seed());
            complaint.setText("");
            return Optional.of(source);
        } catch (IllegalArgumentException | ArithmeticException refused) {
            complaint.getStyleClass().add("says-fault");
            complaint.setText(String.valueOf(refused.getMessage()));
            return Optional.empty();
        }
    }

    private String emptyFields() {
        var asks = kind.getValue().asks();
        return IntStream.range(0, Math.min(asks.size(), numbers.size()))
                .filter(i -> numbers.get(i).getText().isBlank())
                .mapToObj(i -> asks.get(i).name())
                .collect(Collectors.joining(", "));
    }

    private static int number(TextField field, String name) {
        try {
            return Integer.parseInt(field.getText().strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": write a decimal number", e);
        }
    }

    private long seed() {
        try {
            return Long.parseLong(seed.getText().strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("seed: write a decimal number", e);
        }
    }

    private void judge() {
        boolean complete = source(Math.max(1, selected)).isPresent();
        complaint.setManaged(!complete);
        add.setDisable(!complete);
        replace.setDisable(!complete || selected == 0);
        remove.setDisable(selected == 0);
    }

    private void send(int id, Node where) {
        source(id).ifPresent(s -> submit.accept(new Command.SetSource(s), where));
    }
}
