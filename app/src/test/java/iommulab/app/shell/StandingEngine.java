package iommulab.app.shell;

import iommulab.engine.iommu.Walk;
import iommulab.engine.session.Command;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Outcome;
import iommulab.engine.session.Preview;
import iommulab.engine.session.WalkQuestion;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

final class StandingEngine implements EngineLink {
    final List<String> asked = new ArrayList<>();
    private MachineSnapshot machine;

    StandingEngine(MachineSnapshot machine) {
        this.machine = machine;
    }

    @Override
    public MachineSnapshot newest() {
        return machine;
    }

    @Override
    public CompletableFuture<Outcome> submit(Command command) {
        asked.add(command.toString());
        return CompletableFuture.failedFuture(
                new CommandRefused("EBUSY", "Group 3 is in use by the kernel. Unbind nvme first."));
    }

    @Override
    public CompletableFuture<Void> undo() {
        asked.add("undo");
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> redo() {
        asked.add("redo");
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> goTo(int position) {
        asked.add("goTo " + position);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> setRunning(boolean running) {
        asked.add("running " + running);
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> setSpeed(long requestsPerSecond) {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Walk> explain(WalkQuestion question) {
        return new CompletableFuture<>();
    }

    @Override
    public CompletableFuture<Preview> preview(List<Command> commands) {
        return new CompletableFuture<>();
    }

    @Override
    public void close() {}
}
