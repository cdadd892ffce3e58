package iommulab.engine.io.machine;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.io.FileRefused;
import iommulab.engine.io.Progress;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class MachineReaderTest {
    private static final Path CAPTURE =
            Path.of("src/test/resources/linux-groups/endpoint-mf-acs-a/sysfs.tar.gz");

    @TempDir Path folder;

    @Test
    void anImportIsCalledAfterItsFile() throws Exception {
        assertThat(nameOf(copiedTo("my-server.tar.gz"))).isEqualTo("my-server");
    }

    @Test
    void aCaptureWithTheUsualNameIsCalledAfterItsFolder() throws Exception {
        Files.createDirectory(folder.resolve("lab-3"));
        assertThat(nameOf(copiedTo("lab-3/sysfs.tar.gz"))).isEqualTo("lab-3");
        assertThat(nameOf(CAPTURE)).isEqualTo("endpoint-mf-acs-a");
    }

    private Path copiedTo(String name) throws IOException {
        return Files.copy(CAPTURE, folder.resolve(name));
    }

    private static String nameOf(Path file) throws FileRefused {
        return MachineReader.read(file, Progress.NONE).machine().name();
    }
}
