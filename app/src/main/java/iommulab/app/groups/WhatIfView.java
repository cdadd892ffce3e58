package iommulab.app.groups;

import static iommulab.app.groups.GroupCell.fixed;
import static iommulab.app.groups.GroupCell.label;

import iommulab.app.groups.WhatIfModel.Cell;
import iommulab.app.groups.WhatIfModel.Path;
import iommulab.app.groups.WhatIfModel.Port;
import iommulab.app.shell.FunctionNames;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.engine.pci.AcsFlag;

import javafx.geometry.HPos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.Tooltip;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import org.jspecify.annotations.Nullable;

import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// The What-if column: ACS bits to turn, groups before and after, and what groups do not tell.
final class WhatIfView {
    private static final int SHOWN_PATHS = 4;

    private final Workbench workbench;
    private final BiConsumer<Port, AcsFlag> toggle;
    private final Consumer<Path> close;
    private final GridPane bits = new GridPane();
    private final RegroupCanvas canvas;
    private final HBox legend = new HBox();
    private final VBox answer = new VBox();
    private final VBox view;
    private @Nullable WhatIfModel shown;

    /// @param toggle turns a bit of a port
    /// @param close sets the bits that close a path
    WhatIfView(Workbench workbench, BiConsumer<Port, AcsFlag> toggle, Consumer<Path> close) {
        this.workbench = workbench;
        this.toggle = toggle;
        this.close = close;
        this.canvas = new RegroupCanvas(workbench.palette());
        bits.getStyleClass().add("what-if-bits");
        bits.setId("what-if-bits");
        legend.getChildren()
                .setAll(
                        swatch("changed"),
                        label("changed", "secondary"),
                        swatch("missing"),
                        label("asked for by the rule, clear", "secondary"),
                        label("– not implemented", "secondary"));
        legend.getStyleClass().add("what-if-legend");
        answer.getStyleClass().add("what-if-answer");
        var content = new VBox(bits, legend, answer);
        content.getStyleClass().add("what-if-body");
        var scroll = new ScrollPane(content);
        scroll.setFitToWidth(true);
        VBox.setVgrow(scroll, javafx.scene.layout.Priority.ALWAYS);
        var head =
                new HBox(
                        label("What if", "panel-title"),
                        GroupCell.stretching(label("ACS control bits, not applied", "muted")));
        head.getStyleClass().add("panel-tools");
        view = new VBox(head, scroll);
        view.setId("what-if");
        view.getStyleClass().add("what-if-column");
    }

    Node view() {
        return view;
    }

    private static Node swatch(String style) {
        var swatch = new Region();
        swatch.getStyleClass().addAll("what-if-swatch", style);
        return swatch;
    }

    void show(WhatIfModel model) {
        if (model.equals(shown)) {
            return;
        }
        if (shown == null || !shown.ports().equals(model.ports())) {
            fillBits(model);
        }
        for (var node : new Node[] {bits, legend}) {
            node.setVisible(!model.ports().isEmpty());
            node.setManaged(!model.ports().isEmpty());
        }
        shown = model;
        canvas.show(model.regrouping(), model.paths());
        answer.getChildren().clear();
        if (model.edited().isEmpty()) {
            answer.getChildren().add(wrapped(hint(model), "muted"));
            return;
        }
        model.regrouping()
                .ifPresentOrElse(
                        r -> answer.getChildren().addAll(counts(r), canvas),
                        () -> answer.getChildren().add(label("The engine is asked…", "muted")));
        if (!model.paths().isEmpty()) {
            answer.getChildren().add(wires(model));
        }
        answer.getChildren().add(consequences(model));
        if (!model.parameter().isEmpty()) {
            var parameter = label(model.parameter(), "mono-secondary", "parameter");
            parameter.setId("kernel-parameter");
            parameter.setMaxWidth(Double.MAX_VALUE);
            parameter.setWrapText(true);
            answer.getChildren()
                    .addAll(label("On the kernel's command line", "section-head"), parameter);
        }
    }

    private static String hint(WhatIfModel model) {
        return model.ports().stream().allMatch(port -> port.cells().isEmpty())
                ? "No port on the way up has ACS bits to turn."
                : "Click a bit to see what it would change. Nothing is written.";
    }

    private static Node consequences(WhatIfModel model) {
        var grid = new GridPane();
        grid.getStyleClass().add("what-if-consequences");
        var assign =
                new VBox(label("Assign to a VM", "section-head"), wrapped(model.assign(), "muted"));
        var rest =
                new VBox(
                        label("The rest", "section-head"),
                        wrapped(
                                model.regrouping()
                                        .map(r ->
                                                r.unchanged()
                                                        + " groups unchanged, numbered as a fresh"
                                                        + " boot would")
                                        .orElse(""),
                                "muted"));
        grid.addRow(0, assign, rest);
        for (var column : new VBox[] {assign, rest}) {
            column.setPrefWidth(100);
            GridPane.setHgrow(column, javafx.scene.layout.Priority.ALWAYS);
        }
        grid.setVisible(model.regrouping().isPresent());
        return grid;
    }

