package iommulab.app;

import iommulab.app.shell.Defects;
import iommulab.app.shell.ViewSettings;
import iommulab.engine.io.machine.Expectation;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.session.Session;

import javafx.application.Platform;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// Writes machines to their files. The engine hands out what belongs in the file, another thread writes
/// it, and the JavaFX thread is told.
final class Saving {
    private final ViewSettings settings;

    Saving(ViewSettings settings) {
        this.settings = settings;
    }

    /// Saves a machine as it is now; the file is replaced as a whole or not at all.
    ///
    /// @return the machine with its new file; fails with [UncheckedIOException]
    CompletableFuture<OpenMachine> save(OpenMachine machine, Path path) {
        var view = settings.toView(machine.content().view());
        var answer = new CompletableFuture<OpenMachine>();
        machine.session()
                .saved()
                .thenApplyAsync(saved -> {
                    var content =
                            new MachineFile(
                                    saved.description(),
                                    saved.journal(),
                                    saved.undone(),
                                    OptionalLong.of(saved.stateHash()),
                                    promises(machine, saved),
                                    view,
                                    machine.content().unknown());
                    write(content, path);
                    return new OpenMachine(machine.session(), content, Optional.of(path));
                })
                .whenComplete((saved, failure) ->
                        Platform.runLater(() -> {
                            if (failure == null) {
                                answer.complete(saved);
                            } else {
                                answer.completeExceptionally(cause(failure));
                            }
                        }));
        return answer;
    }

    private static Throwable cause(Throwable failure) {
        var cause = failure.getCause();
        var reason = failure instanceof CompletionException && cause != null ? cause : failure;
        if (!(reason instanceof UncheckedIOException)) {
            Defects.report(reason);
        }
        return reason;
    }

    private static void write(MachineFile content, Path path) {
        try {
            content.write(path);
        } catch (IOException unwritable) {
            throw new UncheckedIOException(String.valueOf(unwritable.getMessage()), unwritable);
        }
    }

    /// What a file expects was said of its own commands; other commands make no promise.
    private static List<Expectation> promises(OpenMachine before, Session.Saved saved) {
        return saved.journal().equals(before.content().journal())
                ? before.content().expects()
                : List.of();
    }
}
