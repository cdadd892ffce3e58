package iommulab.app.inspector;

import iommulab.app.shell.Workbench;
import iommulab.app.theme.Palette;

import javafx.scene.Node;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.control.Labeled;
import javafx.scene.layout.FlowPane;
import javafx.scene.text.TextFlow;

import java.util.List;

/// Builds the nodes of spans; a span that leads somewhere is a link.
final class Spans {
    private static final double NARROW = 100;

    private final Workbench bench;

    Spans(Workbench bench) {
        this.bench = bench;
    }

    Node node(Span span) {
        var node = labeled(span);
        node.getStyleClass().addAll(span.look().styleClasses());
        span.category().ifPresent(n -> node.getStyleClass().add(Palette.categoryClass(n)));
        node.setAccessibleText(span.text());
        node.setMinWidth(0);
        return node;
    }

    private Labeled labeled(Span span) {
        if (span.leadsTo().isEmpty()) {
            return new Label(span.text());
        }
        var target = span.leadsTo().get();
        var link = new Hyperlink(span.text());
        link.getStyleClass().add("link");
        link.setOnAction(_ -> bench.select(target));
        return link;
    }

    /// Spans beside each other, on the next line where there is no room.
    FlowPane flow(List<Span> spans) {
        var flow = new FlowPane(6, 0);
        flow.setPrefWrapLength(NARROW);
        for (var span : spans) {
            var node = node(span);
            if (node instanceof Label label) {
                label.setWrapText(true);
                label.maxWidthProperty().bind(flow.widthProperty());
            }
            flow.getChildren().add(node);
        }
        return flow;
    }

    /// Spans as running text.
    TextFlow text(List<Span> spans) {
        var flow = new TextFlow();
        flow.getStyleClass().add("running-text");
        for (var span : spans) {
            if (span.leadsTo().isPresent()) {
                flow.getChildren().add(node(span));
            } else {
                var text = new javafx.scene.text.Text(span.text() + " ");
                text.getStyleClass().addAll(span.look().styleClasses());
                flow.getChildren().add(text);
            }
        }
        return flow;
    }
}
