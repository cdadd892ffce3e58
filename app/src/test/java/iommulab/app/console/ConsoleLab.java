package iommulab.app.console;

import iommulab.app.PasidMachine;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.CommandText;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Session;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;

/// A console without a window, at a machine that runs.
final class ConsoleLab implements AutoCloseable {
    private final Session session;
    private final ConsoleTalk talk;
    private final List<Shown> shown = new ArrayList<>();

    ConsoleLab() {
        try {
            session = Session.open(PasidMachine.describe(), List.of());
        } catch (CommandRefused refused) {
            throw new AssertionError(refused);
        }
        talk =
                new ConsoleTalk(
                        session::submit,
                        () -> session.newest().journal().refusals(),
                        shown::addAll);
    }

    /// Says lines one after the other and hands back what was answered to them.
    String says(String... lines) {
        shown.clear();
        talk.sayAll(List.of(lines)).toCompletableFuture().join();
        return answers();
    }

    /// A click elsewhere makes a call that is refused.
    void clicksInVain(String call) {
        try {
            session.submit(CommandText.parse(call)).join();
            throw new AssertionError("not refused: " + call);
        } catch (CommandRefused unreadable) {
            throw new AssertionError(call, unreadable);
        } catch (CompletionException refused) {
            // as it should be
            return;
        }
    }

    private String answers() {
        return shown.stream()
                .filter(line -> line.kind() != Shown.Kind.TYPED)
                .map(Shown::text)
                .collect(Collectors.joining("\n"));
    }

    /// What could be typed behind an unfinished line.
    List<String> offers(String typed) {
        return Completion.of(typed, machine(), talk.variables()).proposals().stream()
                .map(Proposal::text)
                .toList();
    }

    /// The line that Tab makes of an unfinished one.
    String completes(String typed) {
        var completion = Completion.of(typed, machine(), talk.variables());
        return typed.substring(0, completion.from()) + completion.common(typed);
    }

    MachineSnapshot machine() {
        return session.newest();
    }

    ConsoleTalk talk() {
        return talk;
    }

    @Override
    public void close() {
        session.close();
    }
}
