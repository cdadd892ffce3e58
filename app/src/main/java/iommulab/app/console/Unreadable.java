package iommulab.app.console;

/// A line that says nothing: no call, no such call, or not what the call takes. Nobody was asked.
final class Unreadable extends Exception {
    private static final long serialVersionUID = 1;
    private final int place;

    /// @param message what stands there, and what was expected
    /// @param place index of the character that it is about
    Unreadable(String message, int place) {
        super(message, null, false, false);
        this.place = place;
    }

    int place() {
        return place;
    }

    String reason() {
        return String.valueOf(getMessage());
    }
}
