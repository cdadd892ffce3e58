package iommulab.app.walk;

import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.DomainUse;
import iommulab.app.shell.Subject;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.DmaEvent;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.WalkQuestion;

import java.util.Comparator;
import java.util.Optional;
import java.util.function.Predicate;

/// Which request the Walk perspective looks at when nobody asked a question: the one that the selected
/// thing is about. Pure.
final class WalkActions {
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
                                            f.device(),
                                            f.iova(),
                                            1,
                                            f.access(),
                                            f.prefix(),
                                            f.type(),
                                            withCaches));
            case Subject.Mapping(int domain, long iova) ->
                    domain(machine, domain)
                            .flatMap(DomainUse::firstOf)
                            .map(user -> user.read(iova, withCaches));
            case Subject.Domain(int id) ->
                    domain(machine, id).flatMap(d -> firstMapping(d, withCaches));
            case Subject.Pasid(var function, int pasid) -> {
                var space = new AddressSpace(function, pasid);
                yield lastOf(
                                machine,
                                e -> e.device().equals(function) && e.prefix().pasid() == pasid,
                                withCaches)
                        .or(() ->
                                Optional.of(
                                        new DomainUse(function, space.prefix())
                                                .read(firstIova(machine, space), withCaches)));
            }
            case Subject.Nothing _,
                    Subject.Group _,
                    Subject.Unit _,
                    Subject.CacheLine _,
                    Subject.WalkStep _,
                    Subject.Memory _,
                    Subject.Software _ ->
                    Optional.empty();
        };
    }

    /// The request to begin with: the newest DMA, else the first mapping of a domain, one that somebody made
    /// if there is one.
    static Optional<WalkQuestion> firstQuestion(MachineSnapshot machine, boolean withCaches) {
        return lastOf(machine, _ -> true, withCaches)
                .or(() ->
                        machine.domains().stream()
                                .sorted(Comparator.comparing((Domain d) -> !d.byUser()))
                                .flatMap(d -> firstMapping(d, withCaches).stream())
                                .findFirst());
    }

    private static long firstIova(MachineSnapshot machine, AddressSpace space) {
        return space.domain(machine).stream()
                .flatMap(d -> d.mappings().stream())
                .findFirst()
                .map(MachineSnapshot.Mapping::iova)
                .orElse(0L);
    }

    private static Optional<Domain> domain(MachineSnapshot machine, int id) {
        return machine.domains().stream().filter(d -> d.id() == id).findFirst();
    }

    /// The start of the first mapping of a domain that somebody uses.
    private static Optional<WalkQuestion> firstMapping(Domain domain, boolean withCaches) {
        return domain.mappings().stream()
                .findFirst()
                .flatMap(m ->
                        DomainUse.firstOf(domain).map(user -> user.read(m.iova(), withCaches)));
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
                                e.type(),
                                withCaches));
    }

    private static Optional<WalkQuestion> firstMapping(
            MachineSnapshot machine, PciAddress device, boolean withCaches) {
        return machine.domains().stream()
                .filter(d -> d.attached().contains(device) && !d.mappings().isEmpty())
                .findFirst()
                .flatMap(d -> firstMapping(d, withCaches))
                .map(q -> new DomainUse(device, PasidPrefix.NONE).read(q.iova(), withCaches));
    }
}
