package iommulab.engine.io;

/// How far a long import has come, and whether anybody still wants it. Called on the thread that
/// imports.
public interface Progress {
    /// Nobody looks and nobody cancels.
    Progress NONE =
            new Progress() {
                @Override
                public void at(String what, long done, long total) {}

                @Override
                public boolean cancelled() {
                    return false;
                }
            };

    /// @param what is being done, such as `Unpacking`
    /// @param done units of work done
    /// @param total all units, -1 if not known
    void at(String what, long done, long total);

    /// Whether the import shall stop; it then throws [java.util.concurrent.CancellationException].
    boolean cancelled();
}
