package iommulab.app;

import iommulab.app.shell.Kept;
import iommulab.engine.io.machine.RecoveryJournal;
import iommulab.engine.session.JournalView;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Writes what is done to the machine in the window into its recovery journal, every second, on a thread
/// of its own. There is a journal only while the machine differs from its file.
final class Autosave implements AutoCloseable {
    private static final long PERIOD_MILLIS = 1_000;
    private static final long PATIENCE_SECONDS = 2;

    private final Recovery recovery;
    private final Consumer<String> trouble;
    private final ScheduledExecutorService thread =
            Executors.newSingleThreadScheduledExecutor(
                    work -> Thread.ofPlatform().name("recovery").daemon().unstarted(work));

    // Owned by the thread.
    private @Nullable OpenMachine machine;
    private Kept kept = Kept.NOTHING;
    private @Nullable RecoveryJournal journal;
    private @Nullable JournalView seen;

    /// @param trouble is told, once for each machine, why nothing can be written
    Autosave(Recovery recovery, Consumer<String> trouble) {
        this.recovery = recovery;
        this.trouble = trouble;
        thread.scheduleWithFixedDelay(
                this::look, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    /// From now on it is about this machine; the journal of the one before is removed, because that was
    /// saved or let go.
    void follow(OpenMachine next) {
        thread.execute(() -> {
            end();
            machine = next;
            kept = next.kept();
            seen = null;
            // What was just brought back is ours from now on, so that saving removes it.
            look();
        });
    }

    private void look() {
        if (machine == null) {
            return;
        }
        var now = machine.session().newest().journal();
        if (now == seen) {
            return;
        }
        seen = now;
        if (!kept.differs(now)) {
            end();
            return;
        }
        try {
            if (journal == null) {
                journal = begin(machine);
            }
            journal.keepUpWith(now);
        } catch (IOException unwritable) {
            machine = null;
            trouble.accept(String.valueOf(unwritable.getMessage()));
        }
    }

    private RecoveryJournal begin(OpenMachine of) throws IOException {
        Path file = recovery.place(of.content(), of.path());
        if (of.path().isEmpty()) {
            Files.createDirectories(recovery.folder());
        }
        return RecoveryJournal.start(file, of.content());
    }

    private void end() {
        if (journal == null) {
            return;
        }
        try {
            journal.close();
        } catch (IOException unremovable) {
            trouble.accept(String.valueOf(unremovable.getMessage()));
        }
        journal = null;
    }

    /// Removes the journal: the window was closed by its user.
    @Override
    public void close() {
        thread.execute(this::end);
        thread.shutdown();
        try {
            thread.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
