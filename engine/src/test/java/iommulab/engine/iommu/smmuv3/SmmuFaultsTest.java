package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every event that DMA can cause, caused once.
class SmmuFaultsTest {
    private static final int STREAM = 0x20;
    private static final long IOVA = 0x1234_5000L;
    private static final long PAGE = 0x5555_5000L;
    private static final long NOWHERE = 1L << 41;

    private final SmmuLab lab = new SmmuLab(CacheShapes.USUAL);
    private final long tree = lab.table();
    private final long descriptor = lab.first(STREAM, 0, 9, tree);
    private final long leaf = lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);

    /// Breaks what is right, and asks.
    private long cause(SmmuFault fault) {
        var memory = lab.memory;
        long entry = lab.streamAt(STREAM);
        switch (fault) {
            case BAD_STREAM_ID -> {
                return lab.write(0x4000, IOVA);
            }
            case STREAM_FETCH -> lab.unit.registers().write64(SmmuRegisters.STRTAB_BASE, NOWHERE);
            case BAD_STREAM_ENTRY -> memory.write64(entry, 0);
            case BAD_ATS_REQUEST -> {
                return lab.unit.translate(STREAM, Iommu.NO_PASID, IOVA, Iommu.WRITE | Iommu.ASKS);
            }
            case STREAM_DISABLED -> memory.write64(entry, memory.read64(entry) | 4L << 59);
            case TRANSLATED_FORBIDDEN -> {
                return lab.unit.translate(
                        STREAM, Iommu.NO_PASID, IOVA, Iommu.WRITE | Iommu.TRANSLATED);
            }
            case BAD_SUBSTREAM_ID -> {
                return lab.unit.translate(STREAM, 3, IOVA, Iommu.WRITE);
            }
            case DESCRIPTOR_FETCH -> memory.write64(entry, NOWHERE | 5 << 1 | 1);
            case BAD_DESCRIPTOR -> memory.write64(descriptor, 0);
            case WALK_ABORT -> memory.write64(descriptor + 8, NOWHERE);
            case TRANSLATION -> memory.write64(leaf, 0);
            case ADDRESS_SIZE ->
                    memory.write64(descriptor, memory.read64(descriptor) & ~(7L << 32));
            case ACCESS_FLAG -> memory.write64(leaf, PAGE | SmmuLab.RW & ~(1 << 10) | 3);
            case PERMISSION -> memory.write64(leaf, PAGE | SmmuLab.RO | 3);
            case UNSUPPORTED_UPSTREAM ->
                    throw new IllegalArgumentException("no device here causes it");
        }
        if (fault == SmmuFault.ADDRESS_SIZE) {
            memory.write64(leaf, 1L << 33 | SmmuLab.RW | 3);
        }
        return lab.write(STREAM, IOVA);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNSUPPORTED_UPSTREAM")
    void everyEventIsCausedAndRecorded(SmmuFault fault) {
        assertThat(cause(fault)).isEqualTo(-fault.code());
        assertThat(lab.unit.lastFault()).isEqualTo(fault);
        assertThat(lab.unit.lastRecorded()).isTrue();
        assertThat(lab.events()).extracting(EventRecord::type).containsExactly(fault.code());
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNSUPPORTED_UPSTREAM")
    void onlyFaultsOfTheAddressAreSilenced(SmmuFault fault) {
        lab.memory.write64(descriptor, lab.memory.read64(descriptor) & ~(1L << 45));
        cause(fault);
        assertThat(lab.events().isEmpty()).isEqualTo(fault.isTranslationRelated());
    }

    @Test
    void theRecordSaysWhatTheDeviceAsked() {
        lab.memory.write64(leaf, 0);
        lab.read(STREAM, IOVA + 0x123);
        var event = lab.events().getFirst();
        assertThat(event.stream()).isEqualTo(STREAM);
        assertThat(event.substream()).isEqualTo(-1);
        assertThat(event.isRead()).isTrue();
        assertThat(event.word2()).isEqualTo(IOVA + 0x123);
        assertThat(event).hasToString("F_TRANSLATION, stream 0x0020, read at 0x12345123, stage 1");
    }
}
