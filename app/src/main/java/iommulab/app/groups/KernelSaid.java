package iommulab.app.groups;

import iommulab.app.shell.FunctionNames;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// What the kernel of a captured machine said of a group, beside what we found.
///
/// @param known whether the capture lists groups
/// @param equal whether its group has the same functions as ours
/// @param words in one sentence
record KernelSaid(boolean known, boolean equal, String words) {
    static final KernelSaid UNKNOWN = new KernelSaid(false, false, "");

    static KernelSaid of(MachineSnapshot machine, Pair pair) {
        if (machine.kernelSaid().isEmpty()) {
            return UNKNOWN;
        }
        var function = pair.first();
        var number = Optional.ofNullable(machine.kernelSaid().get(function));
        var ours =
                new TreeSet<>(
                        machine.grouping()
                                .groupOf(function)
                                .map(g -> g.members())
                                .orElse(List.of()));
        var theirs = number.map(n -> members(machine, n)).orElseGet(TreeSet::new);
        if (ours.equals(theirs)) {
            return new KernelSaid(true, true, same(number, theirs));
        }
        var missing = new TreeSet<>(theirs);
        missing.removeAll(ours);
        var more = new TreeSet<>(ours);
        more.removeAll(theirs);
        return new KernelSaid(true, false, differing(number, missing, more));
    }

    private static TreeSet<PciAddress> members(MachineSnapshot machine, int number) {
        return machine.kernelSaid().entrySet().stream()
                .filter(e -> e.getValue() == number)
                .map(java.util.Map.Entry::getKey)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String same(Optional<Integer> number, TreeSet<PciAddress> members) {
        if (number.isEmpty()) {
            return "Its kernel gave it no group either";
        }
        return members.size() == 1
                ? "Its kernel said group %d, alone".formatted(number.get())
                : "Its kernel said group %d, the same %d functions"
                        .formatted(number.get(), members.size());
    }

    private static String differing(
            Optional<Integer> number, TreeSet<PciAddress> missing, TreeSet<PciAddress> more) {
        var words =
                number.map(n -> "Its kernel said group " + n).orElse("Its kernel gave it no group");
        if (!missing.isEmpty()) {
            words += ", with " + named(missing);
        }
        return more.isEmpty() ? words : words + ", without " + named(more);
    }

    private static String named(TreeSet<PciAddress> functions) {
        var first =
                functions.stream()
                        .limit(3)
                        .map(FunctionNames::address)
                        .collect(Collectors.joining(", "));
        return functions.size() <= 3
                ? first
                : first + " and %d more".formatted(functions.size() - 3);
    }
}
