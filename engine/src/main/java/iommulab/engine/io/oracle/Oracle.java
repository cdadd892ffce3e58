package iommulab.engine.io.oracle;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// One kind of recorded answers (a capture folder, a file of DMA steps) that the engine's own answers
/// can be compared with.
@FunctionalInterface
public interface Oracle {
    /// Computes the answers again and compares.
    ///
    /// @param path a file or a folder
    /// @return the outcome; empty if `path` is not of this kind, so that another may be asked
    /// @throws IOException if it is of this kind and cannot be read; the message names the place
    Optional<Verdict> verify(Path path) throws IOException;
}
