package iommulab.engine.session;

/// What a command would come to, without running it.
///
/// @param errno as Linux would answer, such as `EBUSY`; empty if it would succeed
/// @param rule the sentence that decides; may be empty if it would succeed
public record Trial(String errno, String rule) {
    static Trial of(Outcome outcome) {
        return outcome instanceof Outcome.Answered(var answer)
                ? new Trial(answer.errno(), answer.rule())
                : new Trial("", "");
    }

    public boolean succeeds() {
        return errno.isEmpty();
    }
}
