package iommulab.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;

/// `bin/iommulab`: which Java it takes, and what it hands on. The Javas here only say how they were called.
class StartScriptTest {
    private static final Path DIST = Path.of("src", "main", "dist", "bin", "iommulab");

    @TempDir Path folder;
    private Path script;

    @BeforeEach
    void unpack() throws IOException {
        Files.createDirectories(folder.resolve("program/bin"));
        script = Files.copy(DIST, folder.resolve("program/bin/iommulab"));
    }

    private Path jdk(String name, int version) throws IOException {
        var home = folder.resolve(name);
        var java = Files.createDirectories(home.resolve("bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\necho %s\nprintf '%%s\\n' \"$@\"\n".formatted(name));
        Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"%d.0.1\"\n".formatted(version));
        return home;
    }

    private String run(Path javaHome, Path onPath, String... arguments) throws Exception {
        var command = new java.util.ArrayList<>(java.util.List.of("/bin/sh", script.toString()));
        command.addAll(java.util.List.of(arguments));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        var said = folder.resolve("said").toFile();
        builder.redirectOutput(said);
        builder.environment().put("JAVA_HOME", javaHome.toString());
        builder.environment().put("PATH", onPath + ":/usr/bin:/bin");
        var process = builder.start();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return Files.readString(said.toPath());
    }

    @Test
    void javaHomeIsTakenFirst() throws Exception {
        assertThat(run(jdk("home", 25), jdk("path", 26).resolve("bin"))).startsWith("home\n");
    }

    @Test
    void aJavaHomeThatIsTooOldIsPassedOverForThePath() throws Exception {
        var links = Files.createDirectories(folder.resolve("links"));
        Files.createSymbolicLink(links.resolve("java"), jdk("path", 26).resolve("bin/java"));
        assertThat(run(jdk("home", 21), links)).startsWith("path\n");
    }

    @Test
    void argumentsAreHandedOnAsTheyAre() throws Exception {
        var said = run(jdk("home", 25), folder, "walk", "my machine.json", "--iova", "0x1000");
        assertThat(said.lines())
                .endsWith(
                        "iommulab.app/iommulab.app.Main",
                        "walk",
                        "my machine.json",
                        "--iova",
                        "0x1000");
    }

    @Test
    void theProgramIsFoundThroughALinkToTheScript() throws Exception {
        var home = jdk("home", 25);
        var program = folder.resolve("program").toRealPath();
        script = Files.createSymbolicLink(folder.resolve("iommulab"), script);
        assertThat(run(home, folder)).contains(program + "/lib:");
    }
}
