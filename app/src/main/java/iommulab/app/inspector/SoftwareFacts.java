package iommulab.app.inspector;

import iommulab.app.inspector.Section.Deed;
import iommulab.app.inspector.Section.Fact;
import iommulab.app.inspector.Section.Offer;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.engine.os.SoftwareView;

import java.util.ArrayList;
import java.util.List;

/// Something that the kernel remembers, with what keeps it alive and what it keeps alive.
final class SoftwareFacts {
    private SoftwareFacts() {}

    static Inspected of(SoftwareView software, SoftwareView.Node node) {
        var sections = new ArrayList<Section>();
        sections.add(new Section.Facts("", "", facts(node)));
        sections.add(
                new Section.Lines(
                        "Kept alive by",
                        "",
                        software.keeping(node.key()).stream()
                                .map(edge -> line(edge.from(), edge.why()))
                                .toList()));
        sections.add(
                new Section.Lines(
                        "Keeps alive",
                        "",
                        software.edges().stream()
                                .filter(edge -> edge.from().equals(node.key()))
                                .map(edge -> line(edge.to(), edge.why()))
                                .toList()));
        sections.add(
                new Section.Offers(
                        List.of(
                                new Offer(
                                        "Show in Software",
                                        new Deed.Open(
                                                new Subject.Software(node.key()),
                                                Perspective.SOFTWARE))),
                        ""));
        return new Inspected(
                node.type(), node.key(), true, List.of(), List.of(), List.copyOf(sections));
    }

    private static List<Fact> facts(SoftwareView.Node node) {
        var facts = new ArrayList<Fact>();
        if (!node.type().equals("process")) {
            facts.add(Fact.of("References", MachineFacts.number(node.references())));
        }
        if (node.domain() != 0) {
            facts.add(
                    Fact.of(
                            "Domain",
                            Span.link(
                                    "domain " + node.domain(), new Subject.Domain(node.domain()))));
        }
        node.facts().forEach(fact -> facts.add(Fact.of(fact.name(), Span.of(fact.value()))));
        return facts;
    }

    private static List<Span> line(String key, String why) {
        return List.of(Span.monoLink(key, new Subject.Software(key)), Span.muted(why));
    }
}
