package iommulab.engine.os.call;

/// What the kernel does at one call of the vocabulary.
@FunctionalInterface
public interface Action {
    /// Carries a call out.
    ///
    /// @throws CallFailed with the errno that Linux would give
    /// @throws BadArgument if the arguments are none that the call could have: a mistake of who wrote it
    Answer run(Arguments arguments) throws CallFailed, BadArgument;
}
