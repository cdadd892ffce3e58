package iommulab.engine.io.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;

class VtdOracleTest {
    @Test
    void everyRecordedStepOfBothModesIsAnsweredAlike() throws Exception {
        var verdict = new VtdOracle().verify(Path.of("src/test/resources/vtd-qemu")).orElseThrow();
        assertThat(verdict.failures()).isEmpty();
        assertThat(verdict.passed()).isGreaterThan(27_000);
    }
}
