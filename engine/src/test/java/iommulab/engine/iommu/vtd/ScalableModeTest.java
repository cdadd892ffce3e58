package iommulab.engine.iommu.vtd;

import static iommulab.engine.iommu.vtd.ScalableBench.D;
import static iommulab.engine.iommu.vtd.ScalableBench.DEVICE;
import static iommulab.engine.iommu.vtd.ScalableBench.DTE;
import static iommulab.engine.iommu.vtd.ScalableBench.NONE;
import static iommulab.engine.iommu.vtd.ScalableBench.PAGE;
import static iommulab.engine.iommu.vtd.ScalableBench.PASIDE;
import static iommulab.engine.iommu.vtd.ScalableBench.READ;
import static iommulab.engine.iommu.vtd.ScalableBench.RID_PASID;
import static iommulab.engine.iommu.vtd.ScalableBench.WRITE;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Which address space a request finds in scalable mode, and what a device with a TLB is told.
class ScalableModeTest {
    private static final int PASID = 5;
    private static final long IOVA = 0x12_3456_7000L;
    private static final long HOME = 0x8_0000_0000L;
    private static final int EXECUTE = Iommu.EXECUTE;
    private static final int SUPERVISOR = Iommu.PRIVILEGED;

    private final ScalableBench lab = new ScalableBench(CacheShapes.USUAL);

    // ---- which address space

    @Test
    void aRequestWithoutPasidUsesTheEntryThatRidPasidNames() {
        lab.attach(DEVICE, 0);
        long tree = lab.table();
        lab.firstStage(DEVICE, RID_PASID, 7, tree, 0);
        lab.mapFirst(tree, IOVA, HOME, PAGE);
        assertThat(lab.ask(NONE, IOVA + 8, READ)).isEqualTo(HOME + 8);
        assertThat(lab.unit.lastDomain()).isEqualTo(7);
        assertThat(lab.ask(NONE, IOVA + 16, READ)).isEqualTo(HOME + 16);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    @Test
    void everyPasidHasItsOwnAddressSpaceAlsoInOneDomain() {
        long one = lab.emptyFirstStage(PASID, 0);
        long other = lab.table();
        lab.firstStage(DEVICE, PASID + 1, 7, other, 0);
        lab.mapFirst(one, IOVA, HOME, PAGE);
        lab.mapFirst(other, IOVA, HOME + 0x1000, PAGE);
        for (int round = 0; round < 2; round++) {
            assertThat(lab.ask(PASID, IOVA, READ)).isEqualTo(HOME);
            assertThat(lab.ask(PASID + 1, IOVA, READ)).isEqualTo(HOME + 0x1000);
        }
    }

    @Test
    void aRequestWithPasidToTheInterruptWindowIsTranslated() {
        long tree = lab.emptyFirstStage(PASID, 0);
        lab.mapFirst(tree, 0xfee0_0000L, HOME, PAGE);
        assertThat(lab.ask(PASID, 0xfee0_0000L, READ)).isEqualTo(HOME);
        assertThat(lab.ask(NONE, 0xfee0_0000L, READ)).isEqualTo(Iommu.INTERRUPT_WINDOW);
    }

    @Test
    void aPasidThatTheContextEntryDoesNotTakeIsBlocked() {
        lab.attach(DEVICE, 0);
        lab.assertFault(lab.ask(PASID, IOVA, READ), VtdFault.PASIDS_OFF);
    }

    @Test
    void aPasidBeyondTheDirectoryIsBlocked() {
        long context = lab.attach(DEVICE, PASIDE);
        lab.memory.write64(context, lab.memory.read64(context) & ~(7L << 9));
        lab.assertFault(lab.ask(1 << 13, IOVA, READ), VtdFault.PASID_TOO_LARGE);
        lab.assertFault(lab.ask((1 << 13) - 1, IOVA, READ), VtdFault.DIRECTORY_NOT_PRESENT);
    }

    @Test
    void legacyModeKnowsNoPasid() {
        var legacy = new VtdBench(CacheShapes.USUAL);
        legacy.attach(DEVICE, 3, 4, legacy.table());
        assertThat(legacy.unit.translate(DEVICE, PASID, IOVA, READ))
                .isEqualTo(-VtdFault.PASID_IN_LEGACY_MODE.code());
    }

    @Test
    void aFaultRecordTellsThePasidAndTheKindOfRequest() {
        lab.emptyFirstStage(PASID, 0);
        lab.assertFault(lab.ask(PASID, IOVA, READ | EXECUTE | SUPERVISOR), VtdFault.EXECUTE_OFF);
        long high = lab.unit.faults().high(0);
        assertThat(high >>> 40 & 0xf_ffff).as("PASID").isEqualTo(PASID);
        assertThat(high >>> 29 & 7).as("PP, EXE, PRIV").isEqualTo(7);
        assertThat(high & 0xffff).as("requester").isEqualTo(DEVICE);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 1, PASID_NOT_PRESENT",
        "0, 0x400, PASID_RESERVED",
        "8, 0x10000, PASID_RESERVED",
        "16, 4, ''",
        "16, 8, PASID_INVALID",
        "24, 1, PASID_RESERVED",
        "56, 2, PASID_RESERVED",
        "0, 0x100, PASID_INVALID"
    })
    void oneSpoiledFieldOfThePasidTableEntryDecidesTheReason(
            int offset, String flipped, String reason) {
        long tree = lab.emptyFirstStage(PASID, 0);
        lab.mapFirst(tree, IOVA, HOME, PAGE);
        long entry = lab.pasidEntry(DEVICE, PASID) + offset;
        lab.memory.write64(entry, lab.memory.read64(entry) ^ Long.decode(flipped));
        long answer = lab.ask(PASID, IOVA, READ);
        if (reason.isEmpty()) {
            // Five levels: the tree of four is taken for one of five.
            assertThat(answer).isEqualTo(-VtdFault.FIRST_NOT_PRESENT.code());
        } else {
            lab.assertFault(answer, VtdFault.valueOf(reason));
        }
    }

