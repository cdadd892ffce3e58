package iommulab.engine.io;

import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;

/// The files and symbolic links of a tar archive, in memory. A link is a text; it is never followed
/// on, nor made on, the disk. Paths have no leading slash.
final class ArchiveTree {
    static final int MOST_ENTRIES = 200_000;

    /// More than any 10,000-function machine needs, and less than would hurt.
    private static final long MOST_KEPT_BYTES = 128L << 20;

    private static final int MOST_FILE_BYTES = 8 << 20;
    private static final String REMEDY = "Make the archive anew with the capture command.";

    private final NavigableMap<String, byte[]> files = new TreeMap<>();
    private final NavigableMap<String, String> links = new TreeMap<>();
    private final List<String> remarks = new ArrayList<>();
    private long keptBytes;

    private ArchiveTree() {}

    /// @param in a tar archive, compressed with gzip or not
    /// @param compressedBytes length of `in`, -1 if not known
    /// @param wanted which files to keep, by path; links are all kept
    static ArchiveTree read(
            InputStream in, long compressedBytes, Predicate<String> wanted, Progress progress)
            throws FileRefused {
        var tree = new ArchiveTree();
        var compressed = new MeteredStream(in);
        try {
            var unpacked =
                    new MeteredStream(new BufferedInputStream(Gzip.plain(compressed), 1 << 16));
            tree.readEntries(
                    unpacked,
                    wanted,
                    () -> {
                        progress.at("Unpacking", compressed.count(), compressedBytes);
                        if (progress.cancelled()) {
                            throw new CancellationException("the import was cancelled");
                        }
                    });
        } catch (MeteredStream.TooLong tooLong) {
            throw new FileRefused("the archive", tooLong.rule(), REMEDY, tooLong);
        } catch (IOException damaged) {
            throw new FileRefused(
                    "byte %d of the archive".formatted(compressed.count()),
                    "is no readable tar archive (%s)".formatted(damaged.getMessage()),
                    REMEDY,
                    damaged);
        }
        return tree;
    }

    private void readEntries(MeteredStream unpacked, Predicate<String> wanted, Runnable pulse)
            throws IOException, FileRefused {
        var tar = new TarArchiveInputStream(unpacked, StandardCharsets.UTF_8.name());
        int entries = 0;
        unpacked.beginHeader();
        for (var entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            if (++entries > MOST_ENTRIES) {
                throw new FileRefused(
                        "the archive", "has more than %,d entries".formatted(MOST_ENTRIES), REMEDY);
            }
            if (entries % 256 == 1) {
                pulse.run();
            }
            unpacked.beginData(entry.getSize());
            keep(tar, entry, wanted);
            unpacked.beginHeader();
        }
    }

    private void keep(TarArchiveInputStream tar, TarArchiveEntry entry, Predicate<String> wanted)
            throws IOException, FileRefused {
        String path = pathOf(entry.getName());
        if (entry.isSymbolicLink()) {
            links.put(path, entry.getLinkName());
        } else if (entry.isSparse()) {
            throw new FileRefused(path, "is a file with holes", REMEDY);
        } else if (isRegular(entry)) {
            if (wanted.test(path)) {
                keepFile(tar, path, entry.getSize());
            }
        } else if (!entry.isDirectory()) {
            remarks.add("ignored %s: neither a file nor a symbolic link".formatted(path));
        }
        // Consumed here, so that what getNextEntry reads is a header and nothing else.
        tar.skip(Long.MAX_VALUE);
    }

    /// `TarArchiveEntry.isFile` says yes to devices and pipes too.
    private static boolean isRegular(TarArchiveEntry entry) {
        return switch (entry.getLinkFlag()) {
            case TarConstants.LF_NORMAL, TarConstants.LF_OLDNORM, TarConstants.LF_CONTIG ->
                    !entry.isDirectory();
            default -> false;
        };
    }

    private void keepFile(TarArchiveInputStream tar, String path, long bytes)
            throws IOException, FileRefused {
        if (bytes > MOST_FILE_BYTES) {
            throw new FileRefused(
                    path, "has %,d bytes; no such file of Linux has".formatted(bytes), REMEDY);
        }
        keptBytes += bytes;
        if (keptBytes > MOST_KEPT_BYTES) {
            throw new FileRefused(
                    path, "is more than a machine holds (%,d bytes)".formatted(keptBytes), REMEDY);
        }
        var content = tar.readNBytes((int) bytes);
        if (content.length != bytes) {
            throw new IOException("the archive ends within " + path);
        }
        files.put(path, content);
    }

    /// The path without leading `./` and trailing slash.
    private static String pathOf(String name) throws FileRefused {
        if (name.startsWith("/")
                || name.equals("..")
                || name.startsWith("../")
                || name.endsWith("/..")
                || name.contains("/../")) {
            throw new FileRefused(name, "climbs out of the archive", REMEDY);
        }
        String path = name.startsWith("./") ? name.substring(2) : name;
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }

    /// The bytes of a file; empty if there is none.
    Optional<byte[]> file(String path) {
        return Optional.ofNullable(files.get(path));
    }

    /// The content of a file of one line, without white space around; empty if there is none or it
    /// could not be read when the archive was made.
    Optional<String> line(String path) {
        return file(path)
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8).strip())
                .filter(text -> !text.isEmpty());
    }

    /// Where a symbolic link leads, as it is written; empty if there is none.
    Optional<String> linkTarget(String path) {
        return Optional.ofNullable(links.get(path));
    }

    /// The last component of where a symbolic link leads; empty if there is none.
    Optional<String> linkName(String path) {
        return linkTarget(path).map(target -> target.substring(target.lastIndexOf('/') + 1));
    }

    /// All files whose path starts so.
    SortedMap<String, byte[]> filesUnder(String prefix) {
        return files.subMap(prefix, prefix + Character.MAX_VALUE);
    }

    /// All links whose path starts so, with their targets.
    SortedMap<String, String> linksUnder(String prefix) {
        return links.subMap(prefix, prefix + Character.MAX_VALUE);
    }

    /// What was left out, one sentence each.
    List<String> remarks() {
        return List.copyOf(remarks);
    }
}
