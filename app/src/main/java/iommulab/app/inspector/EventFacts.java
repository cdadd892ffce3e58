package iommulab.app.inspector;

import iommulab.app.inspector.Section.Deed;
import iommulab.app.inspector.Section.Fact;
import iommulab.app.inspector.Section.Offer;
import iommulab.app.shell.Perspective;
import iommulab.app.shell.Subject;
import iommulab.app.shell.Words;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.DmaOutcome;
import iommulab.engine.session.MachineSnapshot.Fault;
import iommulab.engine.session.WalkQuestion;

import java.util.ArrayList;
import java.util.List;

/// One DMA, and one fault.
final class EventFacts {
    private EventFacts() {}

    static Inspected dma(MachineSnapshot machine, DmaEvent event) {
        var sections = new ArrayList<Section>();
        sections.add(new Section.Facts("", "", facts(event)));
        if (!event.note().isEmpty()) {
            sections.add(new Section.Note("", List.of(Span.of(event.note()))));
        }
        sections.add(new Section.Offers(List.of(walk(event)), ""));
        return new Inspected(
                "DMA",
                "request " + Words.thousands(event.tick()),
                false,
                List.of(outcome(event)),
                List.of(Span.function(event.device())),
                sections);
    }

    /// The section at the foot of a function.
    static Section lastDma(DmaEvent event) {
        return new Section.Facts("Last DMA", "tick " + Words.thousands(event.tick()), facts(event));
    }

    private static List<Fact> facts(DmaEvent event) {
        var facts = new ArrayList<Fact>();
        facts.add(
                Fact.of(
                        "Request",
                        Span.of(
                                "%s %s"
                                        .formatted(
                                                event.access().word(),
                                                Words.bytes(event.bytes())))));
        facts.add(Fact.of("Requester", Span.mono(event.requester().toString())));
        if (event.prefix().isPresent()) {
            facts.add(prefix(event.device(), event.prefix()));
        }
        facts.add(Fact.of("iova", Span.hex(event.iova())));
        var result = new ArrayList<Span>();
        result.add(outcome(event));
        event.fault()
                .ifPresentOrElse(
                        f -> result.add(Span.of("%02xh".formatted(f.code()), Span.Look.SAYS_FAULT)),
                        () -> result.add(Span.hex(event.target())));
        event.peer().ifPresent(p -> result.add(Span.function(p)));
        facts.add(new Fact("Result", result));
        facts.add(
                Fact.of(
                        "Cost",
                        Span.of(Words.count(event.cycles(), "cycle")),
                        Span.muted(Words.count(event.reads(), "read")),
                        Span.link("show", new Subject.DmaEvent(event.tick()))));
        return facts;
    }

    private static Fact prefix(PciAddress device, PasidPrefix prefix) {
        var intent = new ArrayList<Span>();
        intent.add(
                Span.monoLink(
                        Words.hex(prefix.pasid()), new Subject.Pasid(device, prefix.pasid())));
        if (prefix.execute()) {
            intent.add(Span.of("execute"));
        }
        if (prefix.privileged()) {
            intent.add(Span.of("privileged"));
        }
        return new Fact("PASID", intent);
    }

    private static Offer walk(DmaEvent event) {
        return new Offer(
                "Walk it again",
                new Deed.Walk(
                        new WalkQuestion(
                                event.device(),
                                event.iova(),
                                event.bytes(),
                                event.access(),
                                event.prefix(),
                                event.type(),
                                true),
                        -1));
    }

    private static String type(AddressType type) {
        return switch (type) {
            case UNTRANSLATED -> "untranslated";
            case TRANSLATION_REQUEST -> "question for a translation";
            case TRANSLATED -> "translated already";
        };
    }

    private static Span outcome(DmaEvent event) {
        return Span.of(event.outcome().word(), look(event.outcome()));
    }

    private static Span.Look look(DmaOutcome outcome) {
        return switch (outcome) {
            case HIT -> Span.Look.HIT;
            case WALK -> Span.Look.WALK;
            case STALE -> Span.Look.STALE;
            case FAULT -> Span.Look.FAULT;
            case PEER -> Span.Look.PEER;
            case BLOCKED -> Span.Look.BLOCKED;
            case BYPASS, INTERRUPT -> Span.Look.BADGE;
        };
    }

    static Inspected fault(MachineSnapshot machine, Fault fault) {
        var sections = new ArrayList<Section>();
        sections.add(new Section.Note("In words", List.of(Span.of(fault.reason().meaning()))));
        sections.add(
                new Section.Facts(
                        "",
                        "",
                        List.of(
                                Fact.of("Device", Span.function(fault.device())),
                                Fact.of("Requester", Span.mono(fault.requester().toString())),
                                fault.prefix().isPresent()
                                        ? prefix(fault.device(), fault.prefix())
                                        : Fact.of("PASID", Span.muted("none")),
                                Fact.of("iova", Span.hex(fault.iova())),
                                Fact.of("Access", Span.of(fault.access().word())),
                                Fact.of("Address type", Span.of(type(fault.type()))),
                                Fact.of(
                                        "Unit",
                                        Span.link(fault.unit(), new Subject.Unit(fault.unit()))),
                                Fact.of(
                                        "Domain",
                                        fault.domain() < 0
                                                ? Span.muted("none")
                                                : Span.mono("0x%x".formatted(fault.domain()))),
                                Fact.of("Recorded", Span.of(fault.recorded() ? "yes" : "no")),
                                Fact.of("tick", MachineFacts.number(fault.tick())))));
        sections.add(
                new Section.Lines(
                        "As dmesg prints it",
                        "",
                        fault.kernelLines().stream()
                                .map(line -> List.of(Span.of(line, Span.Look.MONO_MUTED)))
                                .toList()));
        var question =
                new WalkQuestion(
                        fault.device(),
                        fault.iova(),
                        1,
                        fault.access(),
                        fault.prefix(),
                        fault.type(),
                        false);
        sections.add(
                new Section.Offers(
                        List.of(
                                new Offer("Walk to the fault", new Deed.Walk(question, -1)),
                                new Offer("Go there in time", new Deed.GoTo(fault.journal())),
                                new Offer(
                                        "Show in Faults",
                                        new Deed.Open(
                                                new Subject.Fault(fault.sequence()),
                                                Perspective.FAULTS))),
                        ""));
        return new Inspected(
                "Fault",
                fault.reason().kernelText(),
                false,
                List.of(Span.of("%02xh".formatted(fault.reason().code()), Span.Look.FAULT)),
                List.of(),
                sections);
    }
}
