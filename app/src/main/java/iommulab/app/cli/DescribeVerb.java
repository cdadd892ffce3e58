package iommulab.app.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import iommulab.engine.session.MachineSnapshot;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/// Tells what a file contains.
@Command(name = "describe", description = "Prints as JSON what a machine consists of.")
final class DescribeVerb implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "a machine")
    private Path file;

    private DescribeVerb() {}

    @Override
    public Integer call() throws Refusal {
        try (var machine = OpenedMachine.open(file, spec.commandLine().getErr())) {
            var json = json(machine.snapshot());
            var remarks = new JsonArray();
            machine.file().machine().remarks().forEach(remarks::add);
            json.add("remarks", remarks);
            spec.commandLine().getOut().println(json);
        }
        return ExitCode.DONE;
    }

    private static JsonObject json(MachineSnapshot machine) {
        var json = new JsonObject();
        json.addProperty("name", machine.name());
        json.addProperty("origin", machine.origin());
        json.addProperty("kernel", machine.kernel().release());
        json.addProperty("commandLine", machine.kernel().commandLine());
        json.addProperty("functions", machine.topology().size());
        json.addProperty("groups", machine.grouping().groups().size());
        json.addProperty("ungrouped", machine.grouping().ungrouped().size());
        var units = new JsonArray();
        machine.units().forEach(unit -> units.add(json(unit)));
        json.add("iommus", units);
        var domains = new JsonArray();
        machine.domains().forEach(domain -> domains.add(json(domain)));
        json.add("domains", domains);
        json.addProperty("sources", machine.sources().size());
        json.addProperty("commands", machine.journal().position());
        return json;
    }

    private static JsonObject json(MachineSnapshot.Unit unit) {
        var json = new JsonObject();
        json.addProperty("name", unit.name());
        json.addProperty("architecture", unit.architecture());
        json.addProperty("emulated", unit.emulated());
        json.addProperty("scope", unit.scope());
        json.addProperty("functions", unit.functions().size());
        return json;
    }

    private static JsonObject json(MachineSnapshot.Domain domain) {
        var json = new JsonObject();
        json.addProperty("id", domain.id());
        json.addProperty("name", domain.name());
        json.addProperty("type", domain.type().sysfs());
        json.addProperty("attached", domain.attached().size());
        json.addProperty("mappedBytes", domain.mappedBytes());
        return json;
    }
}
