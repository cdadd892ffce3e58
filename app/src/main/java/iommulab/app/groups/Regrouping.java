package iommulab.app.groups;

import iommulab.app.shell.FunctionNames;
import iommulab.engine.group.Group;
import iommulab.engine.group.Grouping;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.Preview;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Groups before and after, function by function, for those that change.
///
/// @param lines one function each; neighbours of one group stand together
/// @param unchanged how many groups stay as they are
record Regrouping(
        int groupsBefore, int groupsAfter, List<Line> lines, int unchanged, String sentence) {
    Regrouping {
        lines = List.copyOf(lines);
    }

    /// @param before group now, -1 if none
    /// @param after group then, -1 if none
    record Line(PciAddress function, String name, int before, int after, Change change) {}

    /// What becomes of the group that a function will be in.
    enum Change {
        CHANGED("changed"),
        NEW("new");

        private final String word;

        Change(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }
    }

    static Regrouping of(Preview preview) {
        var kept = new HashSet<Set<PciAddress>>();
        preview.before().groups().forEach(g -> kept.add(Set.copyOf(g.members())));
        kept.retainAll(sets(preview.after()));
        var before = numbers(preview.before(), kept);
        var after = numbers(preview.after(), kept);
        int groupsBefore = (int) before.values().stream().distinct().count();
        int groupsAfter = (int) after.values().stream().distinct().count();
        boolean splits = groupsAfter >= groupsBefore;
        var order =
                Comparator.comparingInt((Line line) -> splits ? line.before() : line.after())
                        .thenComparingInt(line -> splits ? line.after() : line.before());
        var lines =
                preview.topology().functions().stream()
                        .map(f -> f.address())
                        .filter(f -> before.containsKey(f) || after.containsKey(f))
                        .map(f -> line(preview, f, before, after))
                        .sorted(order)
                        .toList();
        return new Regrouping(
                preview.before().groups().size(),
                preview.after().groups().size(),
                lines,
                kept.size(),
                sentence(groupsBefore, groupsAfter, lines.size()));
    }

    private static Line line(
            Preview preview,
            PciAddress function,
            Map<PciAddress, Integer> before,
            Map<PciAddress, Integer> after) {
        int then = after.getOrDefault(function, -1);
        return new Line(
                function,
                preview.topology().find(function).map(FunctionNames::role).orElse(""),
                before.getOrDefault(function, -1),
                then,
                goesOn(preview, then) ? Change.CHANGED : Change.NEW);
    }

    /// A group goes on in the one that has its first function.
    private static boolean goesOn(Preview preview, int after) {
        var members =
                preview.after().groups().stream()
                        .filter(g -> g.id() == after)
                        .findFirst()
                        .map(Group::members)
                        .orElse(List.of());
        return preview.before().groups().stream()
                .anyMatch(g -> members.contains(g.members().getFirst()));
    }

    private static Set<Set<PciAddress>> sets(Grouping grouping) {
        var sets = new HashSet<Set<PciAddress>>();
        grouping.groups().forEach(g -> sets.add(Set.copyOf(g.members())));
        return sets;
    }

    private static Map<PciAddress, Integer> numbers(Grouping grouping, Set<Set<PciAddress>> kept) {
        var numbers = new java.util.HashMap<PciAddress, Integer>();
        for (var group : grouping.groups()) {
            if (!kept.contains(Set.copyOf(group.members()))) {
                group.members().forEach(m -> numbers.put(m, group.id()));
            }
        }
        return numbers;
    }

    private static String sentence(int before, int after, int functions) {
        if (functions == 0) {
            return "No group changes.";
        }
        return "%s %s %d, %s regrouped."
                .formatted(
                        before == 1 ? "1 group" : before + " groups",
                        before == 1 ? "becomes" : "become",
                        after,
                        functions == 1 ? "1 function" : functions + " functions");
    }

    /// Runs of lines with the same group.
    ///
    /// @param after whether by the group after, else before
    List<Run> runs(boolean after) {
        var runs = new ArrayList<Run>();
        for (int i = 0; i < lines.size(); i++) {
            int group = after ? lines.get(i).after() : lines.get(i).before();
            if (!runs.isEmpty() && runs.getLast().group() == group) {
                runs.set(runs.size() - 1, new Run(group, runs.getLast().from(), i));
            } else {
                runs.add(new Run(group, i, i));
            }
        }
        return runs;
    }

    /// @param from first line
    /// @param to last line
    record Run(int group, int from, int to) {}
}
