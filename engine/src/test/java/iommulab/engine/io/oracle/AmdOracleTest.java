package iommulab.engine.io.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;

class AmdOracleTest {
    @Test
    void everyRecordedStepOfAmdViIsAnsweredAlike() throws Exception {
        var verdict = new VtdOracle().verify(Path.of("src/test/resources/amd-qemu")).orElseThrow();
        assertThat(verdict.failures()).isEmpty();
        assertThat(verdict.passed()).isGreaterThan(5_200);
    }
}
