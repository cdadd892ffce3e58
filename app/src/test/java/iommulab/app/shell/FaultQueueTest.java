package iommulab.app.shell;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.NestedMachine;
import iommulab.engine.iommu.Access;
import iommulab.engine.session.Architecture;
import iommulab.engine.session.Command;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Where faults wait that no register holds.
class FaultQueueTest {
    @ParameterizedTest
    @EnumSource(names = {"AMD_VI", "SMMUV3", "RISCV"})
    void aFaultWaitsInTheRingAndIsFoundThere(Architecture architecture) {
        try (var session = NestedMachine.of(architecture)) {
            var before = FaultQueue.of(session.newest().units().getFirst()).orElseThrow();
            session.submit(
                            new Command.IssueDma(
                                    NestedMachine.DEVICE,
                                    0x7000_0000L,
                                    4,
                                    Access.READ,
                                    NestedMachine.PASID))
                    .join();
            var after = FaultQueue.of(session.newest().units().getFirst()).orElseThrow();
            assertThat(after.waiting()).as("entries that wait").isEqualTo(before.waiting() + 1);
            var frame = session.frame(after.newest()).join();
            assertThat(
                            frame.parts().stream()
                                    .flatMap(part -> part.entries().stream())
                                    .filter(entry -> entry.hpa() == after.newest()))
                    .as("the newest entry of the %s", after.ring().name())
                    .isNotEmpty()
                    .allSatisfy(entry -> assertThat(entry.isZero()).isFalse());
        }
    }

    @Test
    void whereRegistersHoldFaultsThereIsNone() {
        try (var session = NestedMachine.of(Architecture.VTD_SCALABLE)) {
            assertThat(FaultQueue.of(session.newest().units().getFirst())).isEmpty();
        }
    }
}
