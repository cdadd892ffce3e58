package iommulab.engine.io.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;

class VtdOracleTest {
    @Test
    void everyRecordedStepOfBothModesIsAnsweredAlike() throws Exception {
        var verdict = new VtdOracle().verify(Path.of("src/test/resources/vtd-qemu")).orElseThrow();
        assertThat(verdict.failures()).isEmpty();
        assertThat(verdict.passed()).isEqualTo(26_912);
        assertThat(verdict.deviating()).as("known deviations, each of them needed").isEqualTo(355);
    }
}
