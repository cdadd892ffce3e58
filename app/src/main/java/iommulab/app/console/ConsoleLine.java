package iommulab.app.console;

import iommulab.engine.session.Command;

/// What a line of the console asks for.
sealed interface ConsoleLine {
    /// An empty line, or a remark after `#`.
    record Nothing() implements ConsoleLine {}

    /// @param about a call, the beginning of some, or nothing
    record Help(String about) implements ConsoleLine {}

    /// Why the last call was refused.
    record Why() implements ConsoleLine {}

    /// What is kept.
    record ShowVariables() implements ConsoleLine {}

    /// @param variable what the answer is kept as; empty if nowhere
    /// @param mayFail whether the lines after it are run even if it is refused
    record Run(Command command, String variable, boolean mayFail) implements ConsoleLine {}
}
