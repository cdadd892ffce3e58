package iommulab.engine.group;

import iommulab.engine.group.Proof.Link;
import iommulab.engine.group.ProofStep.Verdict;
import iommulab.engine.pci.PciAddress;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Follows the links of a grouping from two functions to where they meet, and says in one sentence what
/// brought them together or kept them apart.
record ProofChains(Grouping grouping) {

    Proof of(PciAddress first, PciAddress second) {
        var from = chain(first);
        var to = chain(second);
        var meeting = meeting(from, to);
        if (meeting.isEmpty()) {
            return new Proof(false, apart(first, second), from, to, List.of());
        }
        var left = until(from, meeting.get());
        var right = until(to, meeting.get());
        return new Proof(true, together(first, second, left, right), left, right, List.of());
    }

    /// From a function, link by link, to the one that opened its group.
    private List<Link> chain(PciAddress function) {
        var chain = new ArrayList<Link>();
        var next = Optional.ofNullable(grouping.links().get(function));
        while (next.isPresent()) {
            chain.add(next.get());
            next = joined(next.get()).map(grouping.links()::get);
        }
        return chain;
    }

    private static Optional<PciAddress> joined(Link link) {
        var last = link.steps().getLast();
        return last.verdict() == Verdict.JOINS ? last.leadsTo() : Optional.empty();
    }

    private static Optional<PciAddress> meeting(List<Link> from, List<Link> to) {
        var reached = to.stream().map(Link::function).toList();
        return from.stream().map(Link::function).filter(reached::contains).findFirst();
    }

    private static List<Link> until(List<Link> chain, PciAddress meeting) {
        int end = chain.stream().map(Link::function).toList().indexOf(meeting);
        return chain.subList(0, end + 1);
    }

    private String together(
            PciAddress first, PciAddress second, List<Link> left, List<Link> right) {
        if (first.equals(second)) {
            return "They are the same function.";
        }
        var reasons =
                Stream.concat(cause(left).stream(), cause(right).stream()).distinct().toList();
        int group = grouping.groupOf(first).orElseThrow().id();
        return "They share group %d because %s.".formatted(group, String.join(", and ", reasons));
    }

    /// What failed last before the chains met; the link at which they meet belongs to both.
    private static Optional<String> cause(List<Link> chain) {
        return chain.subList(0, chain.size() - 1).stream()
                .flatMap(link -> link.steps().stream())
                .filter(step -> step.verdict() == Verdict.FAILS)
                .map(ProofStep::text)
                .reduce((_, later) -> later);
    }

    private String apart(PciAddress first, PciAddress second) {
        for (var function : List.of(first, second)) {
            if (grouping.groupOf(function).isEmpty()) {
                return "%s has no group: %s."
                        .formatted(
                                FunctionTable.name(function),
                                grouping.ungrouped().getOrDefault(function, "it is not there"));
            }
        }
        return "They are in groups %d and %d: %s; %s."
                .formatted(
                        grouping.groupOf(first).orElseThrow().id(),
                        grouping.groupOf(second).orElseThrow().id(),
                        separation(first),
                        separation(second));
    }

    /// What kept the opener of a function's group from joining another.
    private String separation(PciAddress function) {
        var opener = chain(function).getLast();
        return opener.steps().stream()
                .filter(step -> step.verdict() == Verdict.PASSES)
                .map(ProofStep::text)
                .reduce((_, later) -> later)
                .orElse(FunctionTable.name(opener.function()) + " found no group to join");
    }
}
