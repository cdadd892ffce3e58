package iommulab.engine.io.oracle;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/// Files of scenarios: calls of the kernel on small machines, with the result that Linux gives. One step
/// is one answer. Files may be packed by gzip.
public final class UapiOracle implements Oracle {
    /// The oracle; it has no state.
    public UapiOracle() {}

    @Override
    public Optional<Verdict> verify(Path file) throws IOException {
        var name = String.valueOf(file.getFileName());
        if (!Files.isRegularFile(file) || !name.endsWith(".json") && !name.endsWith(".json.gz")) {
            return Optional.empty();
        }
        try (var in = new BufferedInputStream(Files.newInputStream(file));
                var plain = name.endsWith(".gz") ? new GZIPInputStream(in) : in;
                var text = new InputStreamReader(plain, StandardCharsets.UTF_8)) {
            return JsonParser.parseReader(text) instanceof JsonArray scenarios
                    ? verify(name, scenarios)
                    : Optional.empty();
        } catch (JsonParseException damaged) {
            throw new IOException(
                    "%s: no JSON (%s)".formatted(file, damaged.getMessage()), damaged);
        }
    }

    private static Optional<Verdict> verify(String name, JsonArray scenarios) {
        var sum = Optional.<Verdict>empty();
        for (var item : scenarios) {
            if (item instanceof JsonObject scenario
                    && scenario.has("model")
                    && scenario.has("steps")) {
                var one = new ScenarioReplay(name, scenario).run();
                sum = Optional.of(sum.orElse(Verdict.NOTHING).plus(one));
            }
        }
        return sum;
    }
}
