package iommulab.engine.session;

import iommulab.engine.os.call.Answer;

import java.util.Optional;
import java.util.OptionalInt;

/// The machine cannot accept a command; it is as before.
public final class CommandRefused extends Exception {
    private static final long serialVersionUID = 1;
    private final String errno;
    private final transient Optional<Answer> answer;
    private final transient OptionalInt place;

    /// @param errno as Linux would answer, such as `EBUSY`; `EINVAL` where Linux has no such call
    /// @param message what was tried with which object, what stood in the way, what to do
    public CommandRefused(String errno, String message) {
        super(message, null, false, false);
        this.errno = errno;
        this.answer = Optional.empty();
        this.place = OptionalInt.empty();
    }

    /// A text that is no call.
    ///
    /// @param place index of the character at which reading stopped
    CommandRefused(String message, int place) {
        super(message, null, false, false);
        this.errno = "EINVAL";
        this.answer = Optional.empty();
        this.place = OptionalInt.of(place);
    }

    /// A call that the kernel answered with an errno.
    CommandRefused(Answer answer) {
        super(answer.rule(), null, false, false);
        this.errno = answer.errno();
        this.answer = Optional.of(answer);
        this.place = OptionalInt.empty();
    }

    /// What the kernel wrote back, if it was asked.
    public Optional<Answer> answer() {
        return answer;
    }

    /// Index of the character at which reading the call stopped, if it could not be read.
    public OptionalInt place() {
        return place;
    }

    public String errno() {
        return errno;
    }

    /// The message without the errno.
    public String reason() {
        return String.valueOf(getMessage());
    }
}
