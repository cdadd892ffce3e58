package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which translation a stream and a substream lead to, and how wide its addresses are.
class SmmuStreamsTest {
    private static final int STREAM = 0x20;
    private static final long IOVA = 0x1234_5000L;
    private static final long PAGE = 0x5555_5000L;

    private final SmmuLab lab = new SmmuLab(CacheShapes.USUAL);
    private final long tree = lab.table();

    private static long code(SmmuFault fault) {
        return -fault.code();
    }

    // ---- streams

    @Test
    void aStreamOfStage1IsTranslatedThroughItsDescriptor() {
        lab.first(STREAM, 0, 9, tree);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        assertThat(lab.read(STREAM, IOVA + 0x123)).isEqualTo(PAGE + 0x123);
        assertThat(lab.unit.lastHit()).isFalse();
        assertThat(lab.unit.lastReads()).isEqualTo(6);
        assertThat(lab.write(STREAM, IOVA + 8)).isEqualTo(PAGE + 8);
        assertThat(lab.unit.lastHit()).isTrue();
        assertThat(lab.unit.lastReads()).isZero();
        assertThat(lab.unit.lastDomain()).isEqualTo(9);
    }

    @Test
    void aStreamThatAbortsIsStoppedWithoutAnEvent() {
        lab.stream(STREAM, 1, 0, 0, 0);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(Iommu.ABORTED);
        assertThat(lab.events()).isEmpty();
    }

    @Test
    void aBypassedStreamKeepsItsAddresses() {
        lab.stream(STREAM, 4 << 1 | 1, 0, 0, 0);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(IOVA);
        assertThat(lab.read(STREAM, 1L << 48)).isEqualTo(code(SmmuFault.ADDRESS_SIZE));
        assertThat(lab.events()).hasSize(1);
    }

    @Test
    void aDisabledUnitPassesOrStopsAsGbpaSays() {
        var registers = lab.unit.registers();
        registers.write32(SmmuRegisters.CR0, 0);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(IOVA);
        registers.write32(SmmuRegisters.GBPA, 1 << 31 | SmmuRegisters.ABORT);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(Iommu.ABORTED);
    }

    @Test
    void aStreamBeyondTheTableIsRecordedOnlyWhereSoftwareWantsIt() {
        assertThat(lab.read(0x5000, IOVA)).isEqualTo(code(SmmuFault.BAD_STREAM_ID));
        assertThat(lab.events()).extracting(EventRecord::stream).containsExactly(0x5000);
        lab.unit.registers().write32(SmmuRegisters.CR2, 0);
        assertThat(lab.read(0x5000, IOVA)).isEqualTo(code(SmmuFault.BAD_STREAM_ID));
        assertThat(lab.events()).isEmpty();
        assertThat(lab.unit.lastRecorded()).isFalse();
    }

    // ---- substreams

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void eachSubstreamHasItsOwnDescriptor(int format) {
        long descriptors = lab.table();
        int leafBits = format == 1 ? 6 : 10;
        for (int substream : new int[] {1, 70, 2000}) {
            long at = descriptors + substream * 64L;
            if (format != 0) {
                long directory = descriptors + (substream >>> leafBits) * 8L;
                if (lab.memory.read64(directory) == 0) {
                    lab.memory.write64(directory, lab.table() | 1);
                }
                long leaf = lab.memory.read64(directory) & -4096L;
                at = leaf + (substream & (1 << leafBits) - 1) * 64L;
            }
            long own = lab.table();
            lab.map(own, IOVA, PAGE + ((long) substream << 12), 1, SmmuLab.RW);
            lab.descriptor(
                    at, SmmuLab.CD_USUAL | SmmuLab.EPD1 | 16 | (long) substream << 48, own, 0);
        }
        lab.stream(STREAM, 12L << 59 | descriptors | (long) format << 4 | 5 << 1 | 1, 0, 0, 0);
        for (int round = 0; round < 2; round++) {
            for (int substream : new int[] {1, 70, 2000}) {
                assertThat(lab.unit.translate(STREAM, substream, IOVA, Iommu.READ))
                        .isEqualTo(PAGE + ((long) substream << 12));
                assertThat(lab.unit.lastHit()).isEqualTo(round == 1);
            }
        }
        assertThat(lab.unit.translate(STREAM, 1 << 12, IOVA, Iommu.READ))
                .isEqualTo(code(SmmuFault.BAD_SUBSTREAM_ID));
        assertThat(lab.events()).extracting(EventRecord::substream).containsExactly(1 << 12);
    }

