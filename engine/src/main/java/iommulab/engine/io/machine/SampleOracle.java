package iommulab.engine.io.machine;

import iommulab.engine.io.FileRefused;
import iommulab.engine.io.oracle.Oracle;
import iommulab.engine.io.oracle.Verdict;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.os.call.Answer;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.Call;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.Outcome;
import iommulab.engine.session.Session;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletionException;

/// Saved machines that state what they expect. Each expectation is one answer, and so is the hash of the
/// state in which they were saved.
public final class SampleOracle implements Oracle {
    /// The oracle; it has no state.
    public SampleOracle() {}

    @Override
    public Optional<Verdict> verify(Path file) throws IOException {
        if (!String.valueOf(file.getFileName()).endsWith(MachineFile.ENDING)) {
            return Optional.empty();
        }
        try {
            var saved = MachineFile.read(file);
            try (var session = Session.open(saved.machine(), saved.journal());
                    var others = new OtherArchitectures(session)) {
                return Optional.of(
                        verify(saved, session, others, String.valueOf(file.getFileName())));
            }
        } catch (FileRefused | CommandRefused refused) {
            throw new IOException(file + ": " + refused.getMessage(), refused);
        }
    }

    private static Verdict verify(
            MachineFile saved, Session session, OtherArchitectures others, String name) {
        var failures = new ArrayList<String>();
        int answers = saved.expects().size() + (saved.stateHash().isPresent() ? 1 : 0);
        var hash = OptionalLong.of(session.stateHash().join());
        if (saved.stateHash().isPresent() && !saved.stateHash().equals(hash)) {
            failures.add("%s: saved in another state than its journal leads to".formatted(name));
        }
        for (int i = 0; i < saved.expects().size(); i++) {
            var expectation = saved.expects().get(i);
            var found = difference(expectation, session, others);
            if (found.isPresent()) {
                failures.add(
                        "%s: expectation %d, %s: %s"
                                .formatted(name, i + 1, expectation, found.get()));
            }
        }
        return new Verdict(answers - failures.size(), failures.size(), 0, List.copyOf(failures));
    }

    /// What happens instead; empty if it is as expected.
    private static Optional<String> difference(
            Expectation expectation, Session session, OtherArchitectures others) {
        var grouping = session.newest().grouping();
        return switch (expectation) {
            case Expectation.Together(var first, var second) -> {
                var proof = grouping.proof(first, second);
                yield proof.together() ? Optional.empty() : Optional.of(proof.finding());
            }
            case Expectation.Apart(var first, var second) -> {
                var proof = grouping.proof(first, second);
                boolean apart =
                        !proof.together()
                                && grouping.groupOf(first).isPresent()
                                && grouping.groupOf(second).isPresent();
                yield apart ? Optional.empty() : Optional.of(proof.finding());
            }
            case Expectation.Dma dma -> difference(dma, session);
            case Expectation.On(var architecture, var dma) -> difference(architecture, dma, others);
            case Expectation.Caused(var reasons) -> difference(reasons, session);
            case Expectation.Answered answered -> difference(answered, session);
        };
    }

    private static Optional<String> difference(
            Architecture architecture, Expectation.Dma dma, OtherArchitectures others) {
        try {
            return difference(dma, others.on(architecture));
        } catch (CommandRefused refused) {
            return Optional.of(refused.reason());
        } catch (CompletionException refused) {
            return Optional.of(String.valueOf(refused.getCause()));
        }
    }

    private static Optional<String> difference(Expectation.Dma dma, Session session) {
        var command =
                new Command.IssueDma(
                        dma.device(), dma.iova(), dma.bytes(), dma.access(), dma.prefix());
        try {
            var outcome = session.submit(command).join();
            if (!(outcome instanceof Outcome.DmaFinished(var event))) {
                return Optional.of("it ends as " + outcome);
            }
            var reason = event.fault().map(FaultReason::name);
            boolean same =
                    event.outcome() == dma.outcome()
                            && event.target() == dma.target()
                            && (dma.reason().isEmpty() || dma.reason().equals(reason))
                            && (dma.reads().isEmpty() || dma.reads().getAsInt() == event.reads());
            return same
                    ? Optional.empty()
                    : Optional.of(
                            "it ends as %s at 0x%x, %s, with %d reads"
                                    .formatted(
                                            event.outcome().word(),
                                            event.target(),
                                            reason.orElse("no fault"),
                                            event.reads()));
        } catch (CompletionException refused) {
            return Optional.of(String.valueOf(refused.getCause()));
        }
    }

    private static Optional<String> difference(Expectation.Answered expected, Session session) {
        var answer = answer(expected.call(), session);
        return expected.fits(answer)
                ? Optional.empty()
                : Optional.of("the answer is %s (%s)".formatted(answer, answer.rule()));
    }

    private static Answer answer(Call call, Session session) {
        try {
            return session.submit(new Command.KernelCall(call)).join()
                            instanceof Outcome.Answered(var answer)
                    ? answer
                    : Answer.OK;
        } catch (CompletionException refused) {
            if (refused.getCause() instanceof CommandRefused command) {
                return command.answer()
                        .orElse(
                                new Answer(
                                        "no call", new LinkedHashMap<>(), command.reason(), false));
            }
            throw refused;
        }
    }

    private static Optional<String> difference(List<String> reasons, Session session) {
        var caused =
                session.newest().faults().stream().map(fault -> fault.reason().name()).toList();
        for (var reason : reasons) {
            int times = Collections.frequency(caused, reason);
            if (times != 1) {
                return Optional.of(
                        "%s was caused %d times; all faults are %s"
                                .formatted(reason, times, caused.reversed()));
            }
        }
        return Optional.empty();
    }
}
