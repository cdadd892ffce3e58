package iommulab.engine.iommu.riscv;

import static iommulab.engine.iommu.riscv.RiscvLab.NO_PASID;
import static iommulab.engine.iommu.riscv.RiscvLab.READ;
import static iommulab.engine.iommu.riscv.RiscvLab.WRITE;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.DmaRequest;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.PageRequest;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableUse;
import iommulab.engine.iommu.Walk;
import iommulab.engine.iommu.Walk.GivenBy;
import iommulab.engine.iommu.WalkCosts;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;

class RiscvUnitTest {
    private static final int DEVICE = 0x0310;
    private static final long IOVA = 0x12_3456_7000L;
    private static final long PAGE = 0x40_0000_5000L;
    private static final WalkCosts COSTS = new WalkCosts(110, 4, 6, 4);

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5})
    void aFirstStageAloneLeadsToTheMappedPage(int levels) throws MappingRefused {
        var lab = new RiscvLab(CacheShapes.USUAL);
        var first = lab.tables(Stage.FIRST, levels, lab.host());
        first.map(IOVA, PAGE, 4096, Permissions.READ);
        lab.device(DEVICE, 0, 0, 5, RiscvLab.fsc(first));
        assertThat(lab.unit.translate(DEVICE, NO_PASID, IOVA | 0x123, READ))
                .isEqualTo(PAGE | 0x123);
        assertThat(lab.unit.lastReads()).isEqualTo(3 + levels);
        assertThat(lab.unit.translate(DEVICE, NO_PASID, IOVA | 0x123, READ))
                .isEqualTo(PAGE | 0x123);
        assertThat(lab.unit.lastHit()).isTrue();
        assertThat(lab.unit.translate(DEVICE, NO_PASID, IOVA, WRITE)).isEqualTo(-15);
        assertThat(lab.lastFault().cause()).isEqualTo(15);
        assertThat(lab.lastFault().device()).isEqualTo(DEVICE);
    }

    @ParameterizedTest
    @CsvSource({"3, 3, 15", "4, 4, 24", "5, 5, 35", "4, 5, 29", "5, 3, 23"})
    void aNestedWalkReadsAsManyEntriesAsTheGridHas(int firstLevels, int secondLevels, int reads)
            throws MappingRefused {
        var lab = new RiscvLab(CacheShapes.NONE);
        nestedDevice(lab, firstLevels, secondLevels);
        long hpa = lab.unit.translate(DEVICE, NO_PASID, IOVA | 0x123, READ);
        assertThat(hpa).isEqualTo(RiscvLab.GUEST + 0x3f_f000 + RiscvLab.GUEST_OFFSET | 0x123);
        assertThat(lab.unit.lastReads()).isEqualTo(3 + reads);
        var walk = explain(lab);
        assertThat(walk.steps().stream().filter(step -> step.cell().row() >= 0)).hasSize(reads);
        assertThat(walk.steps().stream().map(step -> step.cell()).filter(cell -> cell.row() >= 0))
                .doesNotHaveDuplicates();
    }

    private static void nestedDevice(RiscvLab lab, int firstLevels, int secondLevels)
            throws MappingRefused {
        var second = lab.guestMemory(secondLevels, 1024);
        var first = lab.tables(Stage.FIRST, firstLevels, RiscvLab.guest(lab.memory, 1024));
        first.map(IOVA, RiscvLab.GUEST + 0x3f_f000, 4096, Permissions.READ_WRITE);
        lab.device(DEVICE, 0, RiscvLab.iohgatp(second, 9), 5, RiscvLab.fsc(first));
    }

    private static Walk explain(RiscvLab lab) {
        var request =
                new DmaRequest(
                        new PciAddress(0, 3, 2, 0),
                        new RequesterId(DEVICE),
                        IOVA | 0x123,
                        4,
                        Access.READ);
        return lab.unit.explain("iommu0", request, COSTS, true);
    }

    @Test
    void whatCachesSavedStandsInItsPlace() throws MappingRefused {
        var lab = new RiscvLab(CacheShapes.USUAL);
        nestedDevice(lab, 4, 4);
        lab.unit.translate(DEVICE, NO_PASID, IOVA, READ);
        long before = lab.unit.stateHash();
        var walk = explain(lab);
        assertThat(lab.unit.stateHash()).as("nobody is disturbed").isEqualTo(before);
        assertThat(walk.reads()).isZero();
        assertThat(walk.steps()).hasSize(2 + 1 + 1 + 24 + 1);
        assertThat(walk.steps())
                .extracting(Walk.Step::givenBy)
                .contains(GivenBy.DEVICE_CACHE, GivenBy.IOTLB, GivenBy.SAVED)
                .doesNotContain(GivenBy.MEMORY);
        long cycles = walk.steps().stream().mapToLong(Walk.Step::cycles).sum();
        assertThat(walk.cycles()).isEqualTo(cycles).isEqualTo(COSTS.deviceProbe() + 6);
    }

    @Test
    void aFaultOfTheSecondStageTellsTheGuestsAddressAndThatATableWasMeant() throws MappingRefused {
        var lab = new RiscvLab(CacheShapes.USUAL);
        nestedDevice(lab, 3, 3);
        var second = lab.tables(Stage.SECOND, 3, lab.host());
        lab.memory.write64(lab.contextOf(DEVICE) + 8, RiscvLab.iohgatp(second, 9));
        assertThat(lab.unit.translate(DEVICE, NO_PASID, IOVA, READ)).isEqualTo(-21);
        long root = lab.memory.read64(lab.contextOf(DEVICE) + 24) << 12 & (1L << 56) - 1;
        long entry = root + 8 * (IOVA >>> 30);
        assertThat(lab.lastFault().iotval2()).isEqualTo(entry | 1);
    }

    @Test
    void aStaleEntryIsSaidToBeStaleUntilItsInvalidation() throws MappingRefused {
        var lab = new RiscvLab(CacheShapes.USUAL);
        var first = lab.tables(Stage.FIRST, 4, lab.host());
        first.map(IOVA, PAGE, 4096, Permissions.READ_WRITE);
        lab.device(DEVICE, 0, 0, 5, RiscvLab.fsc(first));
        lab.unit.translate(DEVICE, NO_PASID, IOVA, READ);
        assertThat(lab.unit.lastWasStale()).isFalse();
        first.unmap(IOVA, 4096);
        assertThat(lab.unit.translate(DEVICE, NO_PASID, IOVA, READ)).isEqualTo(PAGE);
        assertThat(lab.unit.lastWasStale()).isTrue();
        var stale =
                lab.unit.cacheSnapshots().stream()
                        .flatMap(cache -> cache.lines().stream())
                        .flatMap(line -> line.stale().stream())
                        .toList();
        assertThat(stale).isNotEmpty();
        assertThat(stale.getFirst().missingInvalidation())
                .isEqualTo("IOTINVAL.VMA, PSCID 5, 0x1234567000");
        lab.command(RiscvCommand.IOTINVAL_VMA | RiscvCommand.PSCV | 5 << 12, 0);
        assertThat(lab.unit.translate(DEVICE, NO_PASID, IOVA, READ)).isEqualTo(-13);
        assertThat(lab.unit.lastWasStale()).isFalse();
    }

    @Test
    void theFirstWriteToACleanPageSetsItsDirtyBitAlsoAfterAHit() throws MappingRefused {
        var lab = new RiscvLab(CacheShapes.USUAL);
        var first = lab.tables(Stage.FIRST, 3, lab.host());
        first.map(IOVA, PAGE, 4096, Permissions.READ_WRITE);
        long leaf = leafEntry(lab, first.top());
        lab.memory.write64(leaf, lab.memory.read64(leaf) & ~0xc0L);
        lab.device(DEVICE, DeviceContext.SADE, 0, 5, RiscvLab.fsc(first));
        lab.unit.translate(DEVICE, NO_PASID, IOVA, READ);
        assertThat(lab.memory.read64(leaf) & 0xc0).isEqualTo(0x40);
        assertThat(lab.unit.translate(DEVICE, NO_PASID, IOVA, READ)).isEqualTo(PAGE);
        assertThat(lab.unit.lastHit()).isTrue();
        assertThat(lab.unit.translate(DEVICE, NO_PASID, IOVA, WRITE)).isEqualTo(PAGE);
        assertThat(lab.memory.read64(leaf) & 0xc0).isEqualTo(0xc0);
        assertThat(lab.unit.translate(DEVICE, NO_PASID, IOVA, WRITE)).isEqualTo(PAGE);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    private static long leafEntry(RiscvLab lab, long root) {
        long middle = lab.memory.read64(root + 8 * (IOVA >>> 30)) >>> 10 << 12;
        long last = lab.memory.read64(middle + 8 * (IOVA >>> 21 & 511)) >>> 10 << 12;
        return last + 8 * (IOVA >>> 12 & 511);
    }

    @Test
    void aFullPageRequestQueueAnswersSuccessAndStopsUntilItIsCleared() throws MappingRefused {
        var lab = new RiscvLab(CacheShapes.USUAL);
        lab.device(DEVICE, DeviceContext.EN_ATS | DeviceContext.EN_PRI, 0, 0, 0);
        var request = new PageRequest(DEVICE, PasidPrefix.NONE, IOVA, true, false, 0, true);
        for (int i = 0; i < 255; i++) {
            assertThat(lab.unit.requestPage(request)).isEmpty();
        }
        var outcome = lab.unit.requestPage(DEVICE, NO_PASID, 0, IOVA | 5);
        assertThat(outcome.queued()).isFalse();
        assertThat(outcome.response()).contains(PageRequests.SUCCESS);
        int status = lab.unit.registers().read32(RiscvRegisters.PQCSR);
        assertThat(status & RecordQueue.OVERFLOW).isNotZero();
        lab.unit.registers().write32(RiscvRegisters.PQH, 1);
        assertThat(lab.unit.requestPage(DEVICE, NO_PASID, 0, IOVA | 1).queued()).isFalse();
        lab.unit.registers().write32(RiscvRegisters.PQCSR, RecordQueue.OVERFLOW | 1);
        assertThat(lab.unit.requestPage(DEVICE, NO_PASID, 0, IOVA | 1).queued()).isTrue();
    }

    @Test
    void anAtsRequestIsToldWhatItMayDoAndTheTranslatedAddressIsThenUsedAsItIs()
            throws MappingRefused {
        var lab = new RiscvLab(CacheShapes.USUAL);
        var first = lab.tables(Stage.FIRST, 3, lab.host());
        first.map(IOVA, PAGE, 4096, Permissions.READ);
        lab.device(DEVICE, DeviceContext.EN_ATS, 0, 5, RiscvLab.fsc(first));
        long leaf = lab.unit.translate(DEVICE, NO_PASID, IOVA, Iommu.ASKS | READ | WRITE);
        assertThat(leaf & (READ | WRITE)).isEqualTo(READ);
        assertThat(lab.unit.lastMapping().orElseThrow().address()).isEqualTo(PAGE);
        assertThat(lab.unit.translate(DEVICE, NO_PASID, PAGE, Iommu.TRANSLATED | READ))
                .isEqualTo(PAGE);
        assertThat(lab.unit.translate(DEVICE, NO_PASID, 0, Iommu.ASKS | READ)).isZero();
        assertThat(lab.unit.lastRecorded()).isFalse();
    }

    @Test
    void goingBackRestoresEverythingThatDecidesAnswers() throws MappingRefused {
        var lab = new RiscvLab(CacheShapes.USUAL);
        nestedDevice(lab, 4, 4);
        lab.unit.translate(DEVICE, NO_PASID, IOVA, READ);
        var then = lab.unit.checkpoint();
        long hash = lab.unit.stateHash();
        lab.command(RiscvCommand.INVAL_DDT, 0);
        lab.command(RiscvCommand.IOTINVAL_GVMA, 0);
        lab.unit.translate(DEVICE + 1, NO_PASID, IOVA, WRITE);
        lab.unit.reshape(CacheKind.IOTLB, CacheGeometry.OFF);
        assertThat(lab.unit.stateHash()).isNotEqualTo(hash);
        lab.unit.restore(then);
        assertThat(lab.unit.stateHash()).isEqualTo(hash);
        lab.unit.translate(DEVICE, NO_PASID, IOVA, READ);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    @Test
    void everyTableIsFoundAlsoWhereTheSecondStagePutIt() throws MappingRefused {
        var lab = new RiscvLab(CacheShapes.USUAL);
        nestedDevice(lab, 3, 3);
        var found = new ArrayList<TableUse>();
        lab.unit.forEachTable(found::add);
        assertThat(found)
                .extracting(TableUse::what)
                .contains(
                        "command queue",
                        "fault queue",
                        "DDT level 2",
                        "DDT level 1",
                        "level 2 table of GSCID 9",
                        "level 0 table of GSCID 9",
                        "level 2 table of GSCID 9, PSCID 5",
                        "level 0 table of GSCID 9, PSCID 5");
        var walk = explain(lab);
        for (var step : walk.steps()) {
            if (!step.raw().isEmpty()) {
                assertThat(found)
                        .as("the table of %s", step.name())
                        .anyMatch(use -> isIn(use, step.entryHpa()));
            }
        }
    }

    private static boolean isIn(TableUse use, long hpa) {
        return hpa >= use.hpa() && hpa < use.hpa() + use.bytes();
    }
}
