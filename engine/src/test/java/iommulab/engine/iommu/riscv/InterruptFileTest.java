package iommulab.engine.iommu.riscv;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Messages for an interrupt file in memory (MRIF): the IOMMU stores them itself, so memory may refuse them.
class InterruptFileTest {
    private static final int DEVICE = 0x600;
    private static final long FILE = 0x2400_0000L;
    private static final long NOTICE = 0x2500_0000L;
    private static final long MESSAGES = RiscvLab.GUEST + 0x2000;

    private final RiscvLab lab = new RiscvLab(CacheShapes.USUAL);

    @BeforeEach
    void aGuestWhoseThirdPageIsAnInterruptFileInMemory() throws MappingRefused {
        var second = lab.guestMemory(4, 8);
        lab.device(DEVICE, 0, RiscvLab.iohgatp(second, 3), 0, 0);
        long table = lab.frames.take();
        long context = lab.contextOf(DEVICE);
        lab.memory.write64(context + 32, 1L << 60 | table >>> 12);
        lab.memory.write64(context + 48, MESSAGES >>> 12);
        lab.memory.write64(table, FILE >>> 9 << 7 | 1 << 1 | 1);
        lab.memory.write64(table + 8, NOTICE >>> 12 << 10 | 5);
    }

    private long write() {
        return used(RiscvLab.WRITE);
    }

    private long used(int access) {
        long answer = lab.unit.translate(DEVICE, RiscvLab.NO_PASID, MESSAGES, access);
        assertThat(answer).as("its notice").isEqualTo(NOTICE);
        return lab.unit.serve(answer);
    }

    @Test
    void aMessageIsStoredInTheFileAndNoticed() {
        assertThat(write()).isEqualTo(NOTICE);
    }

    @Test
    void aMessageThatMemoryRefusesIsCause264() {
        lab.memory.fail(AddressRange.of(FILE, 512), PhysicalMemory.Failure.ACCESS);
        assertThat(write()).isEqualTo(-264);
        assertThat(lab.unit.lastFault()).isEqualTo(RiscvFault.INTERRUPT_FILE_ACCESS);
        assertThat(lab.lastFault().cause()).isEqualTo(264);
        assertThat(lab.lastFault().type()).isEqualTo(FaultRecord.WRITE);
        assertThat(lab.lastFault().iotval()).isEqualTo(MESSAGES);
    }

    @Test
    void aFileInDamagedMemoryIsCause271() {
        lab.memory.fail(AddressRange.of(FILE, 512), PhysicalMemory.Failure.POISON);
        assertThat(write()).isEqualTo(-271);
        assertThat(lab.lastFault().cause()).isEqualTo(271);
    }

    @Test
    void aReadStoresNothing() {
        lab.memory.fail(AddressRange.of(FILE, 512), PhysicalMemory.Failure.ACCESS);
        assertThat(used(RiscvLab.READ)).isEqualTo(NOTICE);
    }

    @Test
    void aDeviceWhoseFaultsAreSilencedRecordsNothing() {
        lab.memory.write64(lab.contextOf(DEVICE), 1 | 1 << 4);
        lab.memory.fail(AddressRange.of(FILE, 512), PhysicalMemory.Failure.ACCESS);
        assertThat(write()).isEqualTo(-264);
        assertThat(lab.unit.lastRecorded()).isFalse();
    }

    @Test
    void anOrdinaryPageIsServedAsItIs() {
        long answer = lab.unit.translate(DEVICE, RiscvLab.NO_PASID, RiscvLab.GUEST, RiscvLab.WRITE);
        assertThat(lab.unit.serve(answer)).isEqualTo(RiscvLab.GUEST + RiscvLab.GUEST_OFFSET);
    }
}
