package iommulab.engine.io.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.group.Grouping;
import iommulab.engine.group.LinuxGroups;
import iommulab.engine.io.CapturedFacts;
import iommulab.engine.io.FileRefused;
import iommulab.engine.io.MachineCapture;
import iommulab.engine.io.Progress;
import iommulab.engine.io.SysfsArchive;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// Our groups beside those that unchanged kernels formed.
class GroupsOfRealKernelsTest {
    static Stream<String> captures() {
        try (var folders = Files.list(root())) {
            return folders.map(f -> f.getFileName().toString()).sorted().toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path root() {
        try {
            return Path.of(GroupsOfRealKernelsTest.class.getResource("/linux-groups").toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("captures")
    void weFormTheGroupsOfTheKernel(String capture) {
        var verdict = new GroupsOracle().verify(root().resolve(capture)).orElseThrow();

        assertThat(verdict.failures()).isEmpty();
        assertThat(verdict.passed()).isOne();
    }

    @ParameterizedTest
    @MethodSource("captures")
    void whatTheKernelListedIsNotLookedAt(String capture) throws IOException, FileRefused {
        var archive = Files.readAllBytes(root().resolve(capture).resolve("sysfs.tar.gz"));
        var withoutGroups =
                StrippedArchive.without(
                        archive,
                        path ->
                                path.startsWith("sys/kernel/iommu_groups")
                                        || path.endsWith("/iommu_group")
                                        || path.endsWith("/iommu")
                                        || path.matches("sys/devices/.*/iommu/.*/devices/.*"));

        assertThat(machine(withoutGroups).kernelSaid()).isEmpty();
        assertThat(groups(withoutGroups)).isEqualTo(groups(archive));
    }

    @Test
    void withoutRootEveryGroupIsUnknownAndSaysWhy() throws IOException, FileRefused {
        var archive = Files.readAllBytes(root().resolve("switch-mixed-acs-a/sysfs-nonroot.tar.gz"));

        var grouping = groups(archive);

        assertThat(grouping.ungrouped().values())
                .isNotEmpty()
                .allMatch(reason -> reason.contains("64 configuration bytes were captured"));
        assertThat(grouping.groups())
                .as("only what has no capabilities at all can be told")
                .allMatch(group -> group.members().stream().allMatch(m -> m.bus() == 0));
    }

    @Test
    void aGroupThatDiffersIsNamed(@TempDir Path folder) throws IOException {
        for (String name : new String[] {"about.json", "sysfs.tar.gz", "groups.json"}) {
            Files.copy(root().resolve("root-bus-a").resolve(name), folder.resolve(name));
        }
        var said = Files.readString(folder.resolve("groups.json"));
        Files.writeString(
                folder.resolve("groups.json"),
                said.replace("\"0000:00:03.0\"", "\"0000:00:03.0\", \"0000:00:04.0\""));

        var verdict = new GroupsOracle().verify(folder).orElseThrow();

        assertThat(verdict.failed()).isOne();
        assertThat(verdict.failures()).anyMatch(line -> line.contains("the kernel's group 1 is"));
    }

    @Test
    void aDamagedCaptureFailsAndTheOthersGoOn(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("sysfs.tar.gz"), "no archive");
        Files.writeString(folder.resolve("groups.json"), "{}");

        var verdict = new GroupsOracle().verify(folder).orElseThrow();

        assertThat(verdict.failed()).isOne();
        assertThat(verdict.failures()).allMatch(line -> line.contains("cannot be read"));
    }

    @Test
    void aFolderOfAnotherKindIsNoneOfOurs(@TempDir Path folder) {
        assertThat(new GroupsOracle().verify(folder)).isEmpty();
    }

    private static Grouping groups(byte[] archive) throws FileRefused {
        return LinuxGroups.of(CapturedFacts.of(machine(archive)));
    }

    private static MachineCapture machine(byte[] archive) throws FileRefused {
        return SysfsArchive.read(new ByteArrayInputStream(archive), archive.length, Progress.NONE);
    }
}
