package iommulab.app.walk;

import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.Cell;
import iommulab.engine.iommu.Walk.Step;

import java.util.ArrayList;
import java.util.List;

/// Two walks side by side: which steps belong together, and what one costs more than the other. Pure.
///
/// @param reads difference in memory reads, in words
/// @param cycles difference in cycles, in words
/// @param ends whether both end alike, in words
/// @param partners for each step of the left walk the index of the step that belongs to it
record Comparison(String reads, String cycles, String ends, List<Integer> partners) {
    public Comparison {
        partners = List.copyOf(partners);
    }

    static Comparison of(Walk left, Walk right) {
        return new Comparison(
                against(left.reads(), right.reads(), "read", "reads"),
                against(left.cycles(), right.cycles(), "cycle", "cycles"),
                ends(left, right),
                partners(left.steps(), right.steps()));
    }

    /// The step of the right walk beside a step of the left one.
    int partnerOf(int step) {
        return partners.isEmpty() ? 0 : partners.get(Math.clamp(step, 0, partners.size() - 1));
    }

    /// The step of the left walk to which a step of the right one belongs; -1 if it has none.
    int belongsTo(int step) {
        return partners.indexOf(step);
    }

    private static String against(long left, long right, String one, String many) {
        long more = right - left;
        return "%s against %s %s (%s)"
                .formatted(
                        Rung.thousands(left),
                        Rung.thousands(right),
                        right == 1 ? one : many,
                        more == 0
                                ? "the same"
                                : (more > 0 ? "+" : "−") + Rung.thousands(Math.abs(more)));
    }

    private static String ends(Walk left, Walk right) {
        var first = left.outcome();
        var second = right.outcome();
        if (first instanceof Walk.Outcome.Reached(long a, _, _, _)
                && second instanceof Walk.Outcome.Reached(long b, _, _, _)) {
            return a == b ? "Both reach %x.".formatted(a) : "They reach %x and %x.".formatted(a, b);
        }
        return "The left one %s, the right one %s.".formatted(word(first), word(second));
    }

    private static String word(Walk.Outcome outcome) {
        return switch (outcome) {
            case Walk.Outcome.Reached(long hpa, _, _, _) -> "reaches %x".formatted(hpa);
            case Walk.Outcome.Faulted(var reason, _, _) ->
                    "ends with fault %02xh".formatted(reason.code());
            case Walk.Outcome.NotTranslated _ -> "is not translated";
        };
    }

    private static List<Integer> partners(List<Step> left, List<Step> right) {
        var partners = new ArrayList<Integer>();
        int last = 0;
        for (int i = 0; i < left.size(); i++) {
            int same = i == left.size() - 1 ? right.size() - 1 : same(left.get(i), right, last);
            last = same < 0 ? last : same;
            partners.add(Math.max(0, last));
        }
        return partners;
    }

    private static int same(Step step, List<Step> steps, int from) {
        for (int i = from; i < steps.size(); i++) {
            if (belong(step, steps.get(i))) {
                return i;
            }
        }
        return -1;
    }

    private static boolean belong(Step step, Step other) {
        if (!step.cell().equals(Cell.NONE) && !other.cell().equals(Cell.NONE)) {
            return step.cell().equals(other.cell());
        }
        boolean table = step.kind() == Walk.Kind.TABLE_ENTRY || step.kind() == Walk.Kind.LEAF_ENTRY;
        boolean otherTable =
                other.kind() == Walk.Kind.TABLE_ENTRY || other.kind() == Walk.Kind.LEAF_ENTRY;
        return table && otherTable
                ? Levels.of(step) == Levels.of(other)
                : step.kind() == other.kind();
    }
}
