package iommulab.engine.iommu.riscv;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.PhysicalMemory;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.HashMap;

/// Messages for an interrupt file in memory (MRIF): the IOMMU stores them itself and sends the notice.
/// Spec: The RISC-V Advanced Interrupt Architecture, "MSI PTE, MRIF mode".
class InterruptFileTest {
    private static final int DEVICE = 0x600;
    private static final long FILE = 0x2400_0200L;
    private static final long NOTICE = 0x2500_0000L;
    private static final int NOTICE_ID = 0x405;
    private static final long MESSAGES = RiscvLab.GUEST + 0x2000;
    private static final int BIG_ENDIAN = 4;

    private RiscvLab lab = new RiscvLab(CacheShapes.USUAL);

    @BeforeEach
    void aGuestWhoseThirdPageIsAnInterruptFileInMemory() throws MappingRefused {
        var second = lab.guestMemory(4, 8);
        lab.device(DEVICE, 0, RiscvLab.iohgatp(second, 3), 0, 0);
        long table = lab.frames.take();
        long context = lab.contextOf(DEVICE);
        lab.memory.write64(context + 32, 1L << 60 | table >>> 12);
        lab.memory.write64(context + 48, MESSAGES >>> 12);
        lab.memory.write64(table, FILE >>> 9 << 7 | 1 << 1 | 1);
        lab.memory.write64(table + 8, 1L << 60 | NOTICE >>> 12 << 10 | NOTICE_ID & 0x3ff);
    }

    private long write(int offset, int data) {
        return used(RiscvLab.WRITE, offset, 4, data);
    }

    private long used(int access, int offset, int bytes, int data) {
        long answer = lab.unit.translate(DEVICE, RiscvLab.NO_PASID, MESSAGES + offset, access);
        assertThat(answer).as("its notice").isEqualTo(NOTICE);
        return lab.unit.serve(answer, bytes, data);
    }

    private long pending(int identity) {
        return lab.memory.read64(FILE + identity / 64 * 16) >>> identity % 64 & 1;
    }

    private int notice() {
        return lab.memory.read32(NOTICE);
    }

    private void nothingIsStored() {
        for (int word = 0; word < 64; word++) {
            assertThat(lab.memory.read64(FILE + word * 8L)).as("word " + word).isZero();
        }
        assertThat(notice()).as("the notice").isZero();
    }

    // ---- messages

    @Test
    void aMessageIsPendingInTheFileAndTheNoticeIsSent() {
        assertThat(write(0, 70)).as("where the pending bits lie").isEqualTo(FILE + 0x10);
        assertThat(lab.memory.read64(FILE + 0x10)).isEqualTo(1L << 6);
        assertThat(notice()).isEqualTo(NOTICE_ID);
        assertThat(lab.unit.lastServed())
                .isEqualTo(
                        "interrupt 70 is pending in the file at 0x24000200;"
                                + " notice 1029 sent to 0x25000000");
    }

    @Property(tries = 200)
    void everyIdentitySetsItsBitAndNoOther(
            @ForAll @IntRange(max = 2047) int identity, @ForAll boolean big) throws MappingRefused {
        lab = new RiscvLab(CacheShapes.USUAL);
        aGuestWhoseThirdPageIsAnInterruptFileInMemory();
        write(big ? BIG_ENDIAN : 0, big ? Integer.reverseBytes(identity) : identity);
        for (int other = 0; other < 2048; other++) {
            assertThat(pending(other))
                    .as("interrupt " + other)
                    .isEqualTo(other == identity ? 1 : 0);
        }
    }

    @Test
    void whatWasPendingStaysPending() {
        write(0, 1);
        write(0, 2);
        assertThat(lab.memory.read64(FILE)).isEqualTo(0b110);
    }

    @Test
    void theNoticeIsSentAlsoIfTheInterruptIsNotEnabled() {
        lab.memory.write64(FILE + 8, 0);
        write(0, 3);
        assertThat(notice()).isEqualTo(NOTICE_ID);
        assertThat(lab.memory.read64(FILE + 8)).as("enable bits").isZero();
    }

    @Test
    void theFileIsLittleEndianAlsoForAnIommuThatReadsItsTablesBigEndian() {
        readTablesBigEndian();
        write(0, 8);
        assertThat(lab.memory.read8(FILE + 1)).isEqualTo(1);
        assertThat(lab.memory.read8(NOTICE)).isEqualTo(NOTICE_ID & 0xff);
    }

    @Test
    void anInterruptThatDoesNotExistIsStoredLikeAnother() {
        write(0, 0);
        assertThat(lab.memory.read64(FILE)).isEqualTo(1);
        assertThat(notice()).isEqualTo(NOTICE_ID);
    }

    @Test
    void anAtomicUpdateIsOneAccessAndTheNoticeAnother() {
        write(0, 1);
        assertThat(lab.unit.lastServedAccesses()).isEqualTo(2);
    }

    @Test
    void withoutAtomicUpdateTheWordIsReadAndWritten() throws MappingRefused {
        var all = RiscvCapabilities.EVERYTHING;
        lab = new RiscvLab(with(all.bits() & ~(1L << 21)), CacheShapes.USUAL);
        aGuestWhoseThirdPageIsAnInterruptFileInMemory();
        write(0, 1);
        assertThat(lab.unit.lastServedAccesses()).isEqualTo(3);
        assertThat(pending(1)).isEqualTo(1);
    }

