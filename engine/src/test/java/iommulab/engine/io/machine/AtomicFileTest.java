package iommulab.engine.io.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

class AtomicFileTest {
    @TempDir Path folder;

    @Test
    void replacesTheContentAndLeavesNothingElse() throws Exception {
        var file = folder.resolve("m.iommulab.json");
        replace(file, "first");
        replace(file, "second");
        assertThat(file).hasContent("second");
        assertThat(folder).isDirectoryContaining(file::equals);
        assertThat(Files.list(folder)).hasSize(1);
    }

    @Test
    void keepsTheOldContentWhenTheRenameFails() throws Exception {
        var inTheWay = Files.createDirectory(folder.resolve("m.iommulab.json"));
        Files.createFile(inTheWay.resolve("full"));
        assertThatThrownBy(() -> replace(inTheWay, "new")).isInstanceOf(IOException.class);
        assertThat(inTheWay).isDirectoryContaining("glob:**/full");
        assertThat(Files.list(folder)).hasSize(1);
    }

    @Test
    void aLinkKeepsPointingToTheFileThatIsReplaced() throws Exception {
        var file = Files.writeString(folder.resolve("real"), "old");
        var link = Files.createSymbolicLink(folder.resolve("link"), Path.of("real"));
        replace(link, "new");
        assertThat(link).isSymbolicLink();
        assertThat(file).hasContent("new");
    }

    @Test
    void whoMayReadTheFileStaysAsItWas() throws Exception {
        var file = Files.writeString(folder.resolve("m"), "old");
        var permissions = PosixFilePermissions.fromString("rw-r-----");
        Files.setPosixFilePermissions(file, permissions);
        replace(file, "new");
        assertThat(Files.getPosixFilePermissions(file)).isEqualTo(permissions);
    }

    private static void replace(Path file, String content) throws IOException {
        AtomicFile.replace(file, content.getBytes(StandardCharsets.UTF_8));
    }
}
