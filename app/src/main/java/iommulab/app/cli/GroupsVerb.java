package iommulab.app.cli;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;

import iommulab.app.shell.FunctionNames;
import iommulab.engine.group.Grouping;
import iommulab.engine.group.Proof;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.session.MachineSnapshot;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;

/// Lists the IOMMU groups of a machine, or tells why two functions share one.
@Command(name = "groups", description = "Lists IOMMU groups, or tells why two functions share one.")
final class GroupsVerb implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "a machine")
    private Path file;

    @Option(
            names = "--why",
            arity = "2",
            paramLabel = "BDF",
            description = "two functions, such as 0000:03:00.0 0000:04:00.0")
    private List<PciAddress> why = List.of();

    @Option(names = "--json", description = "groups as JSON")
    private boolean json;

    private GroupsVerb() {}

    @Override
    public Integer call() throws Refusal {
        var out = spec.commandLine().getOut();
        try (var machine = OpenedMachine.open(file, spec.commandLine().getErr())) {
            var snapshot = machine.snapshot();
            if (!why.isEmpty()) {
                print(proof(snapshot), out);
            } else if (json) {
                out.println(
                        new GsonBuilder()
                                .disableHtmlEscaping()
                                .create()
                                .toJson(json(snapshot.grouping())));
            } else {
                print(snapshot, out);
            }
        }
        return ExitCode.DONE;
    }

    private Proof proof(MachineSnapshot machine) {
        for (var function : why) {
            if (machine.topology().find(function).isEmpty()) {
                throw new ParameterException(
                        spec.commandLine(), "%s has no function %s".formatted(file, function));
            }
        }
        return machine.grouping().proof(why.getFirst(), why.getLast());
    }

    private static void print(Proof proof, PrintWriter out) {
        out.println(proof.finding());
        print(proof.first(), out);
        print(proof.second(), out);
        proof.remedies().forEach(remedy -> out.println("To separate them: " + remedy));
    }

    private static void print(Iterable<Proof.Link> chain, PrintWriter out) {
        for (var link : chain) {
            out.println(link.function());
            for (var step : link.steps()) {
                out.println(
                        "  "
                                + step.text()
                                + step.evidence().map(bits -> " [" + bits + "]").orElse(""));
            }
        }
    }

    private static JsonObject json(Grouping grouping) {
        var groups = new JsonArray();
        for (var group : grouping.groups()) {
            var one = new JsonObject();
            one.addProperty("id", group.id());
            one.addProperty("type", group.type().sysfs());
            var devices = new JsonArray();
            group.members().forEach(member -> devices.add(member.toString()));
            one.add("devices", devices);
            groups.add(one);
        }
        var ungrouped = new JsonArray();
        new TreeMap<>(grouping.ungrouped()).keySet().forEach(f -> ungrouped.add(f.toString()));
        var all = new JsonObject();
        all.add("groups", groups);
        all.add("ungrouped", ungrouped);
        return all;
    }

    private static void print(MachineSnapshot machine, PrintWriter out) {
        for (var group : machine.grouping().groups()) {
            out.println("group %d, %s".formatted(group.id(), group.type().sysfs()));
            group.members().forEach(member -> out.println("  " + named(machine, member)));
        }
        new TreeMap<>(machine.grouping().ungrouped())
                .forEach((function, reason) ->
                        out.println(
                                "no group: %s: %s".formatted(named(machine, function), reason)));
    }

    private static String named(MachineSnapshot machine, PciAddress function) {
        return machine.topology()
                .find(function)
                .map(f -> function + " " + FunctionNames.fullName(f))
                .orElse(function.toString());
    }
}
