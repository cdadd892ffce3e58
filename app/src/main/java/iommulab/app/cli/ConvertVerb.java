package iommulab.app.cli;

import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.Session;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/// Gives a machine an IOMMU of another architecture.
@Command(
        name = "convert",
        description = "Saves a machine with an IOMMU of another architecture; mappings stay.")
final class ConvertVerb implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "IN", description = "any kind of machine file")
    private Path in;

    @Option(names = "--to", required = true, description = "one of: ${COMPLETION-CANDIDATES}")
    private Architecture architecture;

    @Parameters(paramLabel = "OUT", description = "the file to write, *" + MachineFile.ENDING)
    private Path out;

    private ConvertVerb() {}

    @Override
    public Integer call() throws Refusal, IOException {
        try (var machine = OpenedMachine.open(in, spec.commandLine().getErr())) {
            Session.Saved converted = OpenedMachine.ask(machine.session().converted(architecture));
            MachineFile.of(converted).write(out);
        }
        return ExitCode.DONE;
    }
}
