package iommulab.engine.io.machine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;

/// A file that is replaced as a whole: whoever reads it, and whenever the power fails, sees the old
/// content or the new one, never a mixture.
public final class AtomicFile {
    private AtomicFile() {}

    /// Writes beside the file, forces that to the disk, then renames it over the file.
    ///
    /// @throws IOException if any of that fails; the file is then as before
    public static void replace(Path file, byte[] content) throws IOException {
        var target = Files.isSymbolicLink(file) ? file.toRealPath() : file.toAbsolutePath();
        var folder = target.getParent();
        if (folder == null) {
            throw new IOException(file + " is a file system's root, not a file");
        }
        var written =
                folder.resolve(".%s.%x.part".formatted(target.getFileName(), System.nanoTime()));
        try {
            write(written, content);
            keepPermissions(target, written);
            Files.move(
                    written,
                    target,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(written);
        }
        force(folder);
    }

    private static void write(Path file, byte[] content) throws IOException {
        try (var channel =
                FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            var left = ByteBuffer.wrap(content);
            while (left.hasRemaining()) {
                channel.write(left);
            }
            channel.force(true);
        }
    }

    private static void keepPermissions(Path before, Path after) throws IOException {
        var old = Files.getFileAttributeView(before, PosixFileAttributeView.class);
        if (old != null && Files.exists(before)) {
            Files.setPosixFilePermissions(after, old.readAttributes().permissions());
        }
    }

    /* The rename itself lies in the folder. Not every system lets a folder be opened: then the rename is
     * as safe as that system makes it. */
    private static void force(Path folder) {
        try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException _) {
            return;
        }
    }
}
