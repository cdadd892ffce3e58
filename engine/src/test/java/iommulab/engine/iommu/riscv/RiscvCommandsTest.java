package iommulab.engine.iommu.riscv;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.AtsDevice;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;

/// The command queue: what fences do, what stops it, and how software lets it go on.
/// Spec: RISC-V IOMMU, "IOMMU Fence commands", "Command-queue CSR (cqcsr)".
class RiscvCommandsTest {
    private static final int DEVICE = 0x33;
    private static final long DONE = 0x2600_0000L;
    private static final int FENCE = 2;
    private static final int WRITES = 1 << 10;
    private static final int ON = 1;

    private final RiscvLab lab = new RiscvLab(CacheShapes.USUAL);
    private final List<String> told = new ArrayList<>();

    /// A device that keeps its completions back.
    private final AtsDevice device =
            new AtsDevice() {
                @Override
                public void invalidate(
                        int pasid, long iova, int rangeShift, boolean allPasids, int tag) {
                    told.add("forget 0x%x".formatted(iova));
                }

                @Override
                public void respond(int pasid, int group, PageResponse response) {
                    told.add("group %d %s".formatted(group, response));
                }
            };

    private void send(RiscvCommand... commands) {
        for (var command : commands) {
            lab.command(command.low(), command.high());
        }
    }

    private void fenceThatWrites(int data) {
        lab.command(FENCE | WRITES | (long) data << 32, DONE >>> 2);
    }

    private int status() {
        return lab.unit.registers().read32(RiscvRegisters.CQCSR);
    }

    private int waiting() {
        var registers = lab.unit.registers();
        return registers.read32(RiscvRegisters.CQT) - registers.read32(RiscvRegisters.CQH);
    }

    @Test
    void aFenceWritesItsDataWhenAllBeforeItIsDone() {
        send(RiscvCommand.invalidateDevice(-1));
        fenceThatWrites(0x1234_5678);
        assertThat(lab.memory.read32(DONE)).isEqualTo(0x1234_5678);
        assertThat(waiting()).isZero();
    }

    @Test
    void aFenceWaitsForTheDevicesThatHaveToForget() {
        lab.unit.connect(DEVICE, device);
        send(RiscvCommand.invalidateDeviceTlb(DEVICE, -1, 0x5000, 12));
        fenceThatWrites(7);
        assertThat(told).containsExactly("forget 0x5000");
        assertThat(lab.memory.read32(DONE)).as("not yet").isZero();
        assertThat(waiting()).as("the fence").isEqualTo(1);
        lab.unit.completeInvalidation(DEVICE);
        assertThat(lab.memory.read32(DONE)).isEqualTo(7);
        assertThat(waiting()).isZero();
    }

    @Test
    void aDeviceThatNeverAnswersIsATimeOutUntilSoftwareClearsIt() {
        lab.unit.connect(DEVICE, device);
        send(RiscvCommand.invalidateDeviceTlb(DEVICE, -1, 0x5000, 12), RiscvCommand.fence());
        lab.unit.timeOutInvalidations();
        assertThat(status() & CommandQueue.TIME_OUT).isNotZero();
        fenceThatWrites(7);
        assertThat(lab.memory.read32(DONE)).as("stopped").isZero();
        lab.unit.registers().write32(RiscvRegisters.CQCSR, ON | CommandQueue.TIME_OUT);
        assertThat(lab.memory.read32(DONE)).isEqualTo(7);
    }

    @Test
    void theAnswerToAPageRequestReachesItsDevice() {
        lab.unit.connect(DEVICE, device);
        send(RiscvCommand.respond(DEVICE, 5, 3, PageResponse.SUCCESS));
        assertThat(told).containsExactly("group 3 SUCCESS");
    }

    /// Reserved opcode; reserved func3; PSCV with GVMA; INVAL_PDT without device; a reserved bit; WSI while
    /// interrupts are messages.
    @ParameterizedTest
    @ValueSource(longs = {0x09, 0x101, 0x1_0000_0081L, 0x83, 0x801, 0x802})
    void anIllegalCommandStopsTheQueueUntilItIsMendedAndCleared(long low) {
        int at = lab.unit.registers().read32(RiscvRegisters.CQH);
        lab.command(low, 0);
        assertThat(status() & CommandQueue.ILLEGAL).isNotZero();
        assertThat(waiting()).isEqualTo(1);
        var mended = RiscvCommand.invalidateDevice(-1);
        lab.memory.write64(lab.unit.commands().address() + 16L * at, mended.low());
        lab.unit.registers().write32(RiscvRegisters.CQCSR, ON | CommandQueue.ILLEGAL);
        assertThat(waiting()).isZero();
    }

    @Test
    void commandsThatMemoryDoesNotGiveAreAMemoryFault() {
        long ring = lab.unit.commands().address();
        lab.memory.fail(AddressRange.of(ring, 4096), PhysicalMemory.Failure.ACCESS);
        lab.unit.registers().write32(RiscvRegisters.CQT, 1);
        assertThat(status() & CommandQueue.MEMORY_FAULT).isNotZero();
    }
}
