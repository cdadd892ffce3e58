package iommulab.engine.io.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

class UapiOracleTest {
    private static final Path SCENARIOS = Path.of("src/test/resources/uapi");

    @TempDir Path folder;

    static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(SCENARIOS)) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyStepOfEveryScenarioIsAnsweredAsLinuxAnswersIt(Path file) throws Exception {
        assertThat(new UapiOracle().verify(file).orElseThrow().failures()).isEmpty();
    }

    @Test
    void oneStepIsKnownToBeAnsweredOtherwise() throws Exception {
        int passed = 0;
        int deviating = 0;
        for (var file : files()) {
            var verdict = new UapiOracle().verify(file).orElseThrow();
            passed += verdict.passed();
            deviating += verdict.deviating();
        }
        assertThat(passed).isEqualTo(1695);
        assertThat(deviating).isEqualTo(1);
    }

    @Test
    void aKernelDriverInTheGroupKeepsItsNextUserOut() throws Exception {
        var verdict =
                play(
                        """
                        {"action": "iommufd.open", "args": {}, "save": {"fd": "iommufd"}, "expect": {"ok": true}},
                        {"action": "vfio.cdev_open", "args": {"device": "devA"}, "save": {"c": "cdev"}, "expect": {"ok": true}},
                        {"action": "vfio.cdev_bind", "args": {"cdev": "$c", "iommufd": "$fd"}, "expect": {"ok": true}},
                        {"action": "vfio.cdev_close", "args": {"cdev": "$c"}, "expect": {"ok": true}},
                        {"action": "driver.bind", "args": {"device": "devN", "driver": "nvme"}, "expect": {"ok": true}},
                        {"action": "vfio.cdev_open", "args": {"device": "devA"}, "save": {"c": "cdev"}, "expect": {"ok": true}},
                        {"action": "vfio.cdev_bind", "args": {"cdev": "$c", "iommufd": "$fd"}, "expect": {"errno": "EPERM"}}
                        """);
        assertThat(verdict.failures()).isEmpty();
        assertThat(verdict.passed()).isEqualTo(7);
    }

    @Test
    void whatIsWrittenWronglyIsToldWithFileScenarioAndStepAndTheRestStillRuns() throws Exception {
        var verdict =
                play(
                        """
                        {"action": "iommufd.opne", "args": {}, "expect": {"ok": true}},
                        {"action": "iommufd.ioas_alloc", "args": {}, "expect": {"ok": true}},
                        {"action": "iommufd.open", "args": {"speed": 3}, "expect": {"ok": true}},
                        {"action": "iommufd.ioas_alloc", "args": {"iommufd": "$nowhere"}, "expect": {"ok": true}},
                        {"action": "driver.bind", "args": {"device": {"a": 1}, "driver": "nvme"}, "expect": {"ok": true}},
                        {"action": "iommufd.open", "args": {}, "expect": {"ok": true}}
                        """);
        assertThat(verdict.passed()).isEqualTo(1);
        assertThat(verdict.failures())
                .satisfiesExactly(
                        line ->
                                assertThat(line)
                                        .startsWith("story.json test step 1, iommufd.opne:")
                                        .contains("There is no call 'iommufd.opne'"),
                        line ->
                                assertThat(line)
                                        .contains("step 2")
                                        .contains("argument 'iommufd' is missing"),
                        line ->
                                assertThat(line)
                                        .contains("step 3")
                                        .contains("no argument 'speed'")
                                        .contains("iommufd.open(process?)"),
                        line ->
                                assertThat(line)
                                        .contains("step 4")
                                        .contains("nothing was saved as '$nowhere'"),
                        line -> assertThat(line).contains("step 5").contains("expected word"));
    }

    @Test
    void aWrongAnswerIsNoticed() throws Exception {
        var verdict =
                play(
                        """
                        {"action": "iommufd.open", "args": {}, "save": {"fd": "iommufd"}, "expect": {"errno": "EPERM"}},
                        {"action": "iommufd.ioas_alloc", "args": {"iommufd": "$fd"}, "expect": {"ok": true, "returns": {"ioas_id": 7}}}
                        """);
        assertThat(verdict.failures())
                .satisfiesExactly(
                        line ->
                                assertThat(line)
                                        .contains("expected EPERM, got ok iommufd=iommufd1"),
                        line -> assertThat(line).contains("expected ioas_id=7, got ok ioas_id=1"));
    }

    private Verdict play(String steps) throws IOException {
        var file = folder.resolve("story.json");
        Files.writeString(
                file,
                """
                [{"name": "test", "model": "linux", "topology": {"desc": "", "iommus": {"iommu0": {"kind": "vtd"}},
                 "groups": [{"id": 1, "devices": [{"name": "devA", "driver": "vfio-pci"}, {"name": "devN", "driver": null}]}]},
                 "steps": [%s]}]
                """
                        .formatted(steps));
        return new UapiOracle().verify(file).orElseThrow();
    }
}
