package iommulab.app.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.Walk;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.WalkQuestion;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/// Asks what the hardware would do with one request, step by step.
@Command(
        name = "walk",
        description = "Prints as JSON what the hardware would do with one request, step by step.")
final class WalkVerb implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "a machine")
    private Path file;

    @Option(
            names = "--requester",
            required = true,
            paramLabel = "BDF",
            description = "the function that asks, such as 0000:03:00.0")
    private PciAddress requester;

    @Option(
            names = "--iova",
            required = true,
            paramLabel = "X",
            description = "the address it asks for, in hex")
    private HexNumber iova;

    @Option(names = "--write", description = "ask to write; else to read")
    private boolean write;

    @Option(names = "--bytes", paramLabel = "N", description = "how many (${DEFAULT-VALUE})")
    private int bytes = 64;

    private WalkVerb() {}

    @Override
    public Integer call() throws Refusal {
        try (var machine = OpenedMachine.open(file, spec.commandLine().getErr())) {
            var question =
                    new WalkQuestion(
                            requester,
                            iova.value(),
                            bytes,
                            write ? Access.WRITE : Access.READ,
                            true);
            var walk = OpenedMachine.ask(machine.session().explain(question));
            spec.commandLine().getOut().println(json(walk));
            return walk.outcome() instanceof Walk.Outcome.Faulted
                    ? ExitCode.DIFFERENT
                    : ExitCode.DONE;
        }
    }

    private static JsonObject json(Walk walk) {
        var json = new JsonObject();
        json.addProperty("unit", walk.unit());
        json.addProperty("device", walk.device().toString());
        json.addProperty("requester", walk.requester().toString());
        json.addProperty("iova", hex(walk.iova()));
        json.addProperty("access", walk.access().word());
        json.addProperty("domain", walk.domain());
        var steps = new JsonArray();
        walk.steps().forEach(step -> steps.add(json(step)));
        json.add("steps", steps);
        json.add("outcome", json(walk.outcome()));
        json.addProperty("reads", walk.reads());
        json.addProperty("cycles", walk.cycles());
        return json;
    }

    private static JsonObject json(Walk.Step step) {
        var json = new JsonObject();
        json.addProperty("name", step.name());
        json.addProperty("detail", step.detail());
        if (!step.raw().isEmpty()) {
            json.addProperty("address", hex(step.entryHpa()));
            json.addProperty("index", step.index());
            var raw = new JsonArray();
            step.raw().forEach(word -> raw.add(hex(word)));
            json.add("raw", raw);
        }
        json.addProperty("givenBy", step.givenBy().words());
        json.addProperty("cycles", step.cycles());
        json.addProperty("finding", step.finding());
        return json;
    }

    private static JsonObject json(Walk.Outcome outcome) {
        var json = new JsonObject();
        switch (outcome) {
            case Walk.Outcome.Reached(long hpa, long pageBytes, var permissions, boolean stale) -> {
                json.addProperty("reached", hex(hpa));
                json.addProperty("pageBytes", pageBytes);
                json.addProperty("permissions", permissions.toString());
                json.addProperty("stale", stale);
            }
            case Walk.Outcome.Faulted(var reason, _, boolean recorded) -> {
                json.addProperty("fault", hex(reason.code()));
                json.addProperty("kernelText", reason.kernelText());
                json.addProperty("meaning", reason.meaning());
                json.addProperty("recorded", recorded);
            }
            case Walk.Outcome.NotTranslated(var why, var hpa) -> {
                json.addProperty("notTranslated", why);
                hpa.ifPresent(address -> json.addProperty("reached", hex(address)));
            }
        }
        return json;
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
