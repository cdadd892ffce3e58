package iommulab.app;

import iommulab.app.shell.OtherMachine;
import iommulab.app.shell.RunningTasks;
import iommulab.engine.io.FileRefused;
import iommulab.engine.io.Progress;
import iommulab.engine.io.machine.MachineReader;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.Session;

import javafx.concurrent.Task;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/// Machines from files of any kind to compare the one in the window with. What was not saved of them is left
/// where it lies.
final class OtherFiles {
    private final FileDialogs dialogs;
    private final RunningTasks tasks;

    OtherFiles(FileDialogs dialogs, RunningTasks tasks) {
        this.dialogs = dialogs;
        this.tasks = tasks;
    }

    /// Asks which, and switches it on. Empty if there is none in the end.
    CompletionStage<Optional<OtherMachine>> choose() {
        var path = dialogs.toOpen();
        var chosen = new CompletableFuture<Optional<OtherMachine>>();
        if (path.isEmpty()) {
            chosen.complete(Optional.empty());
            return chosen;
        }
        var task = new Reading(path.get());
        task.setOnSucceeded(_ -> chosen.complete(Optional.of(task.getValue())));
        task.setOnCancelled(_ -> chosen.complete(Optional.empty()));
        task.setOnFailed(_ -> {
            dialogs.refuse(task.name(), task.getException());
            chosen.complete(Optional.empty());
        });
        tasks.run(task);
        return chosen;
    }

    /// Reading one and switching it on, with progress and Cancel.
    private static final class Reading extends Task<OtherMachine> {
        private final Path path;

        Reading(Path path) {
            this.path = path;
            updateTitle("Reading " + name());
        }

        String name() {
            return String.valueOf(path.getFileName());
        }

        @Override
        protected OtherMachine call() throws FileRefused, CommandRefused {
            var content = MachineReader.read(path, new Steps());
            return new OtherMachine(name(), Session.open(content.machine(), content.journal()));
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
}
