package iommulab.app.shell;

import iommulab.engine.iommu.Walk;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Outcome;
import iommulab.engine.session.Preview;
import iommulab.engine.session.WalkQuestion;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// The engine's session, as the window asks it. Futures complete on the engine's thread.
public interface EngineLink extends AutoCloseable {
    MachineSnapshot newest();

    CompletableFuture<Outcome> submit(Command command);

    CompletableFuture<Void> undo();

    CompletableFuture<Void> redo();

    /// @param position 0 is power-on, n is after command n
    CompletableFuture<Void> goTo(int position);

    CompletableFuture<Void> setRunning(boolean running);

    /// @param requestsPerSecond 0 for as fast as the engine can
    CompletableFuture<Void> setSpeed(long requestsPerSecond);

    CompletableFuture<Walk> explain(WalkQuestion question);

    CompletableFuture<Preview> preview(List<Command> commands);

    @Override
    void close();
}
