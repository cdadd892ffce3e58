package iommulab.app.groups;

import static iommulab.app.groups.GroupCell.fixed;
import static iommulab.app.groups.GroupCell.label;
import static iommulab.app.groups.GroupCell.stretching;

import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;

import javafx.scene.Node;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import java.util.List;
import java.util.Optional;

/// The proof of a pair: the finding, the chains, and what follows from them.
final class ProofView {
    private final Workbench workbench;
    private final VBox content = new VBox();
    private final ScrollPane view = new ScrollPane(content);
    private Optional<ProofModel> shown = Optional.empty();

    ProofView(Workbench workbench) {
        this.workbench = workbench;
        view.setId("proof");
        view.setFitToWidth(true);
        view.getStyleClass().add("proof");
        content.getStyleClass().add("proof-body");
    }

    Node view() {
        return view;
    }

    void show(Optional<ProofModel> model) {
        if (model.equals(shown) && !content.getChildren().isEmpty()) {
            return;
        }
        shown = model;
        content.getChildren().setAll(model.map(this::proof).orElseGet(() -> List.of(nothing())));
    }

    private static Node nothing() {
        return label(
                "No group to explain. Open a machine with functions behind an IOMMU.", "muted");
    }

    private List<Node> proof(ProofModel model) {
        var finding = label(model.finding(), "finding");
        finding.setId("finding");
        finding.setMinHeight(Region.USE_PREF_SIZE);
        return List.of(finding, chains(model), facts(model));
    }

    private Node chains(ProofModel model) {
        return new ChainsPane(
                model.first().stream().map(b -> box(b, model)).toList(),
                model.second().stream().map(b -> box(b, model)).toList(),
                model.common().stream().map(b -> box(b, model)).toList());
    }

    private Region box(ProofModel.Box box, ProofModel model) {
        var address = new Hyperlink(box.address());
        address.getStyleClass().add("mono");
        address.setMinWidth(Region.USE_PREF_SIZE);
        address.setOnAction(_ -> workbench.select(new Subject.Function(box.function())));
        var number = fixed(label(String.valueOf(box.number()), "step-number"));
        var head = new HBox(address, stretching(label(box.name(), "muted")), number);
        head.getStyleClass().add("proof-head");
        var lines = new VBox(head);
        lines.getStyleClass().add("proof-lines");
        box.lines().forEach(line -> lines.getChildren().add(line(line)));
        var whole = new VBox(lines, end(box, model));
        whole.getStyleClass().add("proof-box");
        if (box.asked()) {
            whole.getStyleClass().add("asked");
        }
        return whole;
    }

    private static Node line(ProofModel.Line line) {
        var colour =
                switch (line.mark()) {
                    case FACT -> "muted";
                    case PASSES -> "says-hit";
                    case FAILS -> "says-fault";
                };
        var sign = fixed(label(line.mark().sign(), colour));
        sign.getStyleClass().add("proof-sign");
        var text = label(line.text());
        text.setWrapText(true);
        if (line.mark() == ProofModel.Mark.FAILS) {
            text.getStyleClass().add(colour);
        }
        var words = new VBox(text);
        HBox.setHgrow(words, javafx.scene.layout.Priority.ALWAYS);
        if (!line.evidence().isEmpty()) {
            var evidence = label(line.evidence(), "mono-secondary");
            evidence.setWrapText(true);
            if (line.mark() == ProofModel.Mark.FAILS) {
                evidence.getStyleClass().addAll("says-fault", "strong");
            }
            words.getChildren().add(evidence);
        }
        var row = new HBox(sign, words);
        row.getStyleClass().add("proof-line");
        return row;
    }

    private static Node end(ProofModel.Box box, ProofModel model) {
        var end = new HBox(label(box.last(), "muted"));
        end.getStyleClass().add("proof-end");
        if (box.last().startsWith("opens") && model.opens() >= 0) {
            end.getChildren().setAll(label("opens group", "muted"), GroupCell.tab(model.opens()));
        }
        return end;
    }

    private static Node facts(ProofModel model) {
        var left = new VBox(label("What would separate them", "section-head"));
        for (var remedy : model.remedies()) {
            var row = new HBox(fixed(label("✓", "says-hit")), wrapped(remedy, "body-text"));
            row.getStyleClass().add("proof-line");
            left.getChildren().add(row);
        }
        var right = new VBox(label("Where the facts come from", "section-head"));
        model.sources().forEach(s -> right.getChildren().add(wrapped(s, "muted")));
        if (model.kernel().known()) {
            var sign = model.kernel().equal() ? label("✓", "says-hit") : label("✕", "says-fault");
            var row = new HBox(fixed(sign), wrapped(model.kernel().words(), "muted"));
            row.setId("kernel-said");
            row.getStyleClass().add("proof-line");
            right.getChildren().add(row);
        }
        left.getStyleClass().add("proof-facts");
        right.getStyleClass().add("proof-facts");
        var grid = new GridPane();
        var columns = model.remedies().isEmpty() ? List.of(right) : List.of(left, right);
        columns.forEach(column -> grid.addRow(0, column));
        for (var column : columns) {
            GridPane.setHgrow(column, javafx.scene.layout.Priority.ALWAYS);
            column.setPrefWidth(100);
        }
        grid.getStyleClass().add("proof-bottom");
        return grid;
    }

    private static Label wrapped(String text, String style) {
        var label = label(text, style);
        label.setWrapText(true);
        label.setMinHeight(Region.USE_PREF_SIZE);
        return label;
    }
}
