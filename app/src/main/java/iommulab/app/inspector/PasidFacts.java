package iommulab.app.inspector;

import iommulab.app.inspector.Section.Deed;
import iommulab.app.inspector.Section.Fact;
import iommulab.app.inspector.Section.Offer;
import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;

import java.util.ArrayList;
import java.util.List;

/// One address space of a function: what requests with a PASID, or without one, mean.
final class PasidFacts {
    private PasidFacts() {}

    static Inspected of(MachineSnapshot machine, AddressSpace space) {
        var facts = new ArrayList<Fact>();
        facts.add(Fact.of("Device", Span.function(space.function())));
        space.domain(machine)
                .ifPresentOrElse(
                        domain -> domain(facts, domain),
                        () ->
                                facts.add(
                                        Fact.of(
                                                "Domain",
                                                Span.of(
                                                        "none: its requests fault",
                                                        Span.Look.SAYS_FAULT))));
        return new Inspected(
                "Address space of " + space.function(),
                name(space.pasid()),
                true,
                List.of(),
                List.of(),
                List.of(
                        new Section.Facts("", "", facts),
                        new Section.Offers(
                                List.of(
                                        new Offer(
                                                "Show in PASIDs",
                                                new Deed.Open(
                                                        new Subject.Pasid(
                                                                space.function(), space.pasid()),
                                                        Perspective.PASIDS))),
                                "")));
    }

    private static void domain(List<Fact> facts, Domain domain) {
        facts.add(Fact.of("Domain", Span.link(domain.name(), new Subject.Domain(domain.id()))));
        if (domain.levels() > 0) {
            facts.add(Fact.of("Stage", Span.of(domain.stage().words())));
        }
        if (domain.parent() != 0) {
            facts.add(
                    Fact.of(
                            "Nested in",
                            Span.link(
                                    "domain " + domain.parent(),
                                    new Subject.Domain(domain.parent()))));
        }
        facts.add(Fact.of("Mapped", Span.of(Words.bytes(domain.mappedBytes()))));
    }

    /// `PASID 0x2a`, `no PASID`
    static String name(int pasid) {
        return pasid == Iommu.NO_PASID ? "no PASID" : "PASID " + Words.hex(pasid);
    }
}
