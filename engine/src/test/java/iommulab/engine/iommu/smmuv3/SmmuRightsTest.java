package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

import org.junit.jupiter.api.Test;

/// Which requests a page lets through, and the flags that they leave in its entry.
class SmmuRightsTest {
    private static final int STREAM = 0x20;
    private static final long IOVA = 0x1234_5000L;
    private static final long PAGE = 0x5555_5000L;
    private static final int PRIVILEGED = Iommu.READ | Iommu.PRIVILEGED;
    private static final int FETCH = Iommu.READ | Iommu.EXECUTE;

    private final SmmuLab lab = new SmmuLab(CacheShapes.USUAL);
    private final long tree = lab.table();

    private static long code(SmmuFault fault) {
        return -fault.code();
    }

    // ---- rights

    @Test
    void aPageWithoutUnprivilegedAccessIsForPrivilegedRequestsAlone() {
        lab.first(STREAM, 0, 9, tree);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW & ~(1 << 6));
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(code(SmmuFault.PERMISSION));
        assertThat(lab.unit.translate(STREAM, SmmuLab.NONE, IOVA, PRIVILEGED)).isEqualTo(PAGE);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(code(SmmuFault.PERMISSION));
    }

    @Test
    void panKeepsPrivilegedRequestsFromUnprivilegedPages() {
        long descriptor = lab.first(STREAM, 0, 9, tree);
        lab.memory.write64(descriptor, lab.memory.read64(descriptor) | 1L << 40);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        assertThat(lab.unit.translate(STREAM, SmmuLab.NONE, IOVA, PRIVILEGED))
                .isEqualTo(code(SmmuFault.PERMISSION));
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(PAGE);
    }

    @Test
    void fetchesNeedTheRightToExecute() {
        long descriptor = lab.first(STREAM, 0, 9, tree);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RO);
        lab.map(tree, IOVA + 0x1000, PAGE, 1, SmmuLab.RO | 1L << 54);
        lab.map(tree, IOVA + 0x2000, PAGE, 1, SmmuLab.RW);
        assertThat(lab.unit.translate(STREAM, SmmuLab.NONE, IOVA, FETCH)).isEqualTo(PAGE);
        assertThat(lab.unit.translate(STREAM, SmmuLab.NONE, IOVA + 0x1000, FETCH))
                .isEqualTo(code(SmmuFault.PERMISSION));
        assertThat(lab.events().getFirst().word1() & EventRecord.INSTRUCTION).isNotZero();
        assertThat(lab.unit.translate(STREAM, SmmuLab.NONE, IOVA + 0x2000, FETCH)).isEqualTo(PAGE);

        lab.forgetEverything();
        lab.memory.write64(descriptor, lab.memory.read64(descriptor) | 1L << 36);
        assertThat(lab.unit.translate(STREAM, SmmuLab.NONE, IOVA + 0x2000, FETCH))
                .as("WXN: writable is never executed")
                .isEqualTo(code(SmmuFault.PERMISSION));
    }

    @Test
    void aStreamEntryCanMakeItsRequestsPrivileged() {
        lab.first(STREAM, 0, 9, tree);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW & ~(1 << 6));
        lab.memory.write64(lab.streamAt(STREAM) + 8, 3L << 48);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(PAGE);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(PAGE);
    }

    // ---- access flag and dirty state

    @Test
    void hardwareSetsTheAccessFlagWhereTheDescriptorLetsIt() {
        long descriptor = lab.first(STREAM, 0, 9, tree);
        long leaf = lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW & ~(1 << 10));
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(code(SmmuFault.ACCESS_FLAG));
        lab.memory.write64(descriptor, lab.memory.read64(descriptor) | 1L << 43);
        lab.forgetEverything();
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(PAGE);
        assertThat(lab.memory.read64(leaf) & 1 << 10).isNotZero();
    }

    @Test
    void theFirstWriteToACleanPageMakesItWritable() {
        long descriptor = lab.first(STREAM, 0, 9, tree);
        lab.memory.write64(descriptor, lab.memory.read64(descriptor) | 3L << 42);
        long leaf = lab.map(tree, IOVA, PAGE, 1, SmmuLab.RO | 1L << 51);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(PAGE);
        assertThat(lab.memory.read64(leaf) & 1 << 7).as("still read-only").isNotZero();
        assertThat(lab.write(STREAM, IOVA)).isEqualTo(PAGE);
        assertThat(lab.unit.lastHit()).isFalse();
        assertThat(lab.memory.read64(leaf) & 1 << 7).as("dirty").isZero();
        assertThat(lab.write(STREAM, IOVA)).isEqualTo(PAGE);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    @Test
    void stage2KeepsItsOwnFlags() {
        lab.second(STREAM, 1, tree);
        long word2 = lab.streamAt(STREAM) + 16;
        lab.memory.write64(word2, lab.memory.read64(word2) | 3L << 55);
        long leaf = lab.map(tree, IOVA, PAGE, 1, 1L << 6 | 1L << 51);
        assertThat(lab.write(STREAM, IOVA)).isEqualTo(PAGE);
        assertThat(lab.memory.read64(leaf) & (1 << 10 | 1 << 7)).isEqualTo(1 << 10 | 1 << 7);
    }
}
