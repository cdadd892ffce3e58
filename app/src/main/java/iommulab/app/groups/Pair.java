package iommulab.app.groups;

import iommulab.app.shell.FunctionNames;
import iommulab.app.shell.Subject;
import iommulab.engine.group.Group;
import iommulab.engine.pci.Header;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.session.MachineSnapshot;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The two functions that the proof is about.
///
/// @param second empty where a function is alone in its group
record Pair(PciAddress first, Optional<PciAddress> second) {

    /// The pair that a subject asks for: a function beside another of its group, or the devices of a
    /// group. Other subjects keep the pair, as long as its functions exist.
    static Optional<Pair> of(MachineSnapshot machine, Subject subject, Optional<Pair> kept) {
        return switch (subject) {
            case Subject.Function(var function) -> about(machine, function, kept);
            case Subject.Group(int id) ->
                    machine.grouping().groups().stream()
                            .filter(g -> g.id() == id)
                            .findFirst()
                            .map(g -> withinGroup(machine, g, kept));
            case Subject.Nothing _,
                    Subject.Domain _,
                    Subject.Mapping _,
                    Subject.Unit _,
                    Subject.CacheLine _,
                    Subject.Pasid _,
                    Subject.Fault _,
                    Subject.DmaEvent _,
                    Subject.WalkStep _,
                    Subject.Memory _,
                    Subject.Software _ ->
                    kept.filter(pair -> pair.fits(machine)).or(() -> anySharing(machine));
        };
    }

    private static Optional<Pair> about(
            MachineSnapshot machine, PciAddress function, Optional<Pair> kept) {
        if (machine.topology().find(function).isEmpty()) {
            return anySharing(machine);
        }
        if (kept.filter(pair -> pair.fits(machine) && pair.names(function)).isPresent()) {
            return kept;
        }
        var group = machine.grouping().groupOf(function);
        return Optional.of(new Pair(function, group.flatMap(g -> otherThan(machine, g, function))));
    }

    private static Pair withinGroup(MachineSnapshot machine, Group group, Optional<Pair> kept) {
        boolean fits =
                kept.filter(pair ->
                                pair.fits(machine)
                                        && group.members().contains(pair.first)
                                        && pair.second.map(group.members()::contains).orElse(false))
                        .isPresent();
        if (fits) {
            return kept.get();
        }
        var devices = devices(machine, group);
        var first = devices.isEmpty() ? group.members().getFirst() : devices.getFirst();
        return new Pair(first, otherThan(machine, group, first));
    }

    private static Optional<PciAddress> otherThan(
            MachineSnapshot machine, Group group, PciAddress function) {
        return devices(machine, group).stream()
                .filter(d -> !d.equals(function))
                .findFirst()
                .or(() -> group.members().stream().filter(m -> !m.equals(function)).findFirst());
    }

    private static List<PciAddress> devices(MachineSnapshot machine, Group group) {
        return group.members().stream()
                .filter(m ->
                        machine.topology()
                                .find(m)
                                .filter(f -> !Header.isBridge(f.config()))
                                .isPresent())
                .toList();
    }

    /// The pair that people would ask about first: of a group below a bridge, where ACS decides, before
    /// one on a root bus; then of the group with the most devices.
    private static Optional<Pair> anySharing(MachineSnapshot machine) {
        return machine.grouping().groups().stream()
                .filter(g -> g.members().size() > 1)
                .max(
                        Comparator.comparing((Group g) -> isBelowBridge(machine, g))
                                .thenComparingInt(g ->
                                        devices(machine, g).size() > 1 ? g.members().size() : 0))
                .map(g -> withinGroup(machine, g, Optional.empty()));
    }

    private static boolean isBelowBridge(MachineSnapshot machine, Group group) {
        return group.members().stream()
                .anyMatch(m -> machine.topology().find(m).flatMap(PciFunction::parent).isPresent());
    }

    /// Whether both functions exist, and one that stands alone still is alone in its group.
    boolean fits(MachineSnapshot machine) {
        return machine.topology().find(first).isPresent()
                && second.map(s -> machine.topology().find(s).isPresent())
                        .orElseGet(() -> isAlone(machine));
    }

    private boolean isAlone(MachineSnapshot machine) {
        return machine.grouping().groupOf(first).map(g -> g.members().size() == 1).orElse(true);
    }

    boolean names(PciAddress function) {
        return first.equals(function) || second.map(function::equals).orElse(false);
    }

    /// `03:00.0` or `03:00.0 and 04:00.0`
    @Override
    public String toString() {
        return FunctionNames.address(first)
                + second.map(s -> " and " + FunctionNames.address(s)).orElse("");
    }
}
