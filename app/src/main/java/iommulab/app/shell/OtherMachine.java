package iommulab.app.shell;

import iommulab.engine.iommu.Walk;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Session;
import iommulab.engine.session.WalkQuestion;

import java.util.concurrent.CompletionStage;

/// A machine beside the one on the bench: it is asked, never changed.
public final class OtherMachine implements AutoCloseable {
    private final String name;
    private final Session engine;

    /// @param name of its file
    public OtherMachine(String name, Session engine) {
        this.name = name;
        this.engine = engine;
    }

    public String name() {
        return name;
    }

    public MachineSnapshot machine() {
        return engine.newest();
    }

    /// Asks what its hardware would do; the stage completes on the JavaFX thread.
    public CompletionStage<Walk> explain(WalkQuestion question) {
        return Bench.onScreen(engine.explain(question));
    }

    /// Switches it off.
    @Override
    public void close() {
        engine.close();
    }
}
