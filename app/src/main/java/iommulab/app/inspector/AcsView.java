package iommulab.app.inspector;

import iommulab.app.inspector.Section.AcsBit;
import iommulab.app.inspector.Section.AcsPort;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;

/// The access control bits of every port on the way up; a click on a bit writes it.
final class AcsView {
    private static final String[] NAMES = {"SV", "TB", "RR", "CR", "UF", "EC", "DT"};

    private final Workbench bench;

    AcsView(Workbench bench) {
        this.bench = bench;
    }

    Node of(Section.AcsPath path) {
        var grid = new GridPane();
        grid.getStyleClass().add("acs");
        var names = new HBox();
        for (var name : NAMES) {
            names.getChildren().add(SectionViews.styled(name, "acs-name"));
        }
        grid.add(names, 1, 0);
        int row = 1;
        for (var port : path.ports()) {
            addPort(grid, port, row++);
        }
        return grid;
    }

    private void addPort(GridPane grid, AcsPort port, int row) {
        var link = new Hyperlink(port.port().withoutDomain());
        link.getStyleClass().addAll("link", "mono");
        link.setAccessibleText(port.port().toString());
        link.setOnAction(_ -> bench.select(new Subject.Function(port.port())));
        grid.add(link, 0, row);
        if (port.bits().isEmpty()) {
            grid.add(SectionViews.styled(port.remark(), "muted"), 1, row, 2, 1);
            return;
        }
        var bits = new HBox();
        bits.getStyleClass().add("acs-bits");
        port.bits().forEach(bit -> bits.getChildren().add(bit(port, bit)));
        grid.add(bits, 1, row);
        grid.add(SectionViews.styled(port.control(), "mono-secondary"), 2, row);
    }

    private Node bit(AcsPort port, AcsBit bit) {
        var text = bit.offered() ? (bit.on() ? "1" : "0") : "–";
        var button = new Button(text);
        button.getStyleClass().setAll("acs-bit");
        if (bit.missing()) {
            button.getStyleClass().add("missing");
        }
        if (bit.on()) {
            button.getStyleClass().add("on");
        }
        var words =
                "%s %s of %s: %s"
                        .formatted(
                                bit.name(),
                                bit.words(),
                                port.port().withoutDomain(),
                                bit.offered() ? text : "not offered by the port");
        button.setAccessibleText(words);
        button.setTooltip(new Tooltip(words + (bit.flip().isPresent() ? "\nClick to change" : "")));
        bit.flip().ifPresent(command -> button.setOnAction(_ -> bench.submit(command, button)));
        button.setFocusTraversable(bit.flip().isPresent());
        return button;
    }
}
