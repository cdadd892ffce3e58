package iommulab.app.domains;

import iommulab.app.shell.HexField;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.Mapping;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleButton;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

import java.util.function.BiConsumer;

/// The form with which pages of one domain are mapped and unmapped. What the engine would refuse is
/// said while it is typed.
final class MappingForm extends VBox {
    private final BiConsumer<Command, Node> submit;
    private final HexField iova = field("map-iova", "0x40000000");
    private final HexField hpa = field("map-hpa", "0x100000000");
    private final HexField bytes = field("map-bytes", "2M or 0x1000");
    private final ToggleButton read = new ToggleButton("read");
    private final ToggleButton write = new ToggleButton("write");
    private final CheckBox flush = new CheckBox("send the invalidation");
    private final Button map = new Button("Map");
    private final Button unmap = new Button("Unmap");
    private final Label target = caption("HPA");
    private final Label complaint = new Label();
    private @Nullable Domain domain;

    /// @param submit sends a command; the node is where a refusal is shown
    MappingForm(BiConsumer<Command, Node> submit) {
        this.submit = submit;
        getStyleClass().add("mapping-form");
        map.setId("map-button");
        map.getStyleClass().add("primary");
        unmap.setId("unmap-button");
        flush.setId("unmap-flush");
        flush.setSelected(true);
        map.setMinWidth(USE_PREF_SIZE);
        unmap.setMinWidth(USE_PREF_SIZE);
        flush.setMinWidth(USE_PREF_SIZE);
        read.setSelected(true);
        write.setSelected(true);
        read.getStyleClass().add("chip");
        write.getStyleClass().add("chip");
        complaint.setId("map-complaint");
        complaint.setWrapText(true);
        complaint.getStyleClass().addAll("secondary", "says-fault");
        var head = new Label("Map or unmap");
        head.getStyleClass().add("section-head");
        getChildren()
                .addAll(
                        head,
                        grid(),
                        new Row(read, write),
                        complaint,
                        new Row(map),
                        new Row(unmap, flush));
        map.setOnAction(_ -> map());
        unmap.setOnAction(_ -> unmap());
        for (var field : new HexField[] {iova, hpa, bytes}) {
            field.textProperty().addListener((_, _, _) -> judge());
            field.setOnAction(_ -> map.fire());
        }
        read.selectedProperty().addListener((_, _, _) -> judge());
        write.selectedProperty().addListener((_, _, _) -> judge());
        judge();
    }

    private static final class Row extends HBox {
        Row(Node... nodes) {
            super(nodes);
            getStyleClass().add("form-row");
        }
    }

    private static HexField field(String id, String prompt) {
        var field = new HexField(prompt, 14);
        field.setId(id);
        return field;
    }

    private GridPane grid() {
        var grid = new GridPane();
        grid.getStyleClass().add("form-grid");
        grid.addRow(0, caption("IOVA"), iova);
        grid.addRow(1, target, hpa);
        grid.addRow(2, caption("Bytes"), bytes);
        return grid;
    }

    private static Label caption(String text) {
        var label = new Label(text);
        label.getStyleClass().add("secondary");
        label.setMinWidth(USE_PREF_SIZE);
        return label;
    }

    void show(Domain shown) {
        domain = shown;
        target.setText(MapDraft.target(shown));
        setDisable(!DomainsModel.hasTable(shown));
        judge();
    }

    /// Puts a mapping into the fields, as a start for unmapping or for a neighbour.
    void fill(Mapping mapping) {
        iova.show(mapping.iova());
        hpa.show(mapping.hpa());
        bytes.show(mapping.bytes());
        read.setSelected(mapping.permissions().read());
        write.setSelected(mapping.permissions().write());
    }

    private MapDraft draft() {
        return new MapDraft(iova.number(), hpa.number(), bytes.number());
    }

    private void judge() {
        if (domain == null) {
            map.setDisable(true);
            unmap.setDisable(true);
            return;
        }
        var draft = draft();
        var typed = typing();
        var toMap = typed.isEmpty() ? draft.complaintToMap(domain) : typed;
        var toUnmap = typed.isEmpty() ? draft.complaintToUnmap(domain) : typed;
        boolean rights = read.isSelected() || write.isSelected();
        map.setDisable(!toMap.isEmpty() || !draft.isCompleteToMap() || !rights);
        unmap.setDisable(!toUnmap.isEmpty() || !draft.isCompleteToUnmap());
        // What can be unmapped cannot be mapped: then that is no complaint.
        complaint.setText(unmap.isDisabled() || !draft.isCompleteToMap() ? toMap : "");
        complaint.setManaged(!complaint.getText().isEmpty());
    }

    private String typing() {
        for (var field : new HexField[] {iova, hpa, bytes}) {
            if (!field.complaint().get().isEmpty()) {
                return field.complaint().get();
            }
        }
        return "";
    }

    private void map() {
        if (domain != null && !map.isDisabled()) {
            submit.accept(
                    new Command.MapPages(
                            domain.id(),
                            iova.number().orElseThrow(),
                            hpa.number().orElseThrow(),
                            bytes.number().orElseThrow(),
                            Permissions.of(read.isSelected(), write.isSelected())),
                    map);
        }
    }

    private void unmap() {
        if (domain != null) {
            submit.accept(
                    new Command.UnmapPages(
                            domain.id(),
                            iova.number().orElseThrow(),
                            bytes.number().orElseThrow(),
                            flush.isSelected()),
                    unmap);
        }
    }
}
