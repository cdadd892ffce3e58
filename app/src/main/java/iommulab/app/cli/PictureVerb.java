package iommulab.app.cli;

import iommulab.app.cli.Camera.Shot;
import iommulab.app.cli.Camera.View;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;

/// Draws the window into a file.
@Command(name = "picture", description = "Writes a picture of the window, without a display.")
final class PictureVerb implements Callable<Integer> {
    private static final Pattern SIZE = Pattern.compile("([0-9]{3,4})x([0-9]{3,4})");

    private final Camera camera;

    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "a machine")
    private Path file;

    @Option(
            names = "--view",
            required = true,
            paramLabel = "VIEW",
            description = "one of: ${COMPLETION-CANDIDATES}")
    private View view;

    @Option(names = "--png", required = true, paramLabel = "OUT", description = "the file to write")
    private Path png;

    @Option(names = "--size", paramLabel = "WxH", description = "in pixels (${DEFAULT-VALUE})")
    private String size = "1600x1000";

    @Option(
            names = "--theme",
            paramLabel = "THEME",
            description = "one of: ${COMPLETION-CANDIDATES} (${DEFAULT-VALUE})")
    private Theme theme = Theme.LIGHT;

    /// Themes in which pictures are drawn.
    private enum Theme {
        LIGHT,
        DARK
    }

    PictureVerb(Camera camera) {
        this.camera = camera;
    }

    @Override
    public Integer call() throws Refusal, IOException {
        var match = SIZE.matcher(size);
        if (!match.matches()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "'%s' is no size: write it as 1600x1000, 100 to 9999 pixels".formatted(size));
        }
        int width = Integer.parseInt(match.group(1));
        int height = Integer.parseInt(match.group(2));
        try (var machine = OpenedMachine.open(file, spec.commandLine().getErr())) {
            camera.take(machine.session(), new Shot(view, width, height, theme == Theme.DARK), png);
        }
        return ExitCode.DONE;
    }
}
