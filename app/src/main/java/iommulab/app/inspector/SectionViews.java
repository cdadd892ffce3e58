package iommulab.app.inspector;

import iommulab.app.inspector.Section.Deed;
import iommulab.app.inspector.Section.Fact;
import iommulab.app.inspector.Section.Offer;
import iommulab.app.shell.Workbench;

import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

import java.util.ArrayList;
import java.util.List;

/// Builds the nodes of each kind of section.
final class SectionViews {
    private static final int COMPACT_FACTS = 7;

    private final Workbench bench;
    private final Spans spans;
    private final CapabilityView capabilities;

    SectionViews(Workbench bench) {
        this.bench = bench;
        this.spans = new Spans(bench);
        this.capabilities = new CapabilityView(bench);
    }

    List<Node> head(Inspected model) {
        var kicker = styled(model.kicker(), "secondary");
        var title = styled(model.title(), model.mono() ? "inspector-title-mono" : "panel-title");
        title.setId("inspector-title");
        title.setWrapText(true);
        title.setMinWidth(0);
        var line = new FlowPane(8, 2, title);
        line.setMinWidth(0);
        title.maxWidthProperty().bind(line.widthProperty());
        model.badges().forEach(b -> line.getChildren().add(spans.node(b)));
        var nodes = new ArrayList<Node>(List.of(kicker, line));
        if (!model.subtitle().isEmpty()) {
            nodes.add(spans.text(model.subtitle()));
        }
        return nodes;
    }

    Node of(Section section) {
        return switch (section) {
            case Section.Facts facts -> boxed(facts.head(), facts.aside(), grid(facts.facts()));
            case Section.Note note -> boxed(note.head(), "", spans.text(note.text()));
            case Section.Lines lines -> boxed(lines.head(), lines.aside(), lines(lines.lines()));
            case Section.Capabilities list ->
                    boxed("Capabilities", "from configuration bytes", capabilities.of(list));
            case Section.AcsPath path ->
                    boxed(
                            "ACS on the way up",
                            "control register",
                            new AcsView(bench).of(path),
                            spans.text(path.verdict()));
            case Section.Entry entry -> boxed("", "", new EntryView(bench.palette(), entry));
            case Section.Settings settings ->
                    boxed(settings.head(), "", new SettingsView(bench, settings));
            case Section.Offers offers -> offers(offers);
        };
    }

    private static VBox boxed(String head, String aside, Node... content) {
        var box = new VBox();
        box.getStyleClass().add("inspector-section");
        if (!head.isEmpty() || !aside.isEmpty()) {
            var spring = new Region();
            HBox.setHgrow(spring, Priority.ALWAYS);
            box.getChildren()
                    .add(new HBox(styled(head, "section-head"), spring, styled(aside, "aside")));
        }
        box.getChildren().addAll(content);
        return box;
    }

    private VBox grid(List<Fact> facts) {
        var box = new VBox();
        for (var fact : facts) {
            var value = spans.text(fact.value());
            HBox.setHgrow(value, Priority.ALWAYS);
            var row = new HBox(styled(fact.name(), "key"), value);
            row.getStyleClass().add("key-value");
            box.getChildren().add(row);
        }
        return box;
    }

    /// What fits beside a narrow window: values below their names, and the buttons.
    Node compact(Section section) {
        return switch (section) {
            case Section.Facts facts when facts.head().isEmpty() -> {
                var box = boxed("", "");
                facts.facts().stream()
                        .limit(COMPACT_FACTS)
                        .forEach(fact -> box.getChildren().add(named(fact)));
                yield box;
            }
            case Section.Offers offers -> {
                var box = boxed("", "");
                box.setSpacing(6);
                for (var offer : offers.offers()) {
                    var button = button(offer);
                    button.setMaxWidth(Double.MAX_VALUE);
                    button.setMinWidth(0);
                    box.getChildren().add(button);
                }
                yield box;
            }
            case Section.Note note -> boxed("", "", spans.text(note.text()));
            case Section.Facts _,
                    Section.Lines _,
                    Section.Capabilities _,
                    Section.AcsPath _,
                    Section.Settings _,
                    Section.Entry _ ->
                    unseen();
        };
    }

    private VBox named(Fact fact) {
        var pair = new VBox(styled(fact.name(), "secondary"), spans.text(fact.value()));
        pair.getStyleClass().add("key-above-value");
        return pair;
    }

    private static Node unseen() {
        var nothing = new Region();
        nothing.setManaged(false);
        nothing.setVisible(false);
        return nothing;
    }

    private VBox lines(List<List<Span>> lines) {
        var box = new VBox(2);
        lines.forEach(line -> box.getChildren().add(spans.text(line)));
        if (lines.isEmpty()) {
            box.getChildren().add(styled("none", "muted"));
        }
        return box;
    }

    private VBox offers(Section.Offers offers) {
        var buttons = new FlowPane(8, 6);
        for (var offer : offers.offers()) {
            buttons.getChildren().add(button(offer));
        }
        var box = boxed("", "", buttons);
        if (!offers.remark().isEmpty()) {
            var remark = styled(offers.remark(), "secondary");
            remark.setWrapText(true);
            box.getChildren().add(remark);
        }
        return box;
    }

    private Button button(Offer offer) {
        var button = new Button(offer.title());
        button.setAccessibleText(offer.title());
        button.setOnAction(_ -> run(offer.deed(), button));
        return button;
    }

    private void run(Deed deed, Node where) {
        switch (deed) {
            case Deed.Open(var subject, var perspective) -> {
                bench.select(subject);
                bench.open(perspective);
            }
            case Deed.Walk(var question, int step) -> bench.openWalk(question, step);
            case Deed.Do(var command) -> bench.submit(command, where);
            case Deed.GoTo(int journal) -> bench.goTo(journal, where);
        }
    }

    static Label styled(String text, String... styleClasses) {
        var label = new Label(text);
        label.getStyleClass().addAll(styleClasses);
        return label;
    }
}
