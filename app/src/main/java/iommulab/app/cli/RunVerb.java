package iommulab.app.cli;

import com.google.gson.JsonObject;

import iommulab.engine.session.Command.RunTraffic;
import iommulab.engine.session.MachineSnapshot.Counters;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/// Runs a machine's traffic and tells what became of it.
@Command(name = "run", description = "Runs a machine's traffic and prints its counters as JSON.")
final class RunVerb implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "a machine")
    private Path file;

    @Option(
            names = "--dmas",
            paramLabel = "N",
            description = "how many requests (${DEFAULT-VALUE})")
    private long dmas = 100_000;

    @Option(names = "--hash", description = "also the hash of the whole machine afterwards")
    private boolean hash;

    private RunVerb() {}

    @Override
    public Integer call() throws Refusal {
        try (var machine = OpenedMachine.open(file, spec.commandLine().getErr())) {
            if (dmas > 0) {
                OpenedMachine.ask(machine.session().submit(new RunTraffic(dmas)));
            }
            var json = json(machine.snapshot().counters());
            if (hash) {
                json.addProperty(
                        "stateHash",
                        "0x%016x".formatted(OpenedMachine.ask(machine.session().stateHash())));
            }
            spec.commandLine().getOut().println(json);
        }
        return ExitCode.DONE;
    }

    private static JsonObject json(Counters counters) {
        var json = new JsonObject();
        json.addProperty("requests", counters.requests());
        json.addProperty("bytes", counters.bytes());
        json.addProperty("hits", counters.hits());
        json.addProperty("walks", counters.walks());
        json.addProperty("reads", counters.reads());
        json.addProperty("faults", counters.faults());
        json.addProperty("stale", counters.stale());
        json.addProperty("peer", counters.peer());
        json.addProperty("blocked", counters.blocked());
        json.addProperty("bypassed", counters.bypassed());
        json.addProperty("interrupts", counters.interrupts());
        json.addProperty("cycles", counters.cycles());
        return json;
    }
}
