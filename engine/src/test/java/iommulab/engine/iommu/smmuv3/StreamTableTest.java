package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Stream tables of two levels, and commands that only prefetch.
/// Spec: SMMUv3, "Two-level Stream table", "Level 1 Stream Table Descriptor".
class StreamTableTest {
    private static final int STREAM = 0x345;
    private static final long IOVA = 0x1234_5000L;
    private static final long PAGE = 0x5555_5000L;
    private static final int LOG2_SIZE = 12;
    private static final int TWO_LEVELS = 1 << 16;

    private final SmmuLab lab = new SmmuLab(CacheShapes.USUAL);
    private final long directory = lab.table();
    private final long leaves = lab.table();

    /// Stream 0x345 in a leaf table of `split` bits that has all its entries.
    @BeforeEach
    void aStreamWithStage1() {
        long tree = lab.table();
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        lab.first(STREAM, 0, 9, tree);
    }

    private void split(int split, int span) {
        int leaf = STREAM & (1 << split) - 1;
        for (int word = 0; word < 4; word++) {
            long raw = lab.memory.read64(lab.streamAt(STREAM) + word * 8L);
            lab.memory.write64(leaves + leaf * 64L + word * 8L, raw);
        }
        lab.memory.write64(directory + (STREAM >>> split) * 8L, leaves | span);
        var registers = lab.unit.registers();
        registers.write64(SmmuRegisters.STRTAB_BASE, directory);
        registers.write32(SmmuRegisters.STRTAB_BASE_CFG, LOG2_SIZE | split << 6 | TWO_LEVELS);
    }

    @ParameterizedTest
    @ValueSource(ints = {6, 8, 10})
    void aStreamIsFoundThroughBothLevels(int split) {
        split(split, split + 1);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(PAGE);
        assertThat(lab.unit.lastReads())
                .as("two for the stream, its descriptor, four tables")
                .isEqualTo(7);
    }

    /// No table; more than it can have; reserved; too few for this stream.
    @ParameterizedTest
    @ValueSource(ints = {0, 10, 12, 3})
    void aSpanThatDoesNotReachTheStreamIsABadStream(int span) {
        split(8, span);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(-SmmuFault.BAD_STREAM_ID.code());
    }

    @Test
    void aDirectoryThatMemoryDoesNotGiveIsAFetchFault() {
        split(8, 9);
        lab.unit.registers().write64(SmmuRegisters.STRTAB_BASE, 1L << 41);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(-SmmuFault.STREAM_FETCH.code());
    }

    /// CMD_PREFETCH_CONFIG, CMD_PREFETCH_ADDR.
    @ParameterizedTest
    @ValueSource(ints = {0x01, 0x02})
    void aPrefetchForgetsNothing(int opcode) {
        lab.read(STREAM, IOVA);
        lab.command(new SmmuCommand(opcode | (long) STREAM << 32, IOVA));
        assertThat(lab.unit.commands().error()).isZero();
        lab.read(STREAM, IOVA);
        assertThat(lab.unit.lastHit()).isTrue();
        assertThat(lab.unit.lastDeviceHit()).isTrue();
    }
}
