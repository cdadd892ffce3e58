package iommulab.app.inspector;

import iommulab.app.inspector.Section.Fact;
import iommulab.app.shell.Words;
import iommulab.engine.iommu.Field;
import iommulab.engine.iommu.Walk;

import java.util.ArrayList;
import java.util.List;

/// One step of a walk: the entry that was read, bit by bit.
final class WalkFacts {
    private WalkFacts() {}

    static Inspected of(Walk walk, int index) {
        var step = walk.steps().get(Math.clamp(index, 0, walk.steps().size() - 1));
        var sections = new ArrayList<Section>();
        if (!step.raw().isEmpty()) {
            sections.add(new Section.Entry(step.raw(), step.fields()));
        }
        if (!step.finding().isEmpty()) {
            sections.add(new Section.Note("What the hardware concluded", finding(step)));
        }
        sections.add(
                new Section.Facts(
                        "Given by",
                        Words.count(step.cycles(), "cycle"),
                        List.of(
                                Fact.of(
                                        "Source",
                                        Span.of(step.givenBy().words()),
                                        Span.muted(step.cachePlace())))));
        sections.add(
                new Section.Facts(
                        "Request",
                        "",
                        List.of(
                                Fact.of("Source", Span.function(walk.device())),
                                Fact.of("Requester", Span.mono(walk.requester().toString())),
                                Fact.of(
                                        "Kind",
                                        Span.of(
                                                "%s %s"
                                                        .formatted(
                                                                walk.access().word(),
                                                                Words.bytes(walk.bytes())))),
                                Fact.of("iova", Span.hex(walk.iova())))));
        return new Inspected(
                "Step %d of %d, %s".formatted(index + 1, walk.steps().size(), step.detail()),
                step.name(),
                false,
                List.of(),
                step.raw().isEmpty()
                        ? List.of()
                        : List.of(Span.memory(step.entryHpa()), Span.muted("in Memory")),
                sections);
    }

    private static List<Span> finding(Walk.Step step) {
        boolean failed =
                step.kind() == Walk.Kind.FAULT
                        || step.fields().stream().anyMatch(f -> f.role() == Field.Role.OFFENDING);
        return List.of(Span.of(step.finding(), failed ? Span.Look.SAYS_FAULT : Span.Look.PLAIN));
    }
}
