package iommulab.app.console;

import iommulab.app.console.Shown.Kind;
import iommulab.engine.os.call.Vocabulary;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.JournalView;
import iommulab.engine.session.Outcome;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/// What is said in the console: lines are read, sent one after the other, and answered. Knows no toolkit.
final class ConsoleTalk {
    private final Function<Command, CompletionStage<Outcome>> machine;
    private final Consumer<List<Shown>> screen;
    private final Variables variables = new Variables();
    private final TypedLines typed = new TypedLines();
    private final Supplier<List<JournalView.Refusal>> refusals;
    private Optional<Refusal> last = Optional.empty();

    /// @param rule the sentence that decided
    /// @param sequence of the last command of anybody that was refused before it
    private record Refusal(String errno, String rule, long sequence) {}

    /// How a line ended.
    ///
    /// @param goOn whether lines behind it may run
    /// @param place index of the character that could not be read; -1 if all could
    record End(boolean goOn, int place) {
        private static final End WELL = new End(true, -1);
    }

    /// @param machine carries commands out; a refusal ends the stage with [CommandRefused]
    /// @param refusals commands that were refused, whoever sent them, the newest last
    /// @param screen shows lines
    ConsoleTalk(
            Function<Command, CompletionStage<Outcome>> machine,
            Supplier<List<JournalView.Refusal>> refusals,
            Consumer<List<Shown>> screen) {
        this.machine = machine;
        this.refusals = refusals;
        this.screen = screen;
    }

    Variables variables() {
        return variables;
    }

    TypedLines typed() {
        return typed;
    }

    /// Lines in their order, up to the first that is refused or cannot be read; `!` before a line lets
    /// those behind it run all the same.
    CompletionStage<End> sayAll(List<String> lines) {
        CompletionStage<End> all = CompletableFuture.completedFuture(End.WELL);
        for (var line : lines) {
            all = all.thenCompose(end -> end.goOn() ? say(line) : stopped(end));
        }
        return all;
    }

    private static CompletionStage<End> stopped(End end) {
        return CompletableFuture.completedFuture(end);
    }

    /// One line.
    CompletionStage<End> say(String line) {
        if (line.isBlank()) {
            return stopped(End.WELL);
        }
        typed.add(line.strip());
        show(Kind.TYPED, line);
        try {
            return switch (ConsoleReader.read(line, variables)) {
                case ConsoleLine.Nothing() -> stopped(End.WELL);
                case ConsoleLine.Help(var about) -> told(ConsoleHelp.about(about));
                case ConsoleLine.Why() -> told(why());
                case ConsoleLine.ShowVariables() -> told(kept());
                case ConsoleLine.Run run -> run(run);
            };
        } catch (Unreadable unreadable) {
            show(Kind.REFUSAL, " ".repeat(unreadable.place()) + "^ " + unreadable.reason());
            return stopped(new End(false, unreadable.place()));
        }
    }

    private CompletionStage<End> told(List<String> lines) {
        screen.accept(lines.stream().map(line -> new Shown(Kind.NOTE, line)).toList());
        return stopped(End.WELL);
    }

    private CompletionStage<End> run(ConsoleLine.Run run) {
        return machine.apply(run.command())
                .handle((outcome, failure) -> {
                    if (failure == null) {
                        return answered(run, outcome);
                    }
                    var cause = failure.getCause();
                    var root =
                            failure instanceof CompletionException && cause != null
                                    ? cause
                                    : failure;
                    return new End(refused(root) && run.mayFail(), -1);
                });
    }

    private End answered(ConsoleLine.Run run, Outcome outcome) {
        boolean well = true;
        if (outcome instanceof Outcome.Answered(var answer) && !answer.succeeded()) {
            well = false;
            last = Optional.of(new Refusal(answer.errno(), answer.rule(), sequence()));
        }
        if (!run.variable().isEmpty()) {
            variables.keep(run.variable(), outcome.fields());
        }
        var lines = new ArrayList<Shown>();
        lines.add(
                new Shown(well ? Kind.ANSWER : Kind.REFUSAL, (well ? "" : "✕ ") + outcome.words()));
        if (!outcome.rule().isEmpty()) {
            lines.add(new Shown(Kind.RULE, outcome.rule()));
        }
        if (isProposal(run)) {
            lines.add(new Shown(Kind.PROPOSAL, "proposal: Linux has no such call"));
        }
        screen.accept(lines);
        return new End(well || run.mayFail(), -1);
    }

    private static boolean isProposal(ConsoleLine.Run run) {
        return run.command() instanceof Command.KernelCall(var call)
                && Vocabulary.all()
                        .find(call.name())
                        .filter(Vocabulary.Entry::isProposal)
                        .isPresent();
    }

    /// Whether it was a refusal, and not a defect, which the window tells of.
    private boolean refused(Throwable failure) {
        if (!(failure instanceof CommandRefused refused)) {
            return false;
        }
        last = Optional.of(new Refusal(refused.errno(), refused.reason(), sequence()));
        screen.accept(
                List.of(
                        new Shown(
                                Kind.REFUSAL,
                                "✕ "
                                        + refused.answer()
                                                .map(Object::toString)
                                                .orElse(refused.errno())),
                        new Shown(Kind.RULE, refused.reason())));
        return true;
    }

    private long sequence() {
        var all = refusals.get();
        return all.isEmpty() ? 0 : all.getLast().sequence();
    }

    /// What was refused last: here, or to a click since.
    private Optional<Refusal> newest() {
        long seen = last.map(Refusal::sequence).orElse(0L);
        return refusals.get().reversed().stream()
                .findFirst()
                .filter(refusal -> refusal.sequence() > seen)
                .map(refusal -> new Refusal(refusal.errno(), refusal.rule(), refusal.sequence()))
                .or(() -> last);
    }

    private List<String> why() {
        return newest().map(refused ->
                        List.of(
                                "%s: %s".formatted(refused.errno(), refused.rule()),
                                "In these calls %s means: %s."
                                        .formatted(
                                                refused.errno(), Errnos.meaning(refused.errno()))))
                .orElse(List.of("Nothing was refused yet."));
    }

    private List<String> kept() {
        var all = variables.all();
        return all.isEmpty()
                ? List.of("Nothing is kept yet. x = call(…) keeps an answer.")
                : all.entrySet().stream()
                        .map(entry -> entry.getKey() + " = " + entry.getValue())
                        .toList();
    }

    private void show(Kind kind, String line) {
        screen.accept(List.of(new Shown(kind, line)));
    }
}
