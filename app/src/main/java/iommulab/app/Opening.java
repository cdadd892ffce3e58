package iommulab.app;

import iommulab.engine.io.FileRefused;
import iommulab.engine.io.Progress;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.Session;

import javafx.concurrent.Task;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;

/// Reading a machine, bringing back what was not saved, and switching it on, with progress and Cancel.
final class Opening extends Task<OpenMachine> {
    private final Source source;
    private final Recovery recovery;
    private final Function<RecoveryOffer, CompletableFuture<Boolean>> wanted;
    private Optional<String> remark = Optional.empty();

    /// What is opened.
    ///
    /// @param name for people
    /// @param path where it is saved; empty for a sample or a capture
    record Source(String name, Optional<Path> path, Reader reader) {}

    /// Reads a machine from wherever it is.
    @FunctionalInterface
    interface Reader {
        MachineFile read(Progress progress) throws FileRefused, CommandRefused;
    }

    /// @param wanted asks whether unsaved work shall be brought back; if not, it is thrown away
    Opening(
            Source source,
            Recovery recovery,
            Function<RecoveryOffer, CompletableFuture<Boolean>> wanted) {
        this.source = source;
        this.recovery = recovery;
        this.wanted = wanted;
        updateTitle("Opening " + source.name());
    }

    @Override
    protected OpenMachine call()
            throws FileRefused,
                    CommandRefused,
                    IOException,
                    InterruptedException,
                    ExecutionException {
        var content = source.reader().read(new Steps());
        updateProgress(-1, 1);
        updateMessage("Switching on");
        return switch (recovery.look(content, source.path())) {
            case Recovery.Left.Nothing() -> OpenMachine.switchedOn(content, source.path());
            case Recovery.Left.Damaged(var words) -> {
                remark = Optional.of("What was not saved cannot be brought back. " + words);
                yield OpenMachine.switchedOn(content, source.path());
            }
            case Recovery.Left.More(var offer) -> {
                if (wanted.apply(offer).get()) {
                    yield recovered(content, offer);
                }
                Files.deleteIfExists(offer.journal());
                yield OpenMachine.switchedOn(content, source.path());
            }
        };
    }

    private OpenMachine recovered(MachineFile content, RecoveryOffer offer) throws CommandRefused {
        var more = offer.recovered();
        return new OpenMachine(
                Session.open(more.machine(), more.journal(), more.undone()),
                // No file has anything of another machine.
                offer.sameMachine() ? content : more.with(List.of(), List.of()),
                source.path());
    }

    /// What the user should know although the machine is open.
    Optional<String> remark() {
        return remark;
    }

    /// The import's progress as the task's.
    private final class Steps implements Progress {
        @Override
        public void at(String what, long done, long total) {
            updateMessage(what);
            updateProgress(total < 0 ? -1 : done, Math.max(1, total));
        }

        @Override
        public boolean cancelled() {
            return isCancelled();
        }
    }
}
