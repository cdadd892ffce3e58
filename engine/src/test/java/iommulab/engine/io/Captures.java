package iommulab.engine.io;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/// Captures of Linux machines in the test resources, each a folder.
final class Captures {
    private Captures() {}

    /// Names of all captures.
    static Stream<String> names() {
        try (var folders = Files.list(root())) {
            return folders
                    .map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path root() {
        try {
            return Path.of(Captures.class.getResource("/linux-groups").toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static Path file(String capture, String name) {
        return root().resolve(capture).resolve(name);
    }

    static MachineCapture machine(String capture) throws FileRefused {
        return SysfsArchive.read(file(capture, "sysfs.tar.gz"), Progress.NONE);
    }

    /// A text file, gzip'd or not; empty if the capture has none.
    static Optional<String> text(String capture, String name) {
        var zipped = file(capture, name + ".gz");
        var plain = file(capture, name);
        try {
            if (Files.exists(zipped)) {
                try (InputStream in = new GZIPInputStream(Files.newInputStream(zipped))) {
                    return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
                }
            }
            return Files.exists(plain) ? Optional.of(Files.readString(plain)) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// What the kernel's own files said of each function, by address.
    static JsonObject devices(String capture) {
        return JsonParser.parseString(text(capture, "devices.json").orElseThrow())
                .getAsJsonObject();
    }

    static List<String> lines(String capture, String name) {
        return text(capture, name).map(text -> text.lines().toList()).orElse(List.of());
    }
}
