package iommulab.app.inspector;

import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Workbench;
import iommulab.app.theme.Palette;

import javafx.scene.Node;
import javafx.scene.control.Hyperlink;
import javafx.scene.control.Label;
import javafx.scene.text.Text;
import javafx.scene.text.TextFlow;

import java.util.List;

/// Builds running text of spans; a span that leads somewhere is a link.
final class Spans {
    private final Workbench bench;

    Spans(Workbench bench) {
        this.bench = bench;
    }

    TextFlow text(List<Span> spans) {
        var flow = new TextFlow();
        flow.getStyleClass().add("running-text");
        flow.setMinWidth(0);
        for (var span : spans) {
            if (!flow.getChildren().isEmpty()) {
                flow.getChildren().add(new Text(" "));
            }
            flow.getChildren().add(node(span));
        }
        return flow;
    }

    Node node(Span span) {
        if (span.leadsTo().isPresent()) {
            return link(span);
        }
        return switch (span.look()) {
            case PLAIN,
                    MUTED,
                    STRONG,
                    MONO,
                    MONO_MUTED,
                    MONO_STRONG,
                    SAYS_HIT,
                    SAYS_FAULT,
                    SAYS_STALE -> {
                var text = new Text(span.text());
                text.getStyleClass().addAll(span.look().styleClasses());
                yield text;
            }
            case BADGE, KERNEL, USER, HIT, WALK, FAULT, STALE, PEER, BLOCKED, TAB -> {
                var label = new Label(span.text());
                label.getStyleClass().addAll(span.look().styleClasses());
                yield label;
            }
        };
    }

    private Hyperlink link(Span span) {
        var target = span.leadsTo().orElseThrow();
        var link = new Hyperlink(span.text());
        link.getStyleClass().add("link");
        link.getStyleClass().addAll(span.look().styleClasses());
        span.category().ifPresent(n -> link.getStyleClass().add(Palette.categoryClass(n)));
        link.setAccessibleText(span.look() == Span.Look.TAB ? "group " + span.text() : span.text());
        link.setOnAction(_ -> {
            bench.select(target);
            if (target instanceof Subject.Memory) {
                bench.open(Perspective.MEMORY);
            } else if (target instanceof Subject.Software) {
                bench.open(Perspective.SOFTWARE);
            }
        });
        return link;
    }
}