    private static RiscvCapabilities with(long bits) {
        var all = RiscvCapabilities.EVERYTHING;
        return new RiscvCapabilities(
                bits, true, true, 24, all.bareFirstShift(), all.bareSecondShift());
    }

    private void readTablesBigEndian() {
        var words = new HashMap<Long, Long>();
        lab.memory.forEachWord(words::put);
        words.forEach((hpa, word) -> lab.memory.write64(hpa, Long.reverseBytes(word)));
        lab.unit.registers().write32(RiscvRegisters.FCTL, RiscvRegisters.BE);
    }

    // ---- what is no message

    @Test
    void writesBesideTheTwoRegistersAreDiscarded() {
        for (int offset = 8; offset < 4096; offset += 4) {
            write(offset, 1);
        }
        nothingIsStored();
        assertThat(lab.unit.lastServed()).contains("discards");
    }

    @Test
    void anIdentityOfMoreThan11BitsIsDiscarded() {
        assertThat(write(0, 2048)).isEqualTo(FILE);
        write(0, -1);
        nothingIsStored();
    }

    @Test
    void aBigEndianMessageIsDiscardedWhereOnlyLittleEndianOnesAreKnown() throws MappingRefused {
        lab =
                new RiscvLab(
                        with(RiscvCapabilities.EVERYTHING.bits() & ~(1L << 27)), CacheShapes.USUAL);
        aGuestWhoseThirdPageIsAnInterruptFileInMemory();
        write(BIG_ENDIAN, Integer.reverseBytes(5));
        nothingIsStored();
    }

    @Test
    void anAlignedReadOf4BytesReadsZeroAndStoresNothing() {
        lab.memory.fail(AddressRange.of(FILE, 512), PhysicalMemory.Failure.ACCESS);
        assertThat(used(RiscvLab.READ, 0, 4, 0)).isEqualTo(FILE);
        assertThat(lab.unit.lastServed()).contains("reads as 0");
        assertThat(lab.unit.lastServedAccesses()).isZero();
    }

    @Test
    void accessesOfAnotherShapeAreAborted() {
        assertThat(used(RiscvLab.WRITE, 0, 8, 1)).isEqualTo(Iommu.UNSUPPORTED);
        assertThat(used(RiscvLab.WRITE, 2, 4, 1)).isEqualTo(Iommu.UNSUPPORTED);
        assertThat(used(RiscvLab.READ, 0, 2, 0)).isEqualTo(Iommu.UNSUPPORTED);
        assertThat(lab.unit.lastFault()).as("no fault").isNull();
        nothingIsStored();
    }

    @Test
    void anOrdinaryPageIsServedAsItIs() {
        write(0, 1);
        long answer = lab.unit.translate(DEVICE, RiscvLab.NO_PASID, RiscvLab.GUEST, RiscvLab.WRITE);
        assertThat(lab.unit.serve(answer, 4, 1)).isEqualTo(RiscvLab.GUEST + RiscvLab.GUEST_OFFSET);
        assertThat(lab.unit.lastServed()).isEmpty();
        assertThat(lab.unit.lastServedAccesses()).isZero();
    }

    // ---- memory that refuses

    @Test
    void aMessageThatMemoryRefusesIsCause264() {
        lab.memory.fail(AddressRange.of(FILE, 512), PhysicalMemory.Failure.ACCESS);
        assertThat(write(0, 1)).isEqualTo(-264);
        assertThat(lab.unit.lastFault()).isEqualTo(RiscvFault.INTERRUPT_FILE_ACCESS);
        assertThat(lab.lastFault().cause()).isEqualTo(264);
        assertThat(lab.lastFault().type()).isEqualTo(FaultRecord.WRITE);
        assertThat(lab.lastFault().iotval()).isEqualTo(MESSAGES);
        assertThat(notice()).as("no notice").isZero();
    }

    @Test
    void aFileThatCanOnlyBeReadIsCause264() {
        lab.memory.fail(AddressRange.of(FILE, 512), PhysicalMemory.Failure.WRITE);
        assertThat(write(0, 1)).isEqualTo(-264);
    }

    @Test
    void aFileInDamagedMemoryIsCause271() {
        lab.memory.fail(AddressRange.of(FILE, 512), PhysicalMemory.Failure.POISON);
        assertThat(write(0, 1)).isEqualTo(-271);
        assertThat(lab.lastFault().cause()).isEqualTo(271);
    }

    @Test
    void aNoticeThatNobodyTakesIsCause273AndTheMessageStays() {
        lab.memory.fail(AddressRange.of(NOTICE, 4096), PhysicalMemory.Failure.ACCESS);
        assertThat(write(0, 9)).isEqualTo(FILE);
        assertThat(pending(9)).isEqualTo(1);
        assertThat(lab.lastFault().cause()).isEqualTo(273);
        assertThat(lab.lastFault().iotval()).isEqualTo(NOTICE);
    }

    @Test
    void aDeviceWhoseFaultsAreSilencedRecordsNothing() {
        lab.memory.write64(lab.contextOf(DEVICE), 1 | 1 << 4);
        lab.memory.fail(AddressRange.of(FILE, 512), PhysicalMemory.Failure.ACCESS);
        assertThat(write(0, 1)).isEqualTo(-264);
        assertThat(lab.unit.lastRecorded()).isFalse();
    }
}
