package iommulab.app.cli;

/// Why a verb could not do what was asked, in one line for the terminal.
final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    Refusal(String line, Exception cause) {
        super(line, cause);
    }

    String line() {
        return String.valueOf(getMessage());
    }
}
