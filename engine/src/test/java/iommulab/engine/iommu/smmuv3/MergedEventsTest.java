package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Events of streams that allow them to be merged (STE.MEV).
/// Spec: SMMUv3, "Event record merging".
class MergedEventsTest {
    private static final int STREAM = 0x20;
    private static final long IOVA = 0x1234_5000L;
    private static final long MEV = 1 << 19;
    private static final long STALLS = 1L << 44;

    private final SmmuLab lab = new SmmuLab(CacheShapes.USUAL);
    private long descriptor;

    @BeforeEach
    void aStreamThatMapsNothing() {
        descriptor = lab.first(STREAM, 0, 9, lab.table());
        lab.memory.write64(lab.streamAt(STREAM) + 8, MEV);
    }

    @Test
    void oneRecordStandsForTheSameAccessToTheSamePage() {
        lab.read(STREAM, IOVA);
        lab.read(STREAM, IOVA + 0x10);
        assertThat(lab.unit.lastRecorded()).as("represented").isTrue();
        assertThat(lab.events()).hasSize(1);
    }

    @Test
    void withoutMevEachEventHasItsRecord() {
        lab.memory.write64(lab.streamAt(STREAM) + 8, 0);
        lab.read(STREAM, IOVA);
        lab.read(STREAM, IOVA);
        assertThat(lab.events()).hasSize(2);
    }

    @Test
    void whatDiffersIsNotMerged() {
        lab.first(STREAM + 1, 0, 9, lab.table());
        lab.memory.write64(lab.streamAt(STREAM + 1) + 8, MEV);
        lab.read(STREAM, IOVA);
        lab.write(STREAM, IOVA);
        lab.write(STREAM, IOVA + 0x1000);
        lab.write(STREAM + 1, IOVA + 0x1000);
        assertThat(lab.events()).hasSize(4);
    }

    @Test
    void aRecordThatSoftwareHasReadStandsForNothingNew() {
        lab.read(STREAM, IOVA);
        assertThat(lab.events()).hasSize(1);
        lab.read(STREAM, IOVA);
        assertThat(lab.events()).hasSize(1);
    }

    @Test
    void onlyTheNewestRecordIsMergedWith() {
        lab.read(STREAM, IOVA);
        lab.write(STREAM, IOVA);
        lab.read(STREAM, IOVA);
        assertThat(lab.events()).hasSize(3);
    }

    @Test
    void requestsThatWaitHaveRecordsOfTheirOwn() {
        lab.memory.write64(descriptor, lab.memory.read64(descriptor) | STALLS);
        lab.read(STREAM, IOVA);
        lab.read(STREAM, IOVA);
        assertThat(lab.events()).hasSize(2).allMatch(EventRecord::isStalled);
    }

    @Test
    void eventsFromBeforeAnEntryWasFoundAreNotMerged() {
        lab.memory.write64(lab.streamAt(STREAM), 0);
        lab.read(STREAM, IOVA);
        lab.read(STREAM, IOVA);
        assertThat(lab.events()).hasSize(2);
    }
}
