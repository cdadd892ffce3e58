package iommulab.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Files;
import java.nio.file.Path;

import javax.imageio.ImageIO;

/// The program from outside, on a machine without a display.
class ProgramTest {
    private static final Path SAMPLES = Path.of("..", "samples").toAbsolutePath();

    @TempDir Path folder;

    @Test
    void withoutADisplayItRunsTheSampleAndLeavesAPictureAndASummary() throws Exception {
        var said = new Program(folder).run();
        assertThat(said.code()).as(said.err()).isZero();
        assertThat(said.out())
                .containsPattern("Machine +Lab station, [0-9]+ functions in [0-9]+ groups")
                .containsPattern("Requests +[1-9][0-9,]* in 3 seconds")
                .containsPattern("IOTLB +[0-9.]+ % hits: [1-9][0-9,]* hits, [0-9][0-9,]* walks")
                .containsPattern("Faults +[0-9]")
                .contains("DISPLAY is not set", "the same command shows it live");
        var picture = ImageIO.read(folder.resolve("iommulab.png").toFile());
        assertThat(picture.getWidth()).isEqualTo(1600);
        assertThat(picture.getHeight()).isEqualTo(1000);
    }

    @Test
    void aFileThatIsNotThereIsToldInOneLine() throws Exception {
        var said = new Program(folder).run("none.iommulab.json");
        assertThat(said.code()).isEqualTo(3);
        assertThat(said.err())
                .isEqualTo(
                        "iommulab: none.iommulab.json: file: it does not exist. Look for its"
                                + " name.\n");
        assertThat(folder.resolve("iommulab.png")).doesNotExist();
    }

    @Test
    void aPictureIsTakenOfAPerspectiveInASizeAndATheme() throws Exception {
        var sample = SAMPLES.resolve("first-walk.iommulab.json").toString();
        for (var theme : new String[] {"light", "dark"}) {
            var file = theme + ".png";
            var arguments =
                    new String[] {
                        "picture", sample, "--view", "walk", "--png", file, "--size", "900x700",
                        "--theme", theme
                    };
            var said = new Program(folder).run(arguments);
            assertThat(said.code()).as(said.err()).isZero();
        }
        var light = ImageIO.read(folder.resolve("light.png").toFile());
        var dark = ImageIO.read(folder.resolve("dark.png").toFile());
        assertThat(light.getWidth()).isEqualTo(900);
        assertThat(light.getHeight()).isEqualTo(700);
        assertThat(light.getRGB(899, 0) & 0xff).as("top bar, light").isGreaterThan(0xc0);
        assertThat(dark.getRGB(899, 0) & 0xff).as("top bar, dark").isLessThan(0x60);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nested", "cut", "twice", "length", "cycle"})
    void aBadFileIsRefusedInOneLineAndLittleMemory(String fault) throws Exception {
        var file = Files.writeString(folder.resolve("bad.iommulab.json"), bad(fault));
        var said = new Program(folder).with("-Xmx256m").run("describe", file.toString());
        assertThat(said.code()).as(said.err()).isEqualTo(3);
        assertThat(said.err()).startsWith("iommulab: " + file + ": ").hasLineCount(1);
    }

    private static String bad(String fault) throws Exception {
        var sample = Files.readString(SAMPLES.resolve("captured-switch.iommulab.json"));
        return switch (fault) {
            case "nested" -> "[".repeat(10_000);
            case "cut" -> sample.substring(0, sample.length() / 2);
            case "twice" ->
                    sample.replaceFirst(
                            "\"address\":\"0000:01:00.0\"", "\"address\":\"0000:00:00.0\"");
            case "length" ->
                    sample.replaceFirst(
                            "\"configBytes\":[0-9]+", "\"configBytes\":9223372036854775808");
            default ->
                    sample.replaceFirst(
                            "(\"address\":\"0000:01:00.0\",\"parent\":)\"[^\"]*\"",
                            "$1\"0000:02:00.0\"");
        };
    }
}
