package iommulab.app;

import iommulab.app.FileActions.OpenMachine;
import iommulab.engine.io.FileRefused;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.io.machine.RecoveryJournal;

import javafx.animation.Animation;
import javafx.animation.KeyFrame;
import javafx.animation.Timeline;
import javafx.util.Duration;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/// Keeps the recovery journal of the machine in the window, once a second, beside the machine's file. A
/// machine that was never saved has no file, and no recovery. Lives on the JavaFX thread.
final class Recovery {
    private static final Duration PACE = Duration.seconds(1);

    private final Consumer<IOException> onTrouble;
    private final Timeline pace = new Timeline(new KeyFrame(PACE, _ -> keepUp()));
    private @Nullable RecoveryJournal journal;
    private @Nullable OpenMachine machine;

    /// @param onTrouble told once when a journal cannot be written; it is then given up
    Recovery(Consumer<IOException> onTrouble) {
        this.onTrouble = onTrouble;
        pace.setCycleCount(Animation.INDEFINITE);
        pace.play();
    }

    /// What was done to a file's machine when the program ended without saving it; empty if nothing.
    ///
    /// @throws FileRefused if there is something and it is damaged
    static Optional<MachineFile> find(Path file, MachineFile saved) throws FileRefused {
        return RecoveryJournal.recover(RecoveryJournal.beside(file))
                .filter(found -> found.machine().equals(saved.machine()))
                .filter(found -> !found.journal().equals(saved.journal()));
    }

    /// Follows a machine that was just opened or saved; what was written for the one before is removed.
    void follow(OpenMachine next) {
        end();
        machine = next;
        next.path().ifPresent(path -> start(RecoveryJournal.beside(path), next));
    }

    private void start(Path file, OpenMachine next) {
        try {
            journal = RecoveryJournal.start(file, next.content());
            keepUp();
        } catch (IOException unwritable) {
            giveUp(unwritable);
        }
    }

    private void keepUp() {
        if (journal == null || machine == null) {
            return;
        }
        try {
            journal.keepUpWith(machine.session().newest().journal());
        } catch (IOException unwritable) {
            giveUp(unwritable);
        }
    }

    private void giveUp(IOException why) {
        journal = null;
        onTrouble.accept(why);
    }

    /// Removes what was written: the machine was saved, or its user let it go.
    void end() {
        if (journal != null) {
            try {
                journal.close();
            } catch (IOException unremovable) {
                onTrouble.accept(unremovable);
            }
            journal = null;
        }
    }
}
