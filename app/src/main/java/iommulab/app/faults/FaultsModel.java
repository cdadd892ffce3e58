package iommulab.app.faults;

import iommulab.app.shell.FaultQueue;
import iommulab.app.shell.Subject;
import iommulab.engine.iommu.Field;
import iommulab.engine.pci.AddressType;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Fault;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/// What the Faults perspective shows. Pure: same snapshot, same model.
///
/// @param headline how many, in one phrase
/// @param kinds the inbox, newest first
/// @param chosen the one that is explained
record FaultsModel(String headline, List<FaultKind> kinds, Optional<Case> chosen) {
    private static final Set<String> ALWAYS_FILLED = Set.of("F", "T1", "FR", "SID", "FI");

    /// One kind of fault, explained.
    ///
    /// @param finding what happened, in one sentence
    /// @param kernelLines exactly what dmesg prints
    /// @param parts the line taken apart
    /// @param causes checked against the machine, best first
    /// @param domain number of the domain in whose tables the request ended
    /// @param registers fault recording registers that hold it
    /// @param queue the ring that holds faults where there are no such registers
    record Case(
            FaultKind kind,
            String finding,
            List<String> kernelLines,
            List<Part> parts,
            List<Cause> causes,
            OptionalInt domain,
            List<Register> registers,
            Optional<FaultQueue> queue) {}

    /// @param name what part of the message
    /// @param meaning it in words
    record Part(String name, String meaning) {}

    /// One fault recording register, decoded.
    /// Spec: VT-d, "Fault Recording Registers".
    ///
    /// @param highMeaning its upper word, in the names of the specification
    /// @param meaning every field in words, a line each
    record Register(
            int index,
            String high,
            String low,
            String highMeaning,
            String lowMeaning,
            String meaning) {}

    static FaultsModel of(MachineSnapshot machine, Subject subject) {
        var kinds = FaultKind.of(machine);
        var chosen =
                kinds.stream()
                        .filter(k ->
                                subject instanceof Subject.Fault(long sequence)
                                        && k.holds(sequence, machine))
                        .findFirst()
                        .or(() -> kinds.stream().findFirst());
        return new FaultsModel(
                headline(machine, kinds), kinds, chosen.map(k -> explain(k, machine)));
    }

    private static String headline(MachineSnapshot machine, List<FaultKind> kinds) {
        long all = machine.counters().faults();
        var kept =
                machine.faults().size() < all
                        ? ", the last %d of %,d kept".formatted(machine.faults().size(), all)
                        : "";
        return "%s, newest first%s"
                .formatted(kinds.size() == 1 ? "1 kind" : kinds.size() + " kinds", kept);
    }

    private static Case explain(FaultKind kind, MachineSnapshot machine) {
        var fault = kind.newest();
        var causes = Diagnosis.of(fault, machine);
        var finding =
                causes.stream()
                        .map(Cause::finding)
                        .filter(f -> !f.isEmpty())
                        .findFirst()
                        .orElseGet(() -> plain(fault));
        return new Case(
                kind,
                finding,
                fault.kernelLines(),
                parts(kind),
                causes,
                Diagnosis.domainOf(fault, machine).stream().mapToInt(d -> d.id()).findFirst(),
                registers(fault, machine),
                unit(fault, machine).flatMap(FaultQueue::of));
    }

    private static String plain(Fault fault) {
        return "%s %s 0x%x and was stopped: %s."
                .formatted(
                        FaultKind.name(fault.device()),
                        Diagnosis.verb(fault),
                        fault.iova(),
                        fault.reason().kernelText());
    }

    private static List<Part> parts(FaultKind kind) {
        var fault = kind.newest();
        return List.of(
                new Part("Access", fault.access().word()),
                new Part(
                        "Address",
                        "%s 0x%x, the page of the request"
                                .formatted(
                                        fault.type() == AddressType.TRANSLATED
                                                ? "host address, as the device says,"
                                                : "IOVA",
                                        fault.iova() & -4096)),
                new Part(
                        "Requester",
                        kind.isAlias()
                                ? "%s, a name that %s is given on the way"
                                        .formatted(
                                                fault.requester(), FaultKind.name(fault.device()))
                                : fault.requester() + ", the device's own name"),
                new Part("Reason", "%s: %s".formatted(kind.code(), fault.reason().kernelText())),
                new Part(
                        "Recorded",
                        fault.recorded()
                                ? "by the hardware, in a register or its fault queue"
                                : "not: there was no room, or the entry asks for silence"),
                new Part(
                        "Seen",
                        kind.count() == 1
                                ? "once, at tick %d".formatted(fault.tick())
                                : "%d times, ticks %d to %d"
                                        .formatted(kind.count(), kind.first(), fault.tick())));
    }

    private static Optional<MachineSnapshot.Unit> unit(Fault fault, MachineSnapshot machine) {
        return machine.units().stream().filter(u -> u.name().equals(fault.unit())).findFirst();
    }

    private static List<Register> registers(Fault fault, MachineSnapshot machine) {
        return unit(fault, machine).stream()
                .flatMap(u -> u.faultRecords().stream())
                .filter(MachineSnapshot.FaultRecord::filled)
                .map(FaultsModel::register)
                .toList();
    }

    private static Register register(MachineSnapshot.FaultRecord fault) {
        var fields = fault.fields();
        return new Register(
                fault.index(),
                grouped(fault.high()),
                grouped(fault.low()),
                values(fields, 1),
                values(fields, 0),
                fields.stream()
                        .filter(field -> !field.name().isEmpty())
                        .map(field -> "%s: %s".formatted(field.name(), field.meaning()))
                        .collect(Collectors.joining("\n")));
    }

    /// The fields of a word: those that every fault fills, and of the others those that are not zero.
    private static String values(List<Field> fields, int word) {
        return fields.stream()
                .filter(field -> field.word() == word && !field.name().isEmpty())
                .filter(field -> field.value() != 0 || ALWAYS_FILLED.contains(field.name()))
                .map(field -> "%s %s".formatted(field.name(), hex(field)))
                .collect(Collectors.joining(", "));
    }

    private static String hex(Field field) {
        int digits = field.word() == 0 ? 1 : (field.high() - field.low() + 4) / 4;
        return "%%0%dx".formatted(digits).formatted(field.value());
    }

    static String grouped(long word) {
        var hex = "%016x".formatted(word);
        return "%s %s %s %s"
                .formatted(
                        hex.substring(0, 4),
                        hex.substring(4, 8),
                        hex.substring(8, 12),
                        hex.substring(12));
    }
}