    @Test
    void requestsWithoutSubstreamGoWhereS1dssSends() {
        long descriptors = lab.table();
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        lab.descriptor(descriptors, SmmuLab.CD_USUAL | SmmuLab.EPD1 | 16, tree, 0);
        long word0 = 4L << 59 | descriptors | 5 << 1 | 1;

        lab.stream(STREAM, word0, StreamEntry.DSS_TERMINATE, 0, 0);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(code(SmmuFault.STREAM_DISABLED));
        assertThat(lab.unit.translate(STREAM, 0, IOVA, Iommu.READ)).isEqualTo(PAGE);
        lab.forgetEverything();

        lab.stream(STREAM, word0, StreamEntry.DSS_BYPASS, 0, 0);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(IOVA);
        lab.forgetEverything();

        lab.stream(STREAM, word0, StreamEntry.DSS_ZERO, 0, 0);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(PAGE);
        assertThat(lab.unit.translate(STREAM, 0, IOVA, Iommu.READ))
                .isEqualTo(code(SmmuFault.BAD_SUBSTREAM_ID));
    }

    @Test
    void aStreamWithoutStage1HasNoSubstreams() {
        lab.second(STREAM, 1, tree);
        assertThat(lab.unit.translate(STREAM, 3, IOVA, Iommu.READ))
                .isEqualTo(code(SmmuFault.BAD_SUBSTREAM_ID));
    }

    // ---- both halves, granules, widths

    @Test
    void theUpperHalfHasTablesOfItsOwn() {
        long upper = lab.table();
        long descriptor = lab.table();
        lab.descriptor(
                descriptor, SmmuLab.CD_USUAL | 16 | 16 << 16 | 2 << 22 | 1L << 39, tree, upper);
        lab.stream(STREAM, descriptor | 5 << 1 | 1, 0, 0, 0);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        lab.map(upper, IOVA, PAGE + 0x1000, 1, SmmuLab.RW);
        long above = -1L << 48 | IOVA;
        for (int round = 0; round < 2; round++) {
            assertThat(lab.read(STREAM, IOVA)).isEqualTo(PAGE);
            assertThat(lab.read(STREAM, above)).isEqualTo(PAGE + 0x1000);
        }
        // Only the upper half ignores the top byte.
        assertThat(lab.read(STREAM, above & ~(0x5aL << 56))).isEqualTo(PAGE + 0x1000);
        assertThat(lab.unit.lastHit()).isTrue();
        assertThat(lab.read(STREAM, IOVA | 0x5aL << 56)).isEqualTo(code(SmmuFault.TRANSLATION));
    }

    @Test
    void pagesOf64KibCanLieBeyond48Bits() {
        var all = SmmuCapabilities.EVERYTHING;
        var wide =
                new SmmuCapabilities(
                        all.idr0(),
                        all.idr1(),
                        all.idr3(),
                        all.idr5() & ~7 | 6 | 1 << 10,
                        all.aidr());
        var far = new SmmuLab(wide, CacheShapes.USUAL);
        long descriptor = far.table();
        long top = far.table();
        long middle = far.table();
        long leaf = far.table();
        long iova = 0x8_1234_5678_0000L;
        far.descriptor(
                descriptor,
                SmmuLab.CD_VALID
                        | 1L << 41
                        | 1L << 45
                        | 1L << 46
                        | 6L << 32
                        | SmmuLab.EPD1
                        | 1 << 6
                        | 12,
                top,
                0);
        far.stream(STREAM, descriptor | 5 << 1 | 1, 0, 0, 0);
        far.memory.write64(top + (iova >>> 42 & 1023) * 8, middle | 3);
        far.memory.write64(middle + (iova >>> 29 & 8191) * 8, leaf | 3);
        far.memory.write64(
                leaf + (iova >>> 16 & 8191) * 8, 0x7777_0000L | 0xa << 12 | SmmuLab.RW | 3);
        assertThat(far.read(STREAM, iova + 0x4321)).isEqualTo(0xa_0000_7777_4321L);
        assertThat(far.unit.lastPageBytes()).isEqualTo(1 << 16);
    }
}