    // ---- device TLB

    @Test
    void withoutDteNothingIsTranslatedForTheDevice() {
        lab.emptyFirstStage(PASID, 0);
        lab.assertFault(lab.ask(PASID, IOVA, READ | Iommu.ASKS), VtdFault.DEVICE_TLB_OFF);
        lab.assertFault(lab.ask(NONE, IOVA, READ | Iommu.TRANSLATED), VtdFault.DEVICE_TLB_OFF);
    }

    @Test
    void theDeviceIsToldThePageWithTheRightsItAskedFor() {
        long tree = lab.emptyFirstStage(PASID, 0);
        lab.attachFlags(DEVICE, DTE | PASIDE);
        long leaf = lab.mapFirst(tree, IOVA, HOME, PAGE);
        long told = lab.ask(PASID, IOVA, READ | Iommu.ASKS);
        assertThat(TableEntry.address(told)).isEqualTo(HOME);
        assertThat(TableEntry.rights(told)).isEqualTo(TableEntry.READ);
        assertThat(lab.memory.read64(leaf) & D).as("dirty").isZero();
        told = lab.ask(PASID, IOVA, READ | WRITE | Iommu.ASKS);
        assertThat(TableEntry.rights(told)).isEqualTo(TableEntry.READ | TableEntry.WRITE);
        assertThat(lab.memory.read64(leaf) & D).as("dirty").isEqualTo(D);
        assertThat(lab.ask(NONE, HOME + 4, READ | Iommu.TRANSLATED)).isEqualTo(HOME + 4);
    }

    @Test
    void whatIsNotMappedIsNoFaultForADeviceThatAsks() {
        long tree = lab.emptyFirstStage(PASID, 0);
        lab.attachFlags(DEVICE, DTE | PASIDE);
        assertThat(lab.ask(PASID, IOVA, READ | Iommu.ASKS)).isZero();
        assertThat(lab.unit.lastFault()).isNull();
        assertThat(lab.unit.faults().status()).isZero();
        lab.mapFirst(tree, IOVA, HOME | 1L << 51, PAGE);
        assertThat(lab.ask(PASID, IOVA, READ | WRITE | Iommu.ASKS)).isPositive();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void legacyModeTranslatesForADeviceOnlyWithItsTranslationType(boolean deviceTlb) {
        var legacy = new VtdBench(CacheShapes.USUAL);
        long tree = legacy.table();
        legacy.writeContext(DEVICE, tree | (deviceTlb ? 1 << 2 : 0) | 1, 2 | 7 << 8);
        legacy.map(tree, 4, IOVA, HOME, 1, VtdBench.R);
        long told = legacy.unit.translate(DEVICE, NONE, IOVA, READ | WRITE | Iommu.ASKS);
        long used = legacy.unit.translate(DEVICE, NONE, HOME, READ | Iommu.TRANSLATED);
        if (deviceTlb) {
            assertThat(told).isEqualTo(TableEntry.leaf(HOME, 12, TableEntry.READ));
            assertThat(used).isEqualTo(HOME);
            assertThat(legacy.unit.translate(DEVICE, NONE, 0, READ | Iommu.ASKS)).isZero();
        } else {
            assertThat(told).isEqualTo(-VtdFault.TYPE_BLOCKED.code());
            assertThat(used).isEqualTo(-VtdFault.TYPE_BLOCKED.code());
        }
    }

    @Test
    void anExplanationSetsNoBitAndRecordsNoFault() {
        long tree = lab.emptyFirstStage(PASID, 0);
        long leaf = lab.mapFirst(tree, IOVA, HOME, PAGE);
        lab.explain(PASID, IOVA, WRITE);
        lab.explain(PASID, IOVA + 0x1000, WRITE);
        assertThat(lab.memory.read64(leaf)).isEqualTo(HOME | PAGE);
        assertThat(lab.unit.faults().status()).isZero();
    }
}
