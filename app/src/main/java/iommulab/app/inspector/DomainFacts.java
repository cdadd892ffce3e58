package iommulab.app.inspector;

import iommulab.app.inspector.Section.Deed;
import iommulab.app.inspector.Section.Fact;
import iommulab.app.inspector.Section.Offer;
import iommulab.app.shell.DomainUse;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.Mapping;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One domain, and one mapping in it.
final class DomainFacts {
    private static final int MAPPINGS_SHOWN = 24;

    private DomainFacts() {}

    static Inspected of(MachineSnapshot machine, Domain domain) {
        var sections = new ArrayList<Section>();
        sections.add(
                new Section.Facts(
                        "",
                        "",
                        List.of(
                                Fact.of("Type", Span.of(domain.type().sysfs())),
                                Fact.of(
                                        "Unit",
                                        Span.link(domain.unit(), new Subject.Unit(domain.unit()))),
                                new Fact("Stage", stage(domain)),
                                Fact.of("DID", Span.mono("0x%x".formatted(domain.tag()))),
                                Fact.of("Top table", table(domain)),
                                Fact.of("Levels", MachineFacts.number(domain.levels())),
                                Fact.of("Mapped", Span.of(Words.bytes(domain.mappedBytes()))),
                                Fact.of(
                                        "Tables",
                                        Span.of(Words.count(domain.tableFrames(), "frame"))))));
        kernelObject(machine, domain).ifPresent(sections::add);
        if (!domain.unflushed().isEmpty()) {
            sections.add(
                    new Section.Lines(
                            "Invalidations nobody sent",
                            "",
                            domain.unflushed().stream()
                                    .map(s -> List.of(Span.of(s, Span.Look.SAYS_STALE)))
                                    .toList()));
        }
        sections.add(
                new Section.Lines(
                        "Translates for",
                        Words.count(domain.attached().size(), "function"),
                        domain.attached().stream().map(a -> List.of(Span.function(a))).toList()));
        if (!domain.pasids().isEmpty()) {
            sections.add(
                    new Section.Lines(
                            "For requests with a PASID",
                            Words.count(domain.pasids().size(), "PASID"),
                            domain.pasids().stream()
                                    .map(use ->
                                            List.of(
                                                    Span.monoLink(
                                                            Words.hex(use.pasid()),
                                                            new Subject.Pasid(
                                                                    use.function(), use.pasid())),
                                                    Span.muted("of"),
                                                    Span.function(use.function())))
                                    .toList()));
        }
        sections.add(mappings(domain));
        return new Inspected(
                domain.byUser() ? "Domain" : "Default domain",
                domain.name(),
                false,
                List.of(),
                List.of(Span.muted("number %d".formatted(domain.id()))),
                sections);
    }

    /// What the kernel calls it, if a user made it by a call.
    private static Optional<Section> kernelObject(MachineSnapshot machine, Domain domain) {
        return machine.software().nodes().stream()
                .filter(node -> node.domain() == domain.id())
                .findFirst()
                .map(node ->
                        new Section.Lines(
                                "Kernel object",
                                "",
                                List.of(
                                        List.of(
                                                Span.monoLink(
                                                        node.key(),
                                                        new Subject.Software(node.key())),
                                                Span.muted(node.type())))));
    }

    private static List<Span> stage(Domain domain) {
        return domain.levels() == 0
                ? List.of(Span.muted("no table"))
                : domain.parent() == 0
                        ? List.of(Span.of(domain.stage().words()))
                        : List.of(
                                Span.of("first stage, nested in"),
                                Span.link(
                                        "domain " + domain.parent(),
                                        new Subject.Domain(domain.parent())));
    }

    private static Span table(Domain domain) {
        if (domain.table() == 0) {
            return Span.muted("none");
        }
        // Below a second stage it is a gpa.
        return domain.parent() == 0 ? Span.memory(domain.table()) : Span.hex(domain.table());
    }

    private static Section mappings(Domain domain) {
        var lines = new ArrayList<List<Span>>();
        for (var mapping : domain.mappings()) {
            if (lines.size() == MAPPINGS_SHOWN) {
                lines.add(
                        List.of(
                                Span.muted(
                                        "%d more in Domains"
                                                .formatted(
                                                        domain.mappings().size()
                                                                - MAPPINGS_SHOWN))));
                break;
            }
            lines.add(
                    List.of(
                            Span.monoLink(
                                    Words.hex(mapping.iova()),
                                    new Subject.Mapping(domain.id(), mapping.iova())),
                            Span.muted(Words.bytes(mapping.bytes())),
                            Span.of(mapping.permissions().toString(), Span.Look.MONO_MUTED)));
        }
        return new Section.Lines("Mappings", Words.count(domain.mappings().size(), "range"), lines);
    }

    static Inspected mapping(MachineSnapshot machine, Subject.Mapping subject) {
        for (var domain : machine.domains()) {
            for (var mapping : domain.mappings()) {
                if (domain.id() == subject.domain() && mapping.iova() == subject.iova()) {
                    return of(domain, mapping);
                }
            }
        }
        return Inspected.gone("Mapping", Words.hex(subject.iova()));
    }

    private static Inspected of(Domain domain, Mapping mapping) {
        var sections = new ArrayList<Section>();
        sections.add(
                new Section.Facts(
                        "",
                        "",
                        List.of(
                                Fact.of(
                                        "Domain",
                                        Span.link(domain.name(), new Subject.Domain(domain.id()))),
                                Fact.of("iova", Span.hex(mapping.iova())),
                                Fact.of("to", Span.hex(mapping.iova() + mapping.bytes() - 1)),
                                domain.parent() == 0
                                        ? Fact.of("hpa", Span.memory(mapping.hpa()))
                                        : Fact.of("gpa", Span.hex(mapping.hpa())),
                                Fact.of("Length", Span.of(Words.bytes(mapping.bytes()))),
                                Fact.of("Rights", Span.mono(mapping.permissions().toString())),
                                Fact.of("Pages", Span.of(mapping.pages())))));
        var user = DomainUse.firstOf(domain);
        if (user.isPresent()) {
            var question = user.get().read(mapping.iova(), true);
            sections.add(
                    new Section.Offers(
                            List.of(
                                    new Offer("Walk to it", new Deed.Walk(question, -1)),
                                    new Offer(
                                            "Show in Domains",
                                            new Deed.Open(
                                                    new Subject.Mapping(
                                                            domain.id(), mapping.iova()),
                                                    Perspective.DOMAINS))),
                            ""));
        }
        return new Inspected(
                "Mapping", Words.hex(mapping.iova()), true, List.of(), List.of(), sections);
    }
}
