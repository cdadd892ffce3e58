package iommulab.engine.io;

import java.io.IOException;
import java.nio.file.Path;

/// A file that cannot be read as what it is meant to be; nothing was changed.
///
/// The message names the place in the file, the rule it breaks, and what to do.
public final class FileRefused extends Exception {
    private static final long serialVersionUID = 1;

    /// @param place where in the file, such as `sys/kernel/../x`
    /// @param rule what stood in the way, a clause without full stop
    /// @param remedy what to do, a sentence
    public FileRefused(String place, String rule, String remedy) {
        super("%s: %s. %s".formatted(place, rule, remedy));
    }

    /// @param cause what the reader below said
    public FileRefused(String place, String rule, String remedy, Throwable cause) {
        super("%s: %s. %s".formatted(place, rule, remedy), cause);
    }

    /// A file that cannot be opened or read at all.
    static FileRefused unreadable(Path file, IOException cause) {
        return new FileRefused(
                file.toString(),
                "cannot be read (%s)".formatted(cause.getMessage()),
                "Look whether it is there and may be read.",
                cause);
    }
}
