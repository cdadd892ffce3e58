package iommulab.app.cli;

import iommulab.engine.pci.PciAddress;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.util.function.Function;

/// All verbs of the command line.
@Command(
        name = "iommulab",
        version = "IOMMU Lab 0.1.0",
        mixinStandardHelpOptions = true,
        header = "Makes DMA visible.",
        synopsisSubcommandLabel = "[FILE | VERB …]",
        description = {
            "%nWithout a verb the window opens, on FILE or on a sample. A FILE is a saved machine"
                + " (*.iommulab.json), an archive of a machine's /sys, or the text of lspci -xxxx;"
                + " its content tells which.%n"
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done, and what was checked holds",
            "1:what was checked does not hold",
            "2:the command line makes no sense",
            "3:a file or a command was refused"
        },
        subcommands = {
            VerifyVerb.class,
            GroupsVerb.class,
            DescribeVerb.class,
            ImportVerb.class,
            ConvertVerb.class,
            RunVerb.class,
            WalkVerb.class
        })
public final class Verbs implements Runnable {
    @Spec private CommandSpec spec;

    private Verbs() {}

    /// The command line, ready to run.
    ///
    /// @param camera for pictures of the window
    public static CommandLine commandLine(Camera camera) {
        return new CommandLine(new Verbs())
                .addSubcommand(new PictureVerb(camera))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(PciAddress.class, typed(PciAddress::parse))
                .registerConverter(HexNumber.class, typed(HexNumber::parse))
                .setExecutionExceptionHandler((failure, line, _) -> tell(failure, line));
    }

    private static <T> CommandLine.ITypeConverter<T> typed(Function<String, T> parser) {
        return text -> {
            try {
                return parser.apply(text);
            } catch (IllegalArgumentException wrong) {
                throw new CommandLine.TypeConversionException(String.valueOf(wrong.getMessage()));
            }
        };
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    private static int tell(Exception failure, CommandLine line) {
        return switch (failure) {
            case Refusal refused -> tell(line, refused.line(), ExitCode.REFUSED);
            case IOException io -> tell(line, Words.of(io), ExitCode.REFUSED);
            default ->
                    tell(
                            line,
                            "a defect in this program: %s%s"
                                    .formatted(
                                            failure,
                                            failure.getCause() == null
                                                    ? ""
                                                    : ", " + failure.getCause()),
                            ExitCode.DEFECT);
        };
    }

    private static int tell(CommandLine line, String message, int code) {
        line.getErr().println("iommulab: " + message);
        return code;
    }
}
