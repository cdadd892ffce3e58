package iommulab.app.cli;

import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.session.Session;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.Callable;

/// Turns a capture of a machine into a file of the lab.
@Command(name = "import", description = "Saves a machine from any kind of file as *.iommulab.json.")
final class ImportVerb implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "IN", description = "an archive of /sys, or text of lspci -xxxx")
    private Path in;

    @Parameters(paramLabel = "OUT", description = "the file to write, *" + MachineFile.ENDING)
    private Path out;

    private ImportVerb() {}

    @Override
    public Integer call() throws Refusal, IOException {
        try (var machine = OpenedMachine.open(in, spec.commandLine().getErr())) {
            Session.Saved saved = OpenedMachine.ask(machine.session().saved());
            new MachineFile(
                            saved.description(),
                            saved.journal(),
                            saved.undone(),
                            OptionalLong.of(saved.stateHash()),
                            machine.file().expects(),
                            machine.file().view(),
                            machine.file().unknown())
                    .write(out);
            saved.description().remarks().forEach(spec.commandLine().getErr()::println);
        }
        return ExitCode.DONE;
    }
}
