package iommulab.app.walk;

import iommulab.app.shell.Subject;
import iommulab.engine.iommu.Access;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.WalkQuestion;

import java.util.Optional;
import java.util.function.Predicate;

/// Which request the Walk perspective looks at when nobody asked a question: the one that the selected
/// thing is about. Pure.
final class WalkActions {
    private static final int REQUEST_BYTES = 64;

    private WalkActions() {}

    /// The request that a subject stands for, if it stands for one.
    static Optional<WalkQuestion> questionFor(
            MachineSnapshot machine, Subject subject, boolean withCaches) {
        return switch (subject) {
            case Subject.Function(PciAddress address) ->
                    lastOf(machine, e -> e.device().equals(address), withCaches)
                            .or(() -> firstMapping(machine, address, withCaches));
            case Subject.DmaEvent(long tick) -> lastOf(machine, e -> e.tick() == tick, withCaches);
            case Subject.Fault(long sequence) ->
                    machine.faults().stream()
                            .filter(f -> f.sequence() == sequence)
                            .findFirst()
                            .map(f ->
                                    new WalkQuestion(
                                            f.device(), f.iova(), 1, f.access(), withCaches));
            case Subject.Mapping(int domain, long iova) ->
                    machine.domains().stream()
                            .filter(d -> d.id() == domain && !d.attached().isEmpty())
                            .findFirst()
                            .map(d -> read(d.attached().getFirst(), iova, withCaches));
            case Subject.Domain(int id) ->
                    machine.domains().stream()
                            .filter(d -> d.id() == id && !d.attached().isEmpty())
                            .findFirst()
                            .flatMap(d ->
                                    firstMapping(machine, d.attached().getFirst(), withCaches));
            case Subject.Nothing _,
                    Subject.Group _,
                    Subject.Unit _,
                    Subject.CacheLine _,
                    Subject.WalkStep _,
                    Subject.Memory _ ->
                    Optional.empty();
        };
    }

    /// The request to begin with: the newest DMA, else the first mapping of any domain.
    static Optional<WalkQuestion> firstQuestion(MachineSnapshot machine, boolean withCaches) {
        return lastOf(machine, _ -> true, withCaches)
                .or(() ->
                        machine.domains().stream()
                                .filter(d -> !d.attached().isEmpty() && !d.mappings().isEmpty())
                                .findFirst()
                                .map(d ->
                                        read(
                                                d.attached().getFirst(),
                                                d.mappings().getFirst().iova(),
                                                withCaches)));
    }

    private static Optional<WalkQuestion> lastOf(
            MachineSnapshot machine, Predicate<DmaEvent> which, boolean withCaches) {
        return machine.events().stream()
                .filter(which)
                .findFirst()
                .map(e ->
                        new WalkQuestion(
                                e.device(),
                                e.iova(),
                                e.bytes(),
                                e.access(),
                                e.prefix(),
                                withCaches));
    }

    private static Optional<WalkQuestion> firstMapping(
            MachineSnapshot machine, PciAddress device, boolean withCaches) {
        return machine.domains().stream()
                .filter(d -> d.attached().contains(device) && !d.mappings().isEmpty())
                .findFirst()
                .map(d -> read(device, d.mappings().getFirst().iova(), withCaches));
    }

    private static WalkQuestion read(PciAddress device, long iova, boolean withCaches) {
        return new WalkQuestion(device, iova, REQUEST_BYTES, Access.READ, withCaches);
    }
}
