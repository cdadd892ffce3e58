package iommulab.engine.io.machine;

import iommulab.engine.io.CapturedMachine;
import iommulab.engine.io.FileRefused;
import iommulab.engine.io.LspciDump;
import iommulab.engine.io.MachineCapture;
import iommulab.engine.io.Progress;
import iommulab.engine.io.SysfsArchive;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// Reads a machine from a file of any kind there is: saved by the lab, an archive of a machine's `/sys`,
/// the text of `lspci -xxxx`. The content tells the kind, not the name.
public final class MachineReader {
    private static final int LOOK_AT = 1 << 16;
    private static final int TAR_MAGIC = 257;
    private static final String USUAL_NAME = "sysfs";
    private static final Pattern LSPCI_LINE =
            Pattern.compile("(?m)^(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7] ");
    private static final Pattern ENDINGS =
            Pattern.compile(
                    "(\\.iommulab\\.json|\\.tar\\.gz|\\.tgz|\\.tar|\\.txt\\.gz|\\.txt|\\.gz)$");

    /// Kinds of files.
    private enum Kind {
        SAVED,
        ARCHIVE,
        LSPCI
    }

    private MachineReader() {}

    /// @throws FileRefused if it cannot be read or is of no kind we know; the message has place and rule
    /// @throws CancellationException if `progress` cancels
    public static MachineFile read(Path file, Progress progress) throws FileRefused {
        return switch (kind(file)) {
            case SAVED -> MachineFile.read(file);
            case ARCHIVE -> imported(SysfsArchive.read(file, progress), file);
            case LSPCI -> imported(LspciDump.read(file, progress), file);
        };
    }

    private static MachineFile imported(MachineCapture capture, Path file) {
        return new MachineFile(
                CapturedMachine.describe(capture, name(file)),
                List.of(),
                OptionalLong.empty(),
                List.of(),
                Map.of(),
                UnknownMembers.NONE);
    }

    /// What an import is called: its file without ending, or the folder of one that has the name that
    /// every capture has.
    private static String name(Path file) {
        var name = ENDINGS.matcher(String.valueOf(file.getFileName())).replaceFirst("");
        var folder = file.toAbsolutePath().normalize().getParent();
        if (!name.equals(USUAL_NAME) || folder == null || folder.getFileName() == null) {
            return name;
        }
        return folder.getFileName().toString();
    }

    private static Kind kind(Path file) throws FileRefused {
        if (Files.isDirectory(file)) {
            throw new FileRefused("file", "it is a folder", "Name a file in it.");
        }
        var start = start(file);
        var text = new String(start, StandardCharsets.ISO_8859_1);
        if (text.stripLeading().startsWith("{")) {
            return Kind.SAVED;
        }
        if (text.startsWith("ustar", TAR_MAGIC)) {
            return Kind.ARCHIVE;
        }
        if (LSPCI_LINE.matcher(text).find()) {
            return Kind.LSPCI;
        }
        throw new FileRefused(
                "file",
                start.length == 0
                        ? "it is empty"
                        : "neither a saved machine, nor an archive of /sys, nor text of lspci"
                                + " -xxxx",
                "Look whether it is the file you mean.");
    }

    /// The first bytes of the content, unpacked.
    private static byte[] start(Path file) throws FileRefused {
        try (var in = new BufferedInputStream(Files.newInputStream(file), LOOK_AT)) {
            return unpacked(in).readNBytes(LOOK_AT);
        } catch (NoSuchFileException missing) {
            throw new FileRefused("file", "it does not exist", "Look for its name.", missing);
        } catch (AccessDeniedException denied) {
            throw new FileRefused("file", "it may not be read", "Change its permissions.", denied);
        } catch (IOException damaged) {
            throw new FileRefused(
                    "file",
                    "it cannot be read (%s)".formatted(damaged.getMessage()),
                    "Take an undamaged copy.",
                    damaged);
        }
    }

    private static InputStream unpacked(BufferedInputStream in) throws IOException {
        in.mark(LOOK_AT);
        try {
            return new GZIPInputStream(in);
        } catch (ZipException | EOFException notPacked) {
            in.reset();
            return in;
        }
    }
}
