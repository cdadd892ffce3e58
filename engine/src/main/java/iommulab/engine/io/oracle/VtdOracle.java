package iommulab.engine.io.oracle;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/// Files of DMA steps that an emulator of VT-d, AMD-Vi and SMMUv3 has answered: a memory image, registers, and
/// for each step what happened. One step of a file is one answer. Files may be packed by gzip.
public final class VtdOracle implements Oracle {
    /// The oracle; it has no state.
    public VtdOracle() {}

    @Override
    public Optional<Verdict> verify(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return verifyFile(path);
        }
        List<Path> files;
        try (Stream<Path> all = Files.list(path)) {
            files = all.sorted().toList();
        }
        Optional<Verdict> sum = Optional.empty();
        for (var file : files) {
            var one = Files.isRegularFile(file) ? verifyFile(file) : Optional.<Verdict>empty();
            if (one.isPresent()) {
                sum = Optional.of(sum.orElse(Verdict.NOTHING).plus(one.get()));
            }
        }
        return sum;
    }

    private static Optional<Verdict> verifyFile(Path file) throws IOException {
        var name = String.valueOf(file.getFileName());
        if (!name.endsWith(".json") && !name.endsWith(".json.gz")) {
            return Optional.empty();
        }
        try (var text = open(file)) {
            if (!(JsonParser.parseReader(text) instanceof JsonObject json)
                    || !json.has("arch")
                    || !json.has("steps")) {
                return Optional.empty();
            }
            var architecture = json.get("arch").getAsString();
            return switch (architecture) {
                case VtdReplay.LEGACY, VtdReplay.SCALABLE ->
                        Optional.of(new VtdReplay(name, json).run());
                case AmdReplay.ARCHITECTURE -> Optional.of(new AmdReplay(name, json).run());
                case SmmuReplay.ARCHITECTURE -> Optional.of(new SmmuReplay(name, json).run());
                default -> Optional.empty();
            };
        } catch (JsonParseException | IllegalStateException | IllegalArgumentException damaged) {
            throw new IOException(
                    "%s: not a file of DMA steps (%s)".formatted(file, damaged.getMessage()),
                    damaged);
        }
    }

    private static Reader open(Path file) throws IOException {
        var bytes = Files.newInputStream(file);
        try {
            return new InputStreamReader(
                    file.toString().endsWith(".gz") ? new GZIPInputStream(bytes) : bytes,
                    StandardCharsets.UTF_8);
        } catch (IOException notPacked) {
            bytes.close();
            throw notPacked;
        }
    }
}
