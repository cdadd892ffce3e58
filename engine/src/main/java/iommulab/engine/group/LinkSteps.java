package iommulab.engine.group;

import iommulab.engine.group.ProofStep.Verdict;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Collects the steps that lead one function to its group.
final class LinkSteps {
    private final FunctionTable table;
    private final int function;
    private final List<ProofStep> steps = new ArrayList<>(4);

    LinkSteps(FunctionTable table, int function) {
        this.table = table;
        this.function = function;
    }

    void fact(int subject, String text, String evidence) {
        add(subject, Verdict.FACT, text, evidence, FunctionTable.NONE);
    }

    void passes(int subject, String text, String evidence) {
        add(subject, Verdict.PASSES, text, evidence, FunctionTable.NONE);
    }

    /// @param asked the function whose group counts now, or [FunctionTable#NONE]
    void fails(int subject, String text, String evidence, int asked) {
        add(subject, Verdict.FAILS, text, evidence, asked);
    }

    void joins(int other) {
        String text = "joins the group of " + table.name(other);
        steps.add(
                new ProofStep(
                        table.address(function),
                        Verdict.JOINS,
                        text,
                        Optional.empty(),
                        Optional.of(table.address(other))));
    }

    private void add(int subject, Verdict verdict, String text, String evidence, int asked) {
        steps.add(
                new ProofStep(
                        table.address(subject),
                        verdict,
                        text,
                        Optional.of(evidence),
                        asked == FunctionTable.NONE
                                ? Optional.empty()
                                : Optional.of(table.address(asked))));
    }

    /// The finished link; a function that joins nobody opens the group.
    Proof.Link link() {
        if (steps.getLast().verdict() != Verdict.JOINS) {
            steps.add(
                    new ProofStep(
                            table.address(function),
                            Verdict.OPENS,
                            "opens a group of its own",
                            Optional.empty(),
                            Optional.empty()));
        }
        return new Proof.Link(table.address(function), steps);
    }
}
