package iommulab.app.cli;

/// What the shell that called us is told.
public final class ExitCode {
    /// Done; and where something was checked, it holds.
    public static final int DONE = 0;

    /// What was checked does not hold.
    public static final int DIFFERENT = 1;

    /// The command line makes no sense.
    public static final int USAGE = 2;

    /// A file or a command was refused.
    public static final int REFUSED = 3;

    /// A defect in the program.
    public static final int DEFECT = 70;

    private ExitCode() {}
}
