package iommulab.engine.io.oracle;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// The steps of recorded files that our engine answers otherwise than they were recorded, because the
/// specification says so. Each is listed by name, with the answer that we give and the reason.
final class KnownDeviations {
    private static final String FILE = "known-deviations.txt";

    static final KnownDeviations ALL = read();

    private record Deviation(String file, Set<Integer> steps, String answer) {
        boolean covers(String name, int number, String failure) {
            return name.startsWith(file + ".")
                    && steps.contains(number)
                    && failure.contains(answer);
        }
    }

    private final List<Deviation> deviations;

    private KnownDeviations(List<Deviation> deviations) {
        this.deviations = List.copyOf(deviations);
    }

    private static KnownDeviations read() {
        try (var bytes = KnownDeviations.class.getResourceAsStream(FILE)) {
            if (bytes == null) {
                throw new IllegalStateException(FILE + " is missing");
            }
            var deviations = new ArrayList<Deviation>();
            for (var line : new String(bytes.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                if (!line.isBlank() && !line.startsWith("#")) {
                    var parts = line.split(" ; ", 4);
                    deviations.add(new Deviation(parts[0], numbers(parts[1]), parts[2]));
                }
            }
            return new KnownDeviations(deviations);
        } catch (IOException damaged) {
            throw new UncheckedIOException(damaged);
        }
    }

    private static Set<Integer> numbers(String list) {
        return Arrays.stream(list.split(","))
                .map(Integer::valueOf)
                .collect(Collectors.toUnmodifiableSet());
    }

    /// Whether it is known that a step of a file is answered so.
    ///
    /// @param file its name, with ending
    /// @param failure how our answer differs
    boolean explain(String file, int step, String failure) {
        return deviations.stream().anyMatch(deviation -> deviation.covers(file, step, failure));
    }
}
