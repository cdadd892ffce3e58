package iommulab.app.inspector;

import iommulab.app.shell.BitGrid;
import iommulab.app.shell.Words;
import iommulab.app.theme.Palette;
import iommulab.engine.iommu.Field;

import javafx.beans.value.ObservableValue;
import javafx.scene.Node;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// A table entry, raw beside decoded: each word bit by bit, and the table of its fields. Pointing at a
/// field lights its bits, pointing at a bit lights its field.
final class EntryView extends VBox {
    private final List<BitGrid> grids = new ArrayList<>();
    private final List<FieldRow> rows = new ArrayList<>();

    private record FieldRow(Field field, List<Node> cells) {}

    EntryView(ObservableValue<Palette> palette, Section.Entry entry) {
        setSpacing(6);
        for (int word = 0; word < entry.raw().size(); word++) {
            var raw = SectionViews.styled(Words.word(entry.raw().get(word)), "mono-big");
            raw.setAccessibleText("Raw word " + raw.getText());
            int index = word;
            var fields = entry.fields().stream().filter(f -> f.word() == index).toList();
            var grid = new BitGrid(palette, entry.raw().get(word), fields, this::light);
            grids.add(grid);
            getChildren().addAll(named(entry, word, raw), grid);
        }
        getChildren().add(table(entry));
    }

    private static Node named(Section.Entry entry, int word, Node raw) {
        return entry.raw().size() == 1
                ? raw
                : new HBox(8, SectionViews.styled("q" + word, "secondary"), raw);
    }

    private GridPane table(Section.Entry entry) {
        var grid = new GridPane();
        grid.getStyleClass().add("field-table");
        var stretch = new ColumnConstraints();
        stretch.setHgrow(Priority.ALWAYS);
        grid.getColumnConstraints()
                .addAll(
                        new ColumnConstraints(),
                        new ColumnConstraints(),
                        new ColumnConstraints(),
                        stretch);
        grid.addRow(
                0,
                SectionViews.styled("Bits", "section-head"),
                SectionViews.styled("Field", "section-head"),
                SectionViews.styled("Value", "section-head"),
                SectionViews.styled("Meaning", "section-head"));
        int row = 1;
        for (var field : entry.fields()) {
            addRow(grid, field, row++);
        }
        return grid;
    }

    private void addRow(GridPane grid, Field field, int row) {
        var bits =
                field.high() == field.low()
                        ? Integer.toString(field.high())
                        : field.high() + ":" + field.low();
        boolean offends = field.role() == Field.Role.OFFENDING;
        var meaning = SectionViews.styled(field.meaning(), offends ? "says-fault" : "muted");
        meaning.setWrapText(true);
        var cells =
                List.<Node>of(
                        cell(SectionViews.styled(bits, "mono-secondary")),
                        cell(
                                SectionViews.styled(
                                        field.name().isEmpty() ? "–" : field.name(),
                                        offends ? "says-fault" : "value",
                                        "strong")),
                        cell(SectionViews.styled(Long.toHexString(field.value()), "mono")),
                        cell(meaning));
        for (int column = 0; column < cells.size(); column++) {
            var cell = cells.get(column);
            cell.setOnMouseEntered(_ -> light(field));
            cell.setOnMouseExited(_ -> light(null));
            grid.add(cell, column, row);
        }
        rows.add(new FieldRow(field, cells));
    }

    private static HBox cell(Node content) {
        var cell = new HBox(content);
        cell.getStyleClass().add("field-cell");
        return cell;
    }

    private void light(@Nullable Field field) {
        grids.forEach(grid -> grid.light(field));
        for (var row : rows) {
            boolean lit = row.field().equals(field);
            row.cells().forEach(cell -> cell.pseudoClassStateChanged(BitGrid.LIT, lit));
        }
    }
}
