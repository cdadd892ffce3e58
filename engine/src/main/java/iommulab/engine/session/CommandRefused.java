package iommulab.engine.session;

/// The machine cannot accept a command; it is as before.
public final class CommandRefused extends Exception {
    private static final long serialVersionUID = 1;
    private final String errno;

    /// @param errno as Linux would answer, such as `EBUSY`; `EINVAL` where Linux has no such call
    /// @param message what was tried with which object, what stood in the way, what to do
    public CommandRefused(String errno, String message) {
        super(message, null, false, false);
        this.errno = errno;
    }

    public String errno() {
        return errno;
    }

    /// The message without the errno.
    public String reason() {
        return String.valueOf(getMessage());
    }
}
