package iommulab.engine.os.call;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/// What the caller of the kernel is told.
///
/// @param errno such as `EBUSY`; empty if the call succeeded
/// @param returns fields written back, by name; some are also there when the call failed
/// @param rule the rule that decided, one sentence; may be empty for a call that succeeded
/// @param partial whether a call that failed has done something all the same, as Linux leaves it
public record Answer(
        String errno, SequencedMap<String, Value> returns, String rule, boolean partial) {
    /// Success, nothing returned.
    public static final Answer OK = new Answer("", new LinkedHashMap<>(), "", false);

    public Answer {
        returns = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(returns));
    }

    public static Answer of(CallFailed failed) {
        return new Answer(failed.errno(), failed.returns(), failed.rule(), failed.keepsWork());
    }

    public boolean succeeded() {
        return errno.isEmpty();
    }

    /// The same answer with one more field.
    public Answer with(String field, Value value) {
        var more = new LinkedHashMap<>(returns);
        more.put(field, value);
        return new Answer(errno, more, rule, partial);
    }

    /// With a number in decimal.
    public Answer with(String field, long number) {
        return with(field, Value.of(number));
    }

    public Answer with(String field, String word) {
        return with(field, Value.of(word));
    }

    public Answer with(String field, boolean flag) {
        return with(field, Value.of(flag));
    }

    /// The same answer with the sentence that explains it.
    public Answer because(String sentence) {
        return new Answer(errno, returns, sentence, partial);
    }

    /// `ok hwpt_id=3`, `EBUSY`
    @Override
    public String toString() {
        var fields =
                returns.entrySet().stream()
                        .map(entry -> " " + entry.getKey() + "=" + entry.getValue())
                        .collect(Collectors.joining());
        return (succeeded() ? "ok" : errno) + fields;
    }
}
