package iommulab.app;

import iommulab.app.cli.Verbs;

/// The program's front door: a verb for the command line, else the window.
public final class Main {
    private Main() {}

    /// @param args nothing or a file for the window, or a verb with its arguments
    public static void main(String[] args) {
        System.exit(Verbs.commandLine().execute(args));
    }
}
