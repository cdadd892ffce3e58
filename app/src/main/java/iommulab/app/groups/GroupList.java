package iommulab.app.groups;

import iommulab.app.shell.FunctionNames;
import iommulab.engine.group.Group;
import iommulab.engine.group.Viability;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// The list of groups, in the words shown. Pure: same snapshot, same list.
///
/// @param counted how many of all groups the filter leaves
record GroupList(List<Row> rows, String counted) {
    GroupList {
        rows = List.copyOf(rows);
    }

    /// One line of the list.
    sealed interface Row {}

    /// @param rest the first device's name, or how many more there are
    record GroupRow(int group, PciAddress first, String rest, Drivers drivers, boolean open)
            implements Row {}

    record MemberRow(int group, PciAddress function, String name, String driver, boolean usesDma)
            implements Row {}

    /// Whether the group could be given to a user.
    record ViableRow(int group, boolean viable, String words) implements Row {}

    record UngroupedRow(PciAddress function, String name, String reason) implements Row {}

    /// @param filter what a group must contain: a number, an address, a device name, a driver
    /// @param open groups whose members are shown
    static GroupList of(MachineSnapshot machine, String filter, Set<Integer> open) {
        var wanted = filter.strip().toLowerCase(Locale.ROOT);
        var rows = new ArrayList<Row>();
        int shown = 0;
        for (var group : machine.grouping().groups()) {
            if (matches(machine, group, wanted)) {
                shown++;
                add(rows, machine, group, open.contains(group.id()));
            }
        }
        machine.grouping().ungrouped().entrySet().stream()
                .sorted(java.util.Map.Entry.comparingByKey())
                .filter(e -> wanted.isEmpty() || e.getKey().toString().contains(wanted))
                .forEach(e ->
                        rows.add(
                                new UngroupedRow(
                                        e.getKey(), name(machine, e.getKey()), e.getValue())));
        int all = machine.grouping().groups().size();
        return new GroupList(rows, all == 0 ? "no groups" : "%d of %d".formatted(shown, all));
    }

    private static boolean matches(MachineSnapshot machine, Group group, String wanted) {
        if (wanted.isEmpty()) {
            return true;
        }
        boolean isNumber =
                machine.grouping().groups().stream()
                        .anyMatch(g -> wanted.equals(String.valueOf(g.id())));
        if (isNumber) {
            return wanted.equals(String.valueOf(group.id()));
        }
        return group.members().stream()
                .anyMatch(m ->
                        m.toString().contains(wanted)
                                || name(machine, m).toLowerCase(Locale.ROOT).contains(wanted)
                                || driver(machine, m).orElse("").contains(wanted));
    }

    private static void add(List<Row> rows, MachineSnapshot machine, Group group, boolean open) {
        var first = group.members().getFirst();
        int more = group.members().size() - 1;
        var drivers = Drivers.of(machine.topology(), group);
        rows.add(
                new GroupRow(
                        group.id(),
                        first,
                        more == 0 ? name(machine, first) : "and %d more".formatted(more),
                        drivers,
                        open));
        if (!open) {
            return;
        }
        for (var member : Viability.of(group, machine.topology()).members()) {
            rows.add(
                    new MemberRow(
                            group.id(),
                            member.function(),
                            name(machine, member.function()),
                            member.driver().orElse("–"),
                            member.standing() == Viability.Standing.IN_THE_WAY));
        }
        rows.add(new ViableRow(group.id(), drivers.viable(), drivers.words()));
    }

    static String name(MachineSnapshot machine, PciAddress function) {
        return machine.topology()
                .find(function)
                .map(f -> FunctionNames.isPort(f) ? FunctionNames.role(f) : FunctionNames.name(f))
                .orElse("");
    }

    private static Optional<String> driver(MachineSnapshot machine, PciAddress function) {
        return machine.topology().find(function).flatMap(PciFunction::driver);
    }
}
