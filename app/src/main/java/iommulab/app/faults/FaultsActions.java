package iommulab.app.faults;

import iommulab.engine.iommu.Access;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Domain;
import iommulab.engine.session.MachineSnapshot.Fault;
import iommulab.engine.session.MachineSnapshot.Unit;
import iommulab.engine.session.WalkQuestion;

import java.util.List;
import java.util.Optional;

/// Gestures of the Faults perspective turned into commands and questions. Pure.
final class FaultsActions {
    private static final int REQUEST_BYTES = 64;
    private static final long PAGE = 4096;

    private FaultsActions() {}

    /// The walk of a fault, with the tables as they are now and no cache to hide them.
    static WalkQuestion walkOf(Fault fault) {
        return new WalkQuestion(
                fault.device(),
                fault.iova(),
                1,
                fault.access(),
                fault.prefix(),
                fault.type(),
                false);
    }

    static Command again(Fault fault) {
        return new Command.IssueDma(
                fault.device(), fault.iova(), 1, fault.access(), fault.prefix(), fault.type());
    }

    /// Acknowledges what is recorded.
    static List<Command> clear(MachineSnapshot machine) {
        return machine.units().stream()
                .filter(u ->
                        u.faultRecords().stream().anyMatch(MachineSnapshot.FaultRecord::filled))
                .map(Unit::name)
                .<Command>map(Command.ClearFaults::new)
                .toList();
    }

    /// A DMA that must fail: some device reads the first page that its domain does not map.
    static Optional<Command> makeOne(MachineSnapshot machine) {
        return machine.domains().stream()
                .filter(d -> d.levels() > 0 && !d.attached().isEmpty())
                .filter(d ->
                        machine.units().stream()
                                .anyMatch(u ->
                                        u.name().equals(d.unit())
                                                && u.emulated()
                                                && u.translating()))
                .findFirst()
                .map(d ->
                        new Command.IssueDma(
                                d.attached().getFirst(), unmapped(d), REQUEST_BYTES, Access.READ));
    }

    private static long unmapped(Domain domain) {
        long page = PAGE;
        for (var mapping : domain.mappings()) {
            if (AddressRange.of(mapping.iova(), mapping.bytes()).contains(page)) {
                page = mapping.iova() + mapping.bytes();
            }
        }
        return page;
    }
}
