package iommulab.engine.io.oracle;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;

import iommulab.engine.iommu.CacheShapes;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/// Files of steps that the official reference model of the RISC-V IOMMU has answered: a memory image,
/// registers, and for each step what happened. Each file is run with caches and without; a step counts once
/// and passes if it agrees both times. Files may be packed by gzip.
public final class RiscvOracle implements Oracle {
    private static final String ARCHITECTURE = "riscv-iommu";

    /// The oracle; it has no state.
    public RiscvOracle() {}

    @Override
    public Optional<Verdict> verify(Path path) throws IOException {
        if (!Files.isDirectory(path)) {
            return verifyFile(path);
        }
        Optional<Verdict> sum = Optional.empty();
        try (Stream<Path> all = Files.list(path)) {
            for (var file : all.sorted().filter(Files::isRegularFile).toList()) {
                var one = verifyFile(file);
                if (one.isPresent()) {
                    sum = Optional.of(sum.orElse(Verdict.NOTHING).plus(one.get()));
                }
            }
        }
        return sum;
    }

    private static Optional<Verdict> verifyFile(Path file) throws IOException {
        var name = String.valueOf(file.getFileName());
        if (!name.endsWith(".json") && !name.endsWith(".json.gz")) {
            return Optional.empty();
        }
        try (var in = new BufferedInputStream(Files.newInputStream(file));
                var plain = name.endsWith(".gz") ? new GZIPInputStream(in) : in;
                var text = new InputStreamReader(plain, StandardCharsets.UTF_8)) {
            if (!(JsonParser.parseReader(text) instanceof JsonObject json)
                    || !json.has("arch")
                    || !json.get("arch").getAsString().equals(ARCHITECTURE)
                    || !json.has("steps")) {
                return Optional.empty();
            }
            var cached = new RiscvReplay(name, json, CacheShapes.USUAL).run();
            var uncached = new RiscvReplay(name, json, CacheShapes.NONE).run();
            return Optional.of(cached.failed() >= uncached.failed() ? cached : uncached);
        } catch (JsonParseException | IllegalStateException | IllegalArgumentException damaged) {
            throw new IOException(
                    "%s: not a file of RISC-V IOMMU steps (%s)"
                            .formatted(file, damaged.getMessage()),
                    damaged);
        }
    }
}
