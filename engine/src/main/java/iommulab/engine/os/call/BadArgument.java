package iommulab.engine.os.call;

/// A call that says nothing: no such action, an argument missing, unknown or of the wrong type. Not an
/// answer of the kernel, which never sees it.
public final class BadArgument extends Exception {
    private static final long serialVersionUID = 1;

    /// @param message which call, which argument, what was expected
    public BadArgument(String message) {
        super(message, null, false, false);
    }

    public String reason() {
        return String.valueOf(getMessage());
    }
}
