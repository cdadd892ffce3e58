package iommulab.engine.io.oracle;

import java.util.ArrayList;
import java.util.List;

/// How many of the answers in a file agree with ours.
///
/// @param passed steps (or machines) that agree
/// @param failed steps (or machines) that do not
/// @param skipped steps (or machines) of a kind that the engine does not compute yet
/// @param deviating steps that we answer otherwise than recorded, because the specification says so: each is
///     listed by name; they have neither passed nor failed
/// @param failures one line per disagreement: which step, what was expected, what we say
public record Verdict(int passed, int failed, int skipped, int deviating, List<String> failures) {
    /// Nothing was compared.
    public static final Verdict NOTHING = new Verdict(0, 0, 0, List.of());

    public Verdict {
        failures = List.copyOf(failures);
    }

    /// Without known deviations.
    public Verdict(int passed, int failed, int skipped, List<String> failures) {
        this(passed, failed, skipped, 0, failures);
    }

    /// Both together, failures of this one first.
    public Verdict plus(Verdict other) {
        var all = new ArrayList<>(failures);
        all.addAll(other.failures);
        return new Verdict(
                passed + other.passed,
                failed + other.failed,
                skipped + other.skipped,
                deviating + other.deviating,
                all);
    }
}
