package iommulab.engine.io.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;

class SmmuOracleTest {
    @Test
    void everyRecordedStepIsAnsweredAlike() throws Exception {
        var verdict =
                new VtdOracle().verify(Path.of("src/test/resources/smmuv3-qemu")).orElseThrow();
        assertThat(verdict.failures()).isEmpty();
        assertThat(verdict.passed()).isGreaterThan(23_000);
    }
}
