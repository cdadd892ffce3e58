package iommulab.app;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// The program as somebody starts it at a terminal without a display: in a Java of its own.
final class Program {
    private static final int PATIENCE_SECONDS = 60;

    private final Path folder;
    private final List<String> command = new ArrayList<>();

    /// @param folder where the command is given
    Program(Path folder) {
        this.folder = folder;
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-cp");
        command.add(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")));
    }

    /// With an option for Java.
    Program with(String option) {
        command.add(option);
        return this;
    }

    /// Runs it to its end.
    Said run(String... arguments) throws IOException, InterruptedException {
        command.add("iommulab.app.Main");
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).directory(folder.toFile());
        var out = folder.resolve("said-out").toFile();
        var err = folder.resolve("said-err").toFile();
        builder.redirectOutput(out).redirectError(err);
        builder.environment().remove("DISPLAY");
        builder.environment().remove("WAYLAND_DISPLAY");
        var process = builder.start();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("it did not end: " + String.join(" ", arguments));
        }
        return new Said(process.exitValue(), text(out.toPath()), text(err.toPath()));
    }

    private static String text(Path file) throws IOException {
        return java.nio.file.Files.readString(file, StandardCharsets.UTF_8);
    }

    /// What a run said.
    record Said(int code, String out, String err) {}
}
