package iommulab.app;

import iommulab.app.cli.ExitCode;
import iommulab.app.cli.Verbs;
import iommulab.engine.io.FileRefused;
import iommulab.engine.io.Progress;
import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.io.machine.MachineReader;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.Session;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/// The program's front door: a verb for the command line, else the window.
public final class Main {
    private static final Path PICTURE = Path.of("iommulab.png");

    private Main() {}

    /// @param args nothing or a file for the window, or a verb with its arguments
    public static void main(String[] args) {
        var verbs = Verbs.commandLine(new HeadlessCamera());
        boolean isVerb =
                args.length > 1
                        || args.length == 1
                                && (args[0].startsWith("-")
                                        || verbs.getSubcommands().containsKey(args[0]));
        System.exit(isVerb ? verbs.execute(args) : window(args));
    }

    private static int window(String[] args) {
        var file = args.length == 0 ? "the sample" : args[0];
        try {
            var machine =
                    args.length == 0
                            ? Samples.read(Samples.NAMES.getFirst())
                            : MachineReader.read(Path.of(args[0]), Progress.NONE);
            var obstacle = Display.obstacle();
            return obstacle.isEmpty() ? open(machine, args) : show(machine, obstacle.get());
        } catch (FileRefused refused) {
            return tell(file + ": " + refused.getMessage());
        } catch (CommandRefused refused) {
            return tell("%s: %s: %s".formatted(file, refused.errno(), refused.reason()));
        } catch (IOException unwritable) {
            return tell(String.valueOf(unwritable.getMessage()));
        }
    }

    private static int open(MachineFile machine, String[] args) throws CommandRefused {
        var own = Arrays.stream(args).map(Path::of).map(OpenMachine::own).flatMap(Optional::stream);
        IommuLab.open(OpenMachine.switchedOn(machine, own.findFirst()));
        return ExitCode.DONE;
    }

    private static int show(MachineFile machine, String obstacle)
            throws CommandRefused, IOException {
        try (var session = Session.open(machine.machine(), machine.journal())) {
            HeadlessShow.run(session, PICTURE).forEach(System.out::println);
        }
        System.out.println(
                "This machine has no display (%s); where there is one, the same command shows it live."
                        .formatted(obstacle));
        return ExitCode.DONE;
    }

    private static int tell(String message) {
        System.err.println("iommulab: " + message);
        return ExitCode.REFUSED;
    }
}
