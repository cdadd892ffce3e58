package iommulab.engine.traffic;

/// A traffic source cannot be set up as asked; nothing has changed.
public final class SourceRefused extends Exception {
    private static final long serialVersionUID = 1;
    private final String errno;

    /// @param errno such as `EINVAL`
    /// @param message what was tried with which source, what stood in the way, what to do
    public SourceRefused(String errno, String message) {
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
