package iommulab.app.cli;

import iommulab.engine.io.FileRefused;
import iommulab.engine.io.Progress;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.io.machine.MachineReader;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Session;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// A machine from a file, switched on and brought to where its journal ends.
final class OpenedMachine implements AutoCloseable {
    private final MachineFile file;
    private final Session session;

    private OpenedMachine(MachineFile file, Session session) {
        this.file = file;
        this.session = session;
    }

    private static MachineFile read(Path file) throws Refusal {
        try {
            return MachineReader.read(file, Progress.NONE);
        } catch (FileRefused refused) {
            throw new Refusal(file + ": " + refused.getMessage(), refused);
        }
    }

    /// @param err where a machine that is no longer the saved one is reported
    static OpenedMachine open(Path file, PrintWriter err) throws Refusal {
        var saved = read(file);
        try {
            var session = Session.open(saved.machine(), saved.journal(), saved.undone());
            var machine = new OpenedMachine(saved, session);
            machine.compare(file, err);
            return machine;
        } catch (CommandRefused refused) {
            throw new Refusal(
                    "%s: %s: %s".formatted(file, refused.errno(), refused.reason()), refused);
        }
    }

    private void compare(Path path, PrintWriter err) throws Refusal {
        var hash = file.stateHash();
        if (hash.isPresent() && hash.getAsLong() != ask(session.stateHash())) {
            err.println(
                    "iommulab: %s: saved by a version that came to another state with these commands"
                            .formatted(path));
        }
    }

    MachineFile file() {
        return file;
    }

    Session session() {
        return session;
    }

    MachineSnapshot snapshot() {
        return session.newest();
    }

    /// Waits for the engine's answer.
    static <T> T ask(CompletableFuture<T> question) throws Refusal {
        try {
            return question.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof CommandRefused refused) {
                throw new Refusal(refused.errno() + ": " + refused.reason(), refused);
            }
            throw failed;
        }
    }

    @Override
    public void close() {
        session.close();
    }
}
