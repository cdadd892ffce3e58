package iommulab.engine.session;

import iommulab.engine.os.call.Answer;

import java.util.Optional;

/// The machine cannot accept a command; it is as before.
public final class CommandRefused extends Exception {
    private static final long serialVersionUID = 1;
    private final String errno;
    private final transient Optional<Answer> answer;

    /// @param errno as Linux would answer, such as `EBUSY`; `EINVAL` where Linux has no such call
    /// @param message what was tried with which object, what stood in the way, what to do
    public CommandRefused(String errno, String message) {
        super(message, null, false, false);
        this.errno = errno;
        this.answer = Optional.empty();
    }

    /// A call that the kernel answered with an errno.
    CommandRefused(Answer answer) {
        super(answer.rule(), null, false, false);
        this.errno = answer.errno();
        this.answer = Optional.of(answer);
    }

    /// What the kernel wrote back, if it was asked.
    public Optional<Answer> answer() {
        return answer;
    }

    public String errno() {
        return errno;
    }

    /// The message without the errno.
    public String reason() {
        return String.valueOf(getMessage());
    }
}
