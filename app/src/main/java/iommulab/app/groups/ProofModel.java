package iommulab.app.groups;

import iommulab.app.shell.FunctionNames;
import iommulab.engine.group.Proof;
import iommulab.engine.group.ProofStep;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.List;

/// Why two functions share a group or do not, as boxes of two chains that may meet. Pure.
///
/// @param finding the answer in one sentence
/// @param first boxes of the first function's chain down to where the chains meet
/// @param second likewise of the second
/// @param common boxes from where they meet
/// @param opens group that the chains end in, -1 if they end apart
/// @param remedies what would separate them
/// @param sources where the facts come from
/// @param kernel what the captured kernel said
record ProofModel(
        String finding,
        List<Box> first,
        List<Box> second,
        List<Box> common,
        int opens,
        List<String> remedies,
        List<String> sources,
        KernelSaid kernel) {
    ProofModel {
        first = List.copyOf(first);
        second = List.copyOf(second);
        common = List.copyOf(common);
        remedies = List.copyOf(remedies);
        sources = List.copyOf(sources);
    }

    /// One function of a chain.
    ///
    /// @param number its place in its chain, from 1
    /// @param last how it ends: whom it joins, or which group it opens
    record Box(
            PciAddress function,
            String address,
            String name,
            int number,
            List<Line> lines,
            String last,
            boolean asked) {
        Box {
            lines = List.copyOf(lines);
        }
    }

    record Line(Mark mark, String text, String evidence) {}

    enum Mark {
        FACT("•"),
        PASSES("✓"),
        FAILS("✕");

        private final String sign;

        Mark(String sign) {
            this.sign = sign;
        }

        String sign() {
            return sign;
        }
    }

    static ProofModel of(MachineSnapshot machine, Pair pair, Proof proof) {
        int shared =
                pair.second().isPresent()
                        ? shared(proof.first(), proof.second())
                        : proof.first().size();
        int firstOwn = proof.first().size() - shared;
        int secondOwn = pair.second().isPresent() ? proof.second().size() - shared : 0;
        return new ProofModel(
                pair.second().isPresent() ? proof.finding() : alone(machine, pair.first(), proof),
                boxes(machine, pair, proof.first().subList(0, firstOwn), 1),
                boxes(machine, pair, proof.second().subList(0, secondOwn), 1),
                boxes(
                        machine,
                        pair,
                        proof.first().subList(firstOwn, proof.first().size()),
                        Math.max(firstOwn, secondOwn) + 1),
                proof.together() ? groupOf(machine, pair.first()) : -1,
                proof.remedies(),
                FactSources.of(machine, proof),
                KernelSaid.of(machine, pair));
    }

    /// The finding about a function that is compared with no other.
    private static String alone(MachineSnapshot machine, PciAddress function, Proof proof) {
        var name = FunctionNames.address(function);
        var group = machine.grouping().groupOf(function);
        if (group.isEmpty()) {
            return "%s has no group: %s."
                    .formatted(
                            name, machine.grouping().ungrouped().getOrDefault(function, "unknown"));
        }
        var because =
                proof.first().stream()
                        .flatMap(link -> link.steps().stream())
                        .filter(step -> step.verdict() == ProofStep.Verdict.PASSES)
                        .map(ProofStep::text)
                        .findFirst();
        return "%s is alone in group %d%s."
                .formatted(name, group.get().id(), because.map(b -> ": " + b).orElse(""));
    }

    private static int groupOf(MachineSnapshot machine, PciAddress function) {
        return machine.grouping().groupOf(function).map(g -> g.id()).orElse(-1);
    }

    /// How many links at the end of both chains are about the same functions.
    private static int shared(List<Proof.Link> first, List<Proof.Link> second) {
        int shared = 0;
        while (shared < first.size()
                && shared < second.size()
                && first.get(first.size() - 1 - shared)
                        .function()
                        .equals(second.get(second.size() - 1 - shared).function())) {
            shared++;
        }
        return shared;
    }

    private static List<Box> boxes(
            MachineSnapshot machine, Pair pair, List<Proof.Link> links, int from) {
        var boxes = new ArrayList<Box>();
        for (var link : links) {
            boxes.add(box(machine, pair, link, from + boxes.size()));
        }
        return boxes;
    }

    private static Box box(MachineSnapshot machine, Pair pair, Proof.Link link, int number) {
        var lines = new ArrayList<Line>();
        var last = "";
        for (var step : link.steps()) {
            switch (step.verdict()) {
                case FACT -> lines.add(line(Mark.FACT, step));
                case PASSES -> lines.add(line(Mark.PASSES, step));
                case FAILS -> lines.add(line(Mark.FAILS, step));
                case JOINS, OPENS -> last = step.text();
            }
        }
        return new Box(
                link.function(),
                FunctionNames.address(link.function()),
                GroupList.name(machine, link.function()),
                number,
                lines,
                last,
                pair.names(link.function()));
    }

    private static Line line(Mark mark, ProofStep step) {
        return new Line(mark, step.text(), step.evidence().orElse(""));
    }
}
