package iommulab.app;

import iommulab.engine.io.FileRefused;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.io.machine.RecoveryJournal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Optional;

/// Where recovery journals lie, and what a window that was not closed has left there.
///
/// @param folder for machines that have no file of their own
record Recovery(Path folder) {
    private static final String MAC = "Library/Application Support/iommulab";
    private static final String ELSEWHERE = ".local/state";

    /// What was found where the recovery of a machine would lie.
    sealed interface Left {
        /// Nothing is lost.
        record Nothing() implements Left {}

        /// There is more than in the file.
        record More(RecoveryOffer offer) implements Left {}

        /// It cannot be read, and was put aside.
        record Damaged(String words) implements Left {}
    }

    /// The places of the user who runs the program.
    static Recovery ofThisUser() {
        var home = Path.of(System.getProperty("user.home"));
        if (System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac")) {
            return new Recovery(home.resolve(MAC));
        }
        var state = System.getenv("XDG_STATE_HOME");
        var above = state == null || state.isBlank() ? home.resolve(ELSEWHERE) : Path.of(state);
        return new Recovery(above.resolve("iommulab"));
    }

    /// The journal's file: beside the machine's, or under the machine's name.
    Path place(MachineFile content, Optional<Path> path) {
        var name = content.machine().name().replaceAll("[^\\p{L}\\p{N}._-]+", "-");
        return RecoveryJournal.beside(path.orElseGet(() -> folder.resolve("machine-" + name)));
    }

    /// Whether it is worth to [#look].
    boolean isThere(OpenMachine machine) {
        return Files.exists(place(machine.content(), machine.path()));
    }

    /// Looks for work that was not saved. A journal in which there is nothing more is removed.
    ///
    /// @param content what the machine's file holds
    Left look(MachineFile content, Optional<Path> path) {
        var file = place(content, path);
        try {
            if (!Files.exists(file) || RecoveryJournal.isHeld(file)) {
                return new Left.Nothing();
            }
            var recovered = RecoveryJournal.recover(file).orElseThrow();
            var written = Files.getLastModifiedTime(file).toInstant();
            var offer = RecoveryOffer.of(content, recovered, file, written);
            if (offer.more() > 0) {
                return new Left.More(offer);
            }
            Files.delete(file);
            return new Left.Nothing();
        } catch (FileRefused damaged) {
            return putAside(file, damaged);
        } catch (IOException unreachable) {
            return new Left.Damaged("%s: %s".formatted(file, unreachable.getMessage()));
        }
    }

    private static Left putAside(Path file, FileRefused damaged) {
        var aside = file.resolveSibling(file.getFileName() + "-damaged");
        try {
            Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException unmovable) {
            return new Left.Damaged(
                    "%s: %s (%s)".formatted(file, damaged.getMessage(), unmovable.getMessage()));
        }
        return new Left.Damaged("It is now %s. %s".formatted(aside, damaged.getMessage()));
    }
}
