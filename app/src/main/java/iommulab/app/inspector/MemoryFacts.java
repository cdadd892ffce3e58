package iommulab.app.inspector;

import iommulab.app.inspector.Section.Fact;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.List;

/// A place in memory: what answers there, and which domains lead to it.
final class MemoryFacts {
    private MemoryFacts() {}

    static Inspected of(MachineSnapshot machine, long hpa) {
        var facts = new ArrayList<Fact>();
        facts.add(Fact.of("Lies in", Span.of(region(machine, hpa))));
        for (var domain : machine.domains()) {
            for (var mapping : domain.mappings()) {
                long offset = hpa - mapping.hpa();
                if (domain.parent() == 0 && Long.compareUnsigned(offset, mapping.bytes()) < 0) {
                    facts.add(
                            Fact.of(
                                    "Mapped by",
                                    Span.link(domain.name(), new Subject.Domain(domain.id())),
                                    Span.muted("at"),
                                    Span.monoLink(
                                            Words.hex(mapping.iova() + offset),
                                            new Subject.Mapping(domain.id(), mapping.iova()))));
                }
            }
        }
        return new Inspected(
                "Memory",
                Words.hex(hpa),
                true,
                List.of(),
                List.of(),
                List.of(new Section.Facts("", "", facts)));
    }

    private static String region(MachineSnapshot machine, long hpa) {
        return machine.memory().stream()
                .filter(r -> r.range().contains(hpa))
                .findFirst()
                .map(r -> r.name())
                .orElse("nothing: reads give ones");
    }
}
