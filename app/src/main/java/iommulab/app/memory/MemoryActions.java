package iommulab.app.memory;

import iommulab.app.shell.AddressSpace;
import iommulab.app.shell.Subject;
import iommulab.engine.iommu.Field;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;

import java.util.Optional;
import java.util.OptionalLong;

/// Gestures of the Memory perspective turned into commands and places. Pure.
final class MemoryActions {
    private MemoryActions() {}

    /// Writes a whole word of an entry; nothing if it cannot be told how the entry lies in memory.
    ///
    /// @param raw as hardware is to take it
    static Optional<Command> write(Detail detail, int word, long raw) {
        return detail.order()
                .map(order ->
                        new Command.WriteMemory(
                                detail.addressOf(word),
                                order.placed(detail.memory().get(word), raw)));
    }

    /// The bits of memory that are a field.
    static HexCanvas.Lit lit(Detail detail, Field field) {
        long mask = FieldBits.of(field).mask();
        return new HexCanvas.Lit(
                detail.addressOf(field.word()),
                detail.order().map(order -> order.placed(0, mask)).orElse(0L));
    }

    /// Writes one field of an entry, all other bits as they are; nothing if the value is too wide.
    static Optional<Command> write(Detail detail, Field field, long value) {
        int width = field.high() - field.low() + 1;
        if (width < Long.SIZE && value >>> width != 0) {
            return Optional.empty();
        }
        long raw = detail.raw().get(field.word());
        return write(detail, field.word(), FieldBits.of(field).into(raw, value));
    }

    /// The place in memory that a subject is about: a unit's device table, a domain's top table, the
    /// entry of a step, the page of a mapping.
    static OptionalLong placeOf(MachineSnapshot machine, Subject subject) {
        return switch (subject) {
            case Subject.Memory(long hpa) -> OptionalLong.of(hpa);
            case Subject.WalkStep(var walk, int step) ->
                    walk.steps().get(step).raw().isEmpty()
                            ? OptionalLong.empty()
                            : OptionalLong.of(walk.steps().get(step).entryHpa());
            case Subject.Unit(var name) ->
                    machine.units().stream()
                            .filter(u -> u.name().equals(name) && u.rootTable() != 0)
                            .mapToLong(MachineSnapshot.Unit::rootTable)
                            .findFirst();
            case Subject.Domain(int id) ->
                    machine.domains().stream()
                            .filter(d -> d.id() == id && d.table() != 0 && d.parent() == 0)
                            .mapToLong(MachineSnapshot.Domain::table)
                            .findFirst();
            case Subject.Mapping(int domain, long iova) ->
                    machine.domains().stream()
                            .filter(d -> d.id() == domain && d.parent() == 0)
                            .flatMap(d -> d.mappings().stream())
                            .filter(m -> m.iova() == iova)
                            .mapToLong(MachineSnapshot.Mapping::hpa)
                            .findFirst();
            case Subject.Pasid(var function, int pasid) ->
                    new AddressSpace(function, pasid)
                            .domain(machine)
                            .filter(d -> d.table() != 0 && d.parent() == 0)
                            .map(d -> OptionalLong.of(d.table()))
                            .orElse(OptionalLong.empty());
            case Subject.Nothing _,
                    Subject.Function _,
                    Subject.Group _,
                    Subject.CacheLine _,
                    Subject.Fault _,
                    Subject.DmaEvent _,
                    Subject.Software _ ->
                    OptionalLong.empty();
        };
    }
}
