package iommulab.app;

import iommulab.app.shell.EngineLink;
import iommulab.engine.iommu.Walk;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Outcome;
import iommulab.engine.session.Preview;
import iommulab.engine.session.Session;
import iommulab.engine.session.WalkQuestion;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// The engine's session behind the window.
///
/// @param session the machine and its thread
record SessionLink(Session session) implements EngineLink {
    @Override
    public MachineSnapshot newest() {
        return session.newest();
    }

    @Override
    public CompletableFuture<Outcome> submit(Command command) {
        return session.submit(command);
    }

    @Override
    public CompletableFuture<Void> undo() {
        return session.undo();
    }

    @Override
    public CompletableFuture<Void> redo() {
        return session.redo();
    }

    @Override
    public CompletableFuture<Void> goTo(int position) {
        return session.goTo(position);
    }

    @Override
    public CompletableFuture<Void> setRunning(boolean running) {
        return session.setRunning(running);
    }

    @Override
    public CompletableFuture<Void> setSpeed(long requestsPerSecond) {
        return session.setSpeed(requestsPerSecond);
    }

    @Override
    public CompletableFuture<Walk> explain(WalkQuestion question) {
        return session.explain(question);
    }

    @Override
    public CompletableFuture<Preview> preview(List<Command> commands) {
        return session.preview(commands);
    }

    @Override
    public void close() {
        session.close();
    }
}
