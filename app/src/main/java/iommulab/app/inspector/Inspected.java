package iommulab.app.inspector;

import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.Subject;
import iommulab.engine.pci.DeviceNames;
import iommulab.engine.session.MachineSnapshot;

import java.util.List;

/// What the inspector shows, in the words it shows. Pure: same machine and subject, same words.
///
/// @param kicker what sort of thing, above the title
/// @param mono whether the title is an address or a number
/// @param badges beside the title
/// @param subtitle below the title
record Inspected(
        String kicker,
        String title,
        boolean mono,
        List<Span> badges,
        List<Span> subtitle,
        List<Section> sections) {

    Inspected {
        badges = List.copyOf(badges);
        subtitle = List.copyOf(subtitle);
        sections = List.copyOf(sections);
    }

    static Inspected of(MachineSnapshot machine, Subject subject, DeviceNames names) {
        return switch (subject) {
            case Subject.Nothing() -> MachineFacts.of(machine);
            case Subject.Function(var address) ->
                    machine.topology()
                            .find(address)
                            .map(function -> FunctionFacts.of(machine, function, names))
                            .orElseGet(() -> gone("Function", address.toString()));
            case Subject.Group(int id) ->
                    machine.grouping().groups().stream()
                            .filter(g -> g.id() == id)
                            .findFirst()
                            .map(group -> GroupFacts.of(machine, group, names))
                            .orElseGet(() -> gone("Group", "group " + id));
            case Subject.Domain(int id) ->
                    machine.domains().stream()
                            .filter(d -> d.id() == id)
                            .findFirst()
                            .map(domain -> DomainFacts.of(machine, domain))
                            .orElseGet(() -> gone("Domain", "domain " + id));
            case Subject.Pasid(var address, int pasid) ->
                    PasidFacts.of(machine, new AddressSpace(address, pasid));
            case Subject.Mapping mapping -> DomainFacts.mapping(machine, mapping);
            case Subject.Unit(var name) ->
                    machine.units().stream()
                            .filter(u -> u.name().equals(name))
                            .findFirst()
                            .map(unit -> UnitFacts.of(machine, unit))
                            .orElseGet(() -> gone("IOMMU", name));
            case Subject.CacheLine line -> UnitFacts.line(machine, line);
            case Subject.Fault(long sequence) ->
                    machine.faults().stream()
                            .filter(f -> f.sequence() == sequence)
                            .findFirst()
                            .map(fault -> EventFacts.fault(machine, fault))
                            .orElseGet(() -> gone("Fault", "fault " + sequence));
            case Subject.DmaEvent(long tick) ->
                    machine.events().stream()
                            .filter(e -> e.tick() == tick)
                            .findFirst()
                            .map(event -> EventFacts.dma(machine, event))
                            .orElseGet(() -> gone("DMA", "request " + tick));
            case Subject.WalkStep(var walk, int step) -> WalkFacts.of(walk, step);
            case Subject.Memory(long hpa) -> MemoryFacts.of(machine, hpa);
            case Subject.Software(var key) ->
                    machine.software()
                            .node(key)
                            .map(node -> SoftwareFacts.of(machine.software(), node))
                            .orElseGet(() -> gone("Kernel object", key));
        };
    }

    /// A thing that was there once and is not in this machine.
    static Inspected gone(String kicker, String title) {
        return new Inspected(
                kicker,
                title,
                true,
                List.of(),
                List.of(),
                List.of(
                        new Section.Note(
                                "",
                                List.of(
                                        Span.muted(
                                                "Not in the machine at this position of the"
                                                        + " journal, or too long ago to be"
                                                        + " kept.")))));
    }
}
