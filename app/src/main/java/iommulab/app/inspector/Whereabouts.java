package iommulab.app.inspector;

import iommulab.app.shell.Subject;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The way from a root bus down to what is selected: bus, ports and switches, function, event. For
/// things that do not hang on a bus, from what they belong to.
final class Whereabouts {
    /// A longer way is shortened in its middle.
    private static final int MOST = 5;

    private static final String SKIPPED = "…";

    private Whereabouts() {}

    /// Links, from the outermost to the subject itself; empty for what is nowhere in particular.
    static List<Span> of(MachineSnapshot machine, Subject subject) {
        return shortened(
                switch (subject) {
                    case Subject.Nothing _,
                            Subject.Group _,
                            Subject.Unit _,
                            Subject.Domain _,
                            Subject.Memory _,
                            Subject.Software _ ->
                            List.of();
                    case Subject.Function(var address) -> function(machine, address);
                    case Subject.Pasid(var address, int pasid) ->
                            below(machine, address, PasidFacts.name(pasid), subject);
                    case Subject.Mapping(int domain, long iova) ->
                            List.of(
                                    Span.link("domain " + domain, new Subject.Domain(domain)),
                                    Span.monoLink("%x".formatted(iova), subject));
                    case Subject.CacheLine line ->
                            List.of(
                                    Span.link(line.unit(), new Subject.Unit(line.unit())),
                                    Span.link(line.kind().words(), subject));
                    case Subject.Fault(long sequence) ->
                            machine.faults().stream()
                                    .filter(f -> f.sequence() == sequence)
                                    .findFirst()
                                    .map(f -> below(machine, f.device(), "fault", subject))
                                    .orElse(List.of());
                    case Subject.DmaEvent(long tick) ->
                            machine.events().stream()
                                    .filter(e -> e.tick() == tick)
                                    .findFirst()
                                    .map(e -> below(machine, e.device(), "DMA", subject))
                                    .orElse(List.of());
                    case Subject.WalkStep(var walk, int step) ->
                            below(machine, walk.device(), "step " + (step + 1), subject);
                });
    }

    private static List<Span> below(
            MachineSnapshot machine, PciAddress device, String what, Subject subject) {
        var way = function(machine, device);
        way.add(Span.link(what, subject));
        return way;
    }

    private static List<Span> function(MachineSnapshot machine, PciAddress address) {
        var way = new ArrayList<Span>();
        var at = Optional.of(address);
        var root = address;
        // A parent that leads in a circle is refused when a machine is made; this only bounds the
        // way.
        for (int depth = 0; at.isPresent() && depth < 256; depth++) {
            root = at.get();
            way.addFirst(Span.monoLink(root.withoutDomain(), new Subject.Function(root)));
            at = machine.topology().find(root).flatMap(f -> f.parent());
        }
        var bus =
                root.domain() == 0
                        ? "bus %02x".formatted(root.bus())
                        : "bus %04x:%02x".formatted(root.domain(), root.bus());
        way.addFirst(Span.link(bus, new Subject.Nothing()));
        return way;
    }

    /// What is left out can be reached through its lowest part.
    private static List<Span> shortened(List<Span> way) {
        if (way.size() <= MOST) {
            return way;
        }
        int tail = way.size() - (MOST - 2);
        var shorter = new ArrayList<Span>();
        shorter.add(way.getFirst());
        shorter.add(Span.link(SKIPPED, way.get(tail - 1).leadsTo().orElseThrow()));
        shorter.addAll(way.subList(tail, way.size()));
        return shorter;
    }
}
