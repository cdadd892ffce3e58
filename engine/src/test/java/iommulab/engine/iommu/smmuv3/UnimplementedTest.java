package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import iommulab.engine.iommu.CacheShapes;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What no SMMU here implements, and what one that says so in its registers answers: tables of AArch32
/// (IDR0.TTF is 2) and the secure state (SMMU_S_IDR1.SECURE_IMPL is 0).
class UnimplementedTest {
    private static final int STREAM = 0x20;
    private static final long IOVA = 0x1234_5000L;
    private static final long AA64 = 1L << 41;
    private static final long S2AA64 = 1L << 51;
    private static final int SECURE_PAGE = 0x8000;
    private static final int SECURE_IDR1 = SECURE_PAGE + 4;

    private final SmmuLab lab = new SmmuLab(CacheShapes.USUAL);

    @Test
    void noUnitOffersTablesOfAarch32() {
        assertThat(lab.unit.registers().read32(SmmuRegisters.IDR0) >>> 2 & 3).isEqualTo(2);
        var all = SmmuCapabilities.EVERYTHING;
        assertThatThrownBy(() ->
                        new SmmuCapabilities(
                                all.idr0() | 1 << 2,
                                all.idr1(),
                                all.idr3(),
                                all.idr5(),
                                all.aidr()))
                .hasMessage("IDR0.TTF is 3: take 2, tables of AArch64 alone");
    }

    @Test
    void aDescriptorWithTablesOfAarch32IsIllegal() {
        long descriptor = lab.first(STREAM, 0, 9, lab.table());
        lab.memory.write64(descriptor, lab.memory.read64(descriptor) & ~AA64);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(-SmmuFault.BAD_DESCRIPTOR.code());
        assertThat(lab.events()).extracting(EventRecord::type).containsExactly(0x0a);
    }

    @Test
    void aStreamWithStage2TablesOfAarch32IsIllegal() {
        lab.second(STREAM, 3, lab.table());
        long word = lab.streamAt(STREAM) + 16;
        lab.memory.write64(word, lab.memory.read64(word) & ~S2AA64);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(-SmmuFault.BAD_STREAM_ENTRY.code());
        assertThat(lab.events()).extracting(EventRecord::type).containsExactly(0x04);
    }

    @Test
    void registersOfTheSecureStateReadAsZeroAndIgnoreWrites() {
        var registers = lab.unit.registers();
        assertThat(registers.read32(SECURE_IDR1) >>> 31).as("SECURE_IMPL").isZero();
        for (int offset = SECURE_PAGE; offset < SECURE_PAGE + 0x100; offset += 4) {
            registers.write32(offset, -1);
            assertThat(registers.read32(offset)).as("0x%x", offset).isZero();
        }
    }

    /// CFGI_STE, CFGI_CD, PREFETCH_CONFIG, ATC_INV, RESUME for a stream of the secure state.
    @ParameterizedTest
    @ValueSource(ints = {0x03, 0x05, 0x01, 0x40, 0x44})
    void aCommandForASecureStreamIsIllegal(int opcode) {
        lab.command(new SmmuCommand(opcode | 1 << 10, 0));
        assertThat(lab.unit.commands().error()).isEqualTo(CommandQueue.ILLEGAL);
    }

    /// TLBI_EL3_ALL, _VA; TLBI_S_EL2_ALL, _ASID, _VA, _VAA; TLBI_S_S12_VMALL, TLBI_S_S2_IPA, TLBI_SNH_ALL.
    @ParameterizedTest
    @ValueSource(ints = {0x18, 0x1a, 0x50, 0x51, 0x52, 0x53, 0x58, 0x5a, 0x60})
    void anInvalidationOfTheSecureStateIsIllegal(int opcode) {
        lab.command(new SmmuCommand(opcode, 0));
        assertThat(lab.unit.commands().error()).isEqualTo(CommandQueue.ILLEGAL);
    }
}
