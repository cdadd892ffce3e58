package iommulab.app.inspector;

import iommulab.app.inspector.Section.Listed;
import iommulab.app.inspector.Section.Register;
import iommulab.app.shell.Workbench;
import iommulab.engine.pci.PciAddress;

import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;

import java.util.HashSet;
import java.util.Set;

/// The list of capabilities; a click opens one and shows its fields. What is open stays open.
final class CapabilityView {
    private final Workbench bench;
    private final Set<String> open = new HashSet<>();

    CapabilityView(Workbench bench) {
        this.bench = bench;
    }

    Node of(Section.Capabilities section) {
        var box = new VBox();
        for (var capability : section.listed()) {
            box.getChildren().add(entry(section.function(), capability));
        }
        for (var remark : section.remarks()) {
            var label = SectionViews.styled(remark, "secondary");
            label.setWrapText(true);
            box.getChildren().add(label);
        }
        return box;
    }

    private Node entry(PciAddress function, Listed capability) {
        var key = function + " " + capability.offset() + capability.name();
        var offset =
                SectionViews.styled(Integer.toHexString(capability.offset()), "mono-secondary");
        offset.getStyleClass().add("capability-offset");
        var name = SectionViews.styled(capability.name(), "value");
        var summary = SectionViews.styled(capability.summary(), "secondary");
        summary.setMinWidth(0);
        HBox.setHgrow(summary, Priority.ALWAYS);
        name.setMinWidth(Label.USE_PREF_SIZE);
        var row = new ToggleButton();
        row.getStyleClass().setAll("capability");
        row.setGraphic(new HBox(8, offset, name, summary));
        row.setMaxWidth(Double.MAX_VALUE);
        row.setAccessibleText(
                "%s at %s %s".formatted(capability.name(), offset.getText(), capability.summary()));
        var box = new VBox(row);
        row.setSelected(open.contains(key));
        row.setOnAction(_ -> {
            if (row.isSelected()) {
                open.add(key);
                box.getChildren().add(fields(capability));
            } else {
                open.remove(key);
                box.getChildren().remove(1);
            }
        });
        if (row.isSelected()) {
            box.getChildren().add(fields(capability));
        }
        return box;
    }

    private Node fields(Listed capability) {
        var grid = new GridPane();
        grid.getStyleClass().add("capability-fields");
        var stretch = new ColumnConstraints();
        stretch.setHgrow(Priority.ALWAYS);
        grid.getColumnConstraints()
                .addAll(new ColumnConstraints(), stretch, new ColumnConstraints());
        int row = 0;
        String register = "";
        for (var field : capability.fields()) {
            if (!field.register().equals(register)) {
                register = field.register();
                grid.add(SectionViews.styled(register, "register-name"), 0, row++, 3, 1);
            }
            addField(grid, field, row++);
        }
        return grid;
    }

    private void addField(GridPane grid, Register field, int row) {
        grid.add(SectionViews.styled(field.bits(), "mono-secondary"), 0, row);
        var name = SectionViews.styled(field.name(), "value");
        name.setMinWidth(0);
        if (!field.meaning().isEmpty()) {
            name.setTooltip(new Tooltip(field.meaning()));
            name.setAccessibleHelp(field.meaning());
        }
        grid.add(name, 1, row);
        grid.add(value(field), 2, row);
    }

    private Node value(Register field) {
        if (field.edit().isEmpty()) {
            return SectionViews.styled(field.value(), "mono");
        }
        var flip = field.edit().get();
        var bit = new ToggleButton(flip.on() ? "1" : "0");
        bit.getStyleClass().setAll("acs-bit");
        if (flip.on()) {
            bit.getStyleClass().add("on");
        }
        bit.setAccessibleText(
                "%s, bit %s: %s".formatted(field.name(), field.bits(), bit.getText()));
        bit.setTooltip(new Tooltip("Click to write " + (flip.on() ? "0" : "1")));
        bit.setOnAction(_ -> bench.submit(flip.command(), bit));
        return bit;
    }
}