    private void fillBits(WhatIfModel model) {
        bits.getChildren().clear();
        int column = 2;
        for (var bit : AcsFlag.values()) {
            var name = label(bit.name(), "faint");
            GridPane.setHalignment(name, HPos.CENTER);
            name.setTooltip(new Tooltip(bit.words()));
            bits.add(name, column++, 0);
        }
        var control = fixed(label("control", "faint"));
        GridPane.setHalignment(control, HPos.RIGHT);
        bits.add(control, column, 0);
        int row = 1;
        for (var port : model.ports()) {
            addPort(port, row++);
        }
    }

    private void addPort(Port port, int row) {
        var address = new Hyperlink(port.address());
        address.getStyleClass().add("mono");
        address.setMinWidth(Region.USE_PREF_SIZE);
        address.setOnAction(_ -> workbench.select(new Subject.Function(port.function())));
        var role = label(port.role(), "secondary");
        role.setMinWidth(0);
        GridPane.setHgrow(role, javafx.scene.layout.Priority.ALWAYS);
        bits.add(address, 0, row);
        bits.add(role, 1, row);
        int column = 2;
        if (port.cells().isEmpty()) {
            bits.add(label(port.absent(), "secondary"), column, row, AcsFlag.values().length, 1);
            return;
        }
        for (var cell : port.cells()) {
            bits.add(bit(port, cell), column++, row);
        }
        var before = label(port.before(), "mono-secondary");
        var after = label(port.after(), "mono");
        var register =
                port.before().equals(port.after()) ? new HBox(after) : new HBox(5, before, after);
        register.setAlignment(javafx.geometry.Pos.CENTER_RIGHT);
        register.setMinWidth(Region.USE_PREF_SIZE);
        bits.add(register, column, row);
    }

    private Node bit(Port port, Cell cell) {
        var button = fixedButton(cell.digit());
        button.getStyleClass().add("what-if-bit");
        button.setId(
                "what-if-%s-%s"
                        .formatted(
                                port.address().replace(':', '-').replace('.', '-'),
                                cell.bit().name().toLowerCase(Locale.ROOT)));
        button.setAccessibleText(
                "%s of %s: %s".formatted(cell.bit().words(), port.address(), cell.digit()));
        if (!cell.implemented()) {
            button.setDisable(true);
            button.getStyleClass().add("absent");
            return button;
        }
        if (cell.set()) {
            button.getStyleClass().add("set");
        }
        if (cell.missing()) {
            button.getStyleClass().add("missing");
        }
        if (cell.changed()) {
            button.getStyleClass().add("changed");
        }
        button.setOnAction(_ -> toggle.accept(port, cell.bit()));
        return button;
    }

    private static Button fixedButton(String text) {
        var button = new Button(text);
        button.setMinWidth(Region.USE_PREF_SIZE);
        return button;
    }

    private static Node counts(Regrouping r) {
        var before = fixed(label("Before: %d groups".formatted(r.groupsBefore()), "row-name"));
        var after = fixed(label("After: %d groups".formatted(r.groupsAfter()), "row-name"));
        var row = new HBox(before, after);
        row.getStyleClass().add("before-after");
        before.setPrefWidth(1000);
        after.setPrefWidth(1000);
        before.setMinWidth(0);
        after.setMinWidth(0);
        return row;
    }

    private Node wires(WhatIfModel model) {
        var box = new VBox(label("Groups change, wires do not.", "strong"));
        box.getStyleClass().addAll("refusal-box");
        box.setId("surviving-paths");
        model.paths().stream()
                .limit(SHOWN_PATHS)
                .forEach(path -> {
                    box.getChildren().add(wrapped(path.sentence(), "body-text"));
                    if (path.closable()) {
                        var port = FunctionNames.address(path.turnsAt());
                        var set = new Hyperlink("Set RR and CR at " + port);
                        set.setOnAction(_ -> close.accept(path));
                        box.getChildren().add(set);
                    }
                });
        if (model.paths().size() > SHOWN_PATHS) {
            box.getChildren()
                    .add(
                            label(
                                    "%d more ways".formatted(model.paths().size() - SHOWN_PATHS),
                                    "muted"));
        }
        return box;
    }

    private static Node wrapped(String text, String style) {
        var label = label(text, style);
        label.setWrapText(true);
        label.setMinHeight(Region.USE_PREF_SIZE);
        return label;
    }
}
