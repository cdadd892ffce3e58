package iommulab.engine.io.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;

class RiscvOracleTest {
    @Test
    void everyStepThatTheReferenceModelRecordedIsAnsweredAlikeWithAndWithoutCaches()
            throws Exception {
        var verdict =
                new RiscvOracle().verify(Path.of("src/test/resources/riscv-iommu")).orElseThrow();
        assertThat(verdict.failures()).isEmpty();
        assertThat(verdict.passed()).isEqualTo(9_529);
    }
}
