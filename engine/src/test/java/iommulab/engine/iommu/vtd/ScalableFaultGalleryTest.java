package iommulab.engine.iommu.vtd;

import static iommulab.engine.iommu.vtd.ScalableBench.P;
import static iommulab.engine.iommu.vtd.ScalableBench.READ;
import static iommulab.engine.iommu.vtd.ScalableBench.RW;
import static iommulab.engine.iommu.vtd.ScalableFaultWorld.HOME;
import static iommulab.engine.iommu.vtd.ScalableFaultWorld.IOVA;
import static iommulab.engine.iommu.vtd.ScalableFaultWorld.PASID;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.Arrays;

/// Every reason for which scalable mode stops a request, caused once.
class ScalableFaultGalleryTest {
    @ParameterizedTest
    @EnumSource(VtdFault.class)
    void everyReasonIsRecordedForWhatCausesIt(VtdFault fault) {
        var scenario = ScalableFaultScenarios.OF.get(fault);
        if (scenario == null) {
            assertThat(fault.code()).as("only legacy mode has it").isLessThan(0x30);
            return;
        }
        var world = new ScalableFaultWorld();
        scenario.play(world);
        long recorded = world.lab.unit.faults().high(0);
        assertThat(recorded).as("a record is filled").isNegative();
        assertThat(recorded >>> 32 & 0xff).as("%s", fault).isEqualTo(fault.code());
    }

    @Test
    void noTwoReasonsHaveOneCode() {
        assertThat(Arrays.stream(VtdFault.values()).map(VtdFault::code)).doesNotHaveDuplicates();
    }

    @Test
    void aReadOnlyWorldStillReads() {
        var world = new ScalableFaultWorld();
        world.flip(world.leaf, RW);
        assertThat(world.lab.memory.read64(world.leaf) & P).isEqualTo(P);
        assertThat(world.lab.ask(PASID, IOVA, READ)).isEqualTo(HOME);
    }
}
