package iommulab.engine.iommu.vtd;

import static iommulab.engine.iommu.vtd.ScalableBench.DEVICE;
import static iommulab.engine.iommu.vtd.ScalableBench.GUEST;
import static iommulab.engine.iommu.vtd.ScalableBench.PAGE;
import static iommulab.engine.iommu.vtd.ScalableBench.PASIDE;
import static iommulab.engine.iommu.vtd.ScalableBench.R;
import static iommulab.engine.iommu.vtd.ScalableBench.READ;
import static iommulab.engine.iommu.vtd.ScalableBench.W;
import static iommulab.engine.iommu.vtd.ScalableBench.WRITE;
import static iommulab.engine.iommu.vtd.ScalableBench.X;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The second stage of scalable mode, alone and below a first.
class ScalableNestedTest {
    private static final int PASID = 5;
    private static final long IOVA = 0x12_3456_7000L;
    private static final long HOME = 0x8_0000_0000L;
    private static final int EXECUTE = Iommu.EXECUTE;

    private final ScalableBench lab = new ScalableBench(CacheShapes.USUAL);

    // ---- second stage

    @ParameterizedTest
    @CsvSource({"1, 2, SM_NO_WRITE_RIGHT", "2, 1, SM_NO_READ_RIGHT", "0, 1, SECOND_NOT_PRESENT"})
    void theSecondStageTellsAMissingRightFromNone(long leaf, int access, String reason) {
        lab.attach(DEVICE, PASIDE);
        long tree = lab.table();
        lab.secondStage(DEVICE, PASID, 7, tree, 4, 0);
        lab.mapSecond(tree, IOVA, HOME, leaf);
        lab.assertFault(lab.ask(PASID, IOVA, access), VtdFault.valueOf(reason));
    }

    @Test
    void theRightToExecuteInTheSecondStageCountsWithSsee() {
        lab.attach(DEVICE, PASIDE);
        long tree = lab.table();
        long entry = lab.secondStage(DEVICE, PASID, 7, tree, 4, 1 << 5);
        lab.memory.write64(entry + 16, PasidEntry.ERE);
        lab.mapSecond(tree, IOVA, HOME, R | W);
        lab.mapSecond(tree, IOVA + 0x1000, HOME, R | W | X);
        lab.assertFault(lab.ask(PASID, IOVA, READ | EXECUTE), VtdFault.NO_EXECUTE_RIGHT);
        assertThat(lab.ask(PASID, IOVA + 0x1000, READ | EXECUTE)).isEqualTo(HOME);
    }

    @Test
    void passThroughLeavesAddressesButNotBeyondTheHost() {
        lab.attach(DEVICE, PASIDE);
        long entry = lab.pasidEntry(DEVICE, PASID);
        lab.memory.write64(entry, 4 << 6 | 1);
        lab.memory.write64(entry + 8, 7);
        assertThat(lab.ask(PASID, 0x5000, WRITE)).isEqualTo(0x5000);
        lab.assertFault(lab.ask(PASID, 1L << 52, WRITE), VtdFault.BEYOND_HOST);
    }

    // ---- nested

    private long second;
    private long first;

    private void nested(long flags) {
        lab.attach(DEVICE, PASIDE);
        second = lab.table();
        first = lab.table();
        lab.nest(DEVICE, PASID, 7, first, second, flags);
    }

    @Test
    void aColdNestedWalkOfFourByFourLevelsReadsTwentyFourEntries() {
        nested(0);
        lab.mapNested(first, second, IOVA, 0x7000, PAGE);
        lab.mapSecond(second, 0x7000, HOME, R | W);
        lab.unit.reshape(CacheKind.NESTED, CacheGeometry.OFF);
        lab.unit.reshape(CacheKind.NESTED_PAGING, CacheGeometry.OFF);
        lab.unit.reshape(CacheKind.PAGING_STRUCTURE, CacheGeometry.OFF);
        assertThat(lab.ask(PASID, IOVA + 4, READ)).isEqualTo(HOME + 4);
        assertThat(lab.unit.lastReads())
                .as("root, context, directory, PASID table first")
                .isEqualTo(4 + 24);
        lab.invalidate(InvalidationDescriptor.iotlbGlobal());
        assertThat(lab.ask(PASID, IOVA + 4, READ)).isEqualTo(HOME + 4);
        assertThat(lab.unit.lastReads()).as("the structures cached").isEqualTo(24);
    }

    @Test
    void aTableThatTheSecondStageDoesNotMapStopsTheWalkThere() {
        nested(0);
        lab.mapNested(first, second, IOVA, 0x7000, PAGE);
        lab.mapSecond(second, 0x7000, HOME, R | W);
        lab.mapSecond(second, first, first + GUEST, 0);
        lab.assertFault(lab.ask(PASID, IOVA, READ), VtdFault.TOP_NOT_READABLE_BELOW);
        lab.mapSecond(second, first, first + GUEST, R);
        lab.assertFault(lab.ask(PASID, IOVA, READ), VtdFault.TABLE_NOT_WRITABLE_BELOW);
        lab.mapSecond(second, first, first + GUEST, R | W);
        assertThat(lab.ask(PASID, IOVA, READ)).isEqualTo(HOME);
    }

    @Test
    void aLowerTableThatTheSecondStageDoesNotMapIsToldApartFromTheTop() {
        nested(0);
        lab.mapNested(first, second, IOVA, 0x7000, PAGE);
        long next = lab.memory.read64(ScalableBench.slot(first + GUEST, 4, IOVA)) & -4096L;
        lab.mapSecond(second, next, next + GUEST, 0);
        lab.assertFault(lab.ask(PASID, IOVA, READ), VtdFault.TABLE_NOT_READABLE_BELOW);
        lab.memory.write64(ScalableBench.slot(first + GUEST, 4, IOVA), 1L << 49 | PAGE);
        lab.forgetEverything();
        lab.assertFault(lab.ask(PASID, IOVA, READ), VtdFault.FIRST_BEYOND_SECOND);
    }

    @Test
    void thePageItselfNeedsTheRightsOfBothStages() {
        nested(0);
        lab.mapNested(first, second, IOVA, 0x7000, PAGE);
        lab.assertFault(lab.ask(PASID, IOVA, READ), VtdFault.SECOND_NOT_PRESENT);
        lab.mapSecond(second, 0x7000, HOME, R);
        assertThat(lab.ask(PASID, IOVA, READ)).isEqualTo(HOME);
        lab.assertFault(lab.ask(PASID, IOVA, WRITE), VtdFault.SM_NO_WRITE_RIGHT);
    }

    @Test
    void aLargeFirstStagePageIsCachedInThePiecesOfTheSecond() {
        nested(0);
        lab.mapNested(first, second, IOVA, 0, PAGE);
        long table = first + GUEST;
        for (int level = 4; level > 2; level--) {
            table = (lab.memory.read64(ScalableBench.slot(table, level, IOVA)) & -4096L) + GUEST;
        }
        lab.memory.write64(ScalableBench.slot(table, 2, IOVA), 0x20_0000 | PAGE | ScalableBench.PS);
        long gpa = 0x20_0000 | IOVA & 0x1f_f000;
        lab.mapSecond(second, gpa, HOME, R | W);
        assertThat(lab.ask(PASID, IOVA, READ)).isEqualTo(HOME);
        assertThat(lab.unit.lastPageBytes()).isEqualTo(4096);
        lab.assertFault(lab.ask(PASID, IOVA + 0x1000, READ), VtdFault.SECOND_NOT_PRESENT);
    }
}
