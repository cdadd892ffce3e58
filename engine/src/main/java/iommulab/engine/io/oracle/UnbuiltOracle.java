package iommulab.engine.io.oracle;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;

import org.jspecify.annotations.Nullable;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/// Recorded answers of a kind that the engine does not compute yet: the system-call interface. Their steps
/// are counted, so that nobody takes silence for agreement.
public final class UnbuiltOracle implements Oracle {
    /// The oracle; it has no state.
    public UnbuiltOracle() {}

    @Override
    public Optional<Verdict> verify(Path file) throws IOException {
        var name = String.valueOf(file.getFileName());
        if (!Files.isRegularFile(file) || !name.endsWith(".json") && !name.endsWith(".json.gz")) {
            return Optional.empty();
        }
        try (var in = new BufferedInputStream(Files.newInputStream(file));
                var plain = name.endsWith(".gz") ? new GZIPInputStream(in) : in;
                var text = new InputStreamReader(plain, StandardCharsets.UTF_8)) {
            int steps = steps(JsonParser.parseReader(text));
            return steps == 0 ? Optional.empty() : Optional.of(new Verdict(0, 0, steps, List.of()));
        } catch (JsonParseException damaged) {
            throw new IOException(
                    "%s: no JSON (%s)".formatted(file, damaged.getMessage()), damaged);
        }
    }

    private static int steps(JsonElement json) {
        int sum = 0;
        if (json instanceof JsonArray scenarios) {
            for (var scenario : scenarios) {
                if (scenario instanceof JsonObject calls && calls.has("model")) {
                    sum += count(calls.get("steps"));
                }
            }
        }
        return sum;
    }

    private static int count(@Nullable JsonElement steps) {
        return steps instanceof JsonArray list ? list.size() : 0;
    }
}
