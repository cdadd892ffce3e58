package iommulab.app.invalidation;

import iommulab.engine.os.call.Answer;
import iommulab.engine.os.call.Numbers;
import iommulab.engine.os.call.Value;

/// How far a request came.
///
/// @param total entries that were to be done
/// @param done entries that were, those of requests before this one among them
/// @param errno empty if it succeeded
/// @param rule the sentence that decided
/// @param ofEntry whether it is the first entry not done that was refused, and not the frame around it
record InvalidationProgress(int total, int done, String errno, String rule, boolean ofEntry) {
    /// Where an entry stands.
    enum Mark {
        DONE,
        FAILED,
        NOT_REACHED
    }

    /// @param before entries that requests before it had done
    /// @param wellFormed whether only entries can be wrong
    static InvalidationProgress of(Answer answer, int before, int total, boolean wellFormed) {
        int done = before + number(answer);
        return new InvalidationProgress(
                total,
                done,
                answer.errno(),
                answer.rule(),
                !answer.succeeded() && (wellFormed || done > before) && done < total);
    }

    private static int number(Answer answer) {
        return answer.returns().getOrDefault("entry_num", Value.of(0))
                        instanceof Value.Word(var text)
                ? Numbers.read(text).orElse(0L).intValue()
                : 0;
    }

    Mark mark(int entry) {
        return entry < done ? Mark.DONE : ofEntry && entry == done ? Mark.FAILED : Mark.NOT_REACHED;
    }

    boolean failed() {
        return !errno.isEmpty();
    }

    /// `2 of 4 done, entry 3 EOPNOTSUPP`
    String words() {
        if (total == 0) {
            return failed() ? "the probe: " + errno : "the probe: this type is known";
        }
        var count = "%d of %d done".formatted(done, total);
        return !failed()
                ? count
                : ofEntry
                        ? "%s, entry %d: %s".formatted(count, done + 1, errno)
                        : "%s, the frame: %s".formatted(count, errno);
    }
}
