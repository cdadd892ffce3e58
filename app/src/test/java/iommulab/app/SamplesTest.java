package iommulab.app;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.io.machine.MachineFile;
import iommulab.engine.io.machine.SampleOracle;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Every file in `samples` states what it expects, and all of it happens.
class SamplesTest {
    @ParameterizedTest
    @MethodSource("samples")
    void doesWhatItPromises(Path sample) throws Exception {
        var verdict = new SampleOracle().verify(sample).orElseThrow();
        assertThat(verdict.failures()).isEmpty();
        assertThat(verdict.passed()).as("answers in " + sample).isGreaterThan(1);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void isWrittenAsTheProgramWritesIt(Path sample) throws Exception {
        assertThat(MachineFile.read(sample).toText()).isEqualTo(Files.readString(sample));
    }

    static List<Path> samples() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("../samples"))) {
            return all.filter(f -> f.toString().endsWith(MachineFile.ENDING)).sorted().toList();
        }
    }
}
