package iommulab.engine.iommu.vtd;

import static iommulab.engine.iommu.vtd.ScalableBench.A;
import static iommulab.engine.iommu.vtd.ScalableBench.D;
import static iommulab.engine.iommu.vtd.ScalableBench.DEVICE;
import static iommulab.engine.iommu.vtd.ScalableBench.DTE;
import static iommulab.engine.iommu.vtd.ScalableBench.EA;
import static iommulab.engine.iommu.vtd.ScalableBench.GUEST;
import static iommulab.engine.iommu.vtd.ScalableBench.NONE;
import static iommulab.engine.iommu.vtd.ScalableBench.P;
import static iommulab.engine.iommu.vtd.ScalableBench.PAGE;
import static iommulab.engine.iommu.vtd.ScalableBench.PASIDE;
import static iommulab.engine.iommu.vtd.ScalableBench.R;
import static iommulab.engine.iommu.vtd.ScalableBench.READ;
import static iommulab.engine.iommu.vtd.ScalableBench.RID_PASID;
import static iommulab.engine.iommu.vtd.ScalableBench.RID_PRIV;
import static iommulab.engine.iommu.vtd.ScalableBench.RW;
import static iommulab.engine.iommu.vtd.ScalableBench.SECOND_A;
import static iommulab.engine.iommu.vtd.ScalableBench.SECOND_D;
import static iommulab.engine.iommu.vtd.ScalableBench.US;
import static iommulab.engine.iommu.vtd.ScalableBench.W;
import static iommulab.engine.iommu.vtd.ScalableBench.WRITE;
import static iommulab.engine.iommu.vtd.ScalableBench.X;
import static iommulab.engine.iommu.vtd.ScalableBench.XD;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScalableModeTest {
    private static final int PASID = 5;
    private static final long IOVA = 0x12_3456_7000L;
    private static final long HOME = 0x8_0000_0000L;
    private static final int EXECUTE = Iommu.EXECUTE;
    private static final int SUPERVISOR = Iommu.PRIVILEGED;

    private final ScalableBench lab = new ScalableBench(CacheShapes.USUAL);

    /// A device that may use PASIDs, and one PASID with an empty first stage.
    private long firstStage(long flags) {
        lab.attach(DEVICE, PASIDE);
        long tree = lab.table();
        lab.firstStage(DEVICE, PASID, 7, tree, flags);
        return tree;
    }

    private void faults(long answer, VtdFault wanted) {
        assertThat(answer).as("the answer").isEqualTo(-wanted.code());
        assertThat(lab.unit.lastFault()).isEqualTo(wanted);
    }

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
        long one = firstStage(0);
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
        long tree = firstStage(0);
        lab.mapFirst(tree, 0xfee0_0000L, HOME, PAGE);
        assertThat(lab.ask(PASID, 0xfee0_0000L, READ)).isEqualTo(HOME);
        assertThat(lab.ask(NONE, 0xfee0_0000L, READ)).isEqualTo(Iommu.INTERRUPT_WINDOW);
    }

    @Test
    void aPasidThatTheContextEntryDoesNotTakeIsBlocked() {
        lab.attach(DEVICE, 0);
        faults(lab.ask(PASID, IOVA, READ), VtdFault.PASIDS_OFF);
    }

    @Test
    void aPasidBeyondTheDirectoryIsBlocked() {
        long context = lab.attach(DEVICE, PASIDE);
        lab.memory.write64(context, lab.memory.read64(context) & ~(7L << 9));
        faults(lab.ask(1 << 13, IOVA, READ), VtdFault.PASID_TOO_LARGE);
        faults(lab.ask((1 << 13) - 1, IOVA, READ), VtdFault.DIRECTORY_NOT_PRESENT);
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
        firstStage(0);
        faults(lab.ask(PASID, IOVA, READ | EXECUTE | SUPERVISOR), VtdFault.EXECUTE_OFF);
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
        long tree = firstStage(0);
        lab.mapFirst(tree, IOVA, HOME, PAGE);
        long entry = lab.pasidEntry(DEVICE, PASID) + offset;
        lab.memory.write64(entry, lab.memory.read64(entry) ^ Long.decode(flipped));
        long answer = lab.ask(PASID, IOVA, READ);
        if (reason.isEmpty()) {
            // Five levels: the tree of four is taken for one of five.
            assertThat(answer).isEqualTo(-VtdFault.FIRST_NOT_PRESENT.code());
        } else {
            faults(answer, VtdFault.valueOf(reason));
        }
    }

    // ---- rights of the first stage

    @ParameterizedTest
    @CsvSource({
        "0, 0, true",
        "0, 1, true",
        "0, 32, false",
        "0, 33, true",
        "16, 33, false",
    })
    void aReadOnlyPageIsWrittenOnlyByASupervisorWithoutWriteProtection(
            long flags, int who, boolean granted) {
        // who: 32 is a supervisor's bit, 1 says that SRE is set
        long tree = firstStage(flags | who & 1);
        lab.mapFirst(tree, IOVA, HOME, P | US);
        int access = WRITE | who & SUPERVISOR;
        if (granted && (who & SUPERVISOR) != 0) {
            assertThat(lab.ask(PASID, IOVA, access)).isEqualTo(HOME);
        } else {
            faults(
                    lab.ask(PASID, IOVA, access),
                    (who & SUPERVISOR) != 0 && (who & 1) == 0
                            ? VtdFault.SUPERVISOR_OFF
                            : VtdFault.SM_NO_WRITE_RIGHT);
        }
        assertThat(lab.ask(PASID, IOVA, READ)).isEqualTo(HOME);
    }

    @Test
    void aSupervisorsPageIsNotForUsers() {
        long tree = firstStage(PasidEntry.SRE);
        lab.mapFirst(tree, IOVA, HOME, P | RW);
        faults(lab.ask(PASID, IOVA, READ), VtdFault.NOT_FOR_USERS);
        assertThat(lab.ask(PASID, IOVA, READ | SUPERVISOR)).isEqualTo(HOME);
        faults(lab.ask(PASID, IOVA, WRITE), VtdFault.NOT_FOR_USERS);
    }

    @Test
    void requestsWithoutPasidMayBeASupervisors() {
        long context = lab.attach(DEVICE, 0);
        lab.memory.write64(context + 8, RID_PASID | RID_PRIV);
        long tree = lab.table();
        lab.firstStage(DEVICE, RID_PASID, 7, tree, PasidEntry.SRE);
        lab.mapFirst(tree, IOVA, HOME, P | RW);
        assertThat(lab.ask(NONE, IOVA, READ)).isEqualTo(HOME);
        assertThat(lab.ask(NONE, IOVA + 8, READ)).isEqualTo(HOME + 8);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    @Test
    void whatMayNotBeExecutedIsNotExecuted() {
        long tree = firstStage(PasidEntry.ERE | PasidEntry.NXE);
        lab.mapFirst(tree, IOVA, HOME, PAGE | XD);
        faults(lab.ask(PASID, IOVA, READ | EXECUTE), VtdFault.NO_EXECUTE_RIGHT);
        assertThat(lab.ask(PASID, IOVA, READ)).isEqualTo(HOME);
        faults(lab.ask(PASID, IOVA, READ | EXECUTE), VtdFault.NO_EXECUTE_RIGHT);
    }

    @Test
    void withoutNxeExecuteDisableIsReserved() {
        long tree = firstStage(PasidEntry.ERE);
        lab.mapFirst(tree, IOVA, HOME, PAGE | XD);
        faults(lab.ask(PASID, IOVA, READ), VtdFault.FIRST_RESERVED);
    }

    @Test
    void smepKeepsASupervisorFromExecutingUsersPages() {
        long tree = firstStage(PasidEntry.ERE | PasidEntry.NXE | PasidEntry.SRE | PasidEntry.SMEP);
        lab.mapFirst(tree, IOVA, HOME, PAGE);
        lab.mapFirst(tree, IOVA + 0x1000, HOME, P | RW);
        int execute = READ | EXECUTE | SUPERVISOR;
        faults(lab.ask(PASID, IOVA, execute), VtdFault.NO_EXECUTE_RIGHT);
        assertThat(lab.ask(PASID, IOVA, READ | EXECUTE)).isEqualTo(HOME);
        faults(lab.ask(PASID, IOVA, execute), VtdFault.NO_EXECUTE_RIGHT);
        assertThat(lab.ask(PASID, IOVA + 0x1000, execute)).isEqualTo(HOME);
    }

    @Test
    void fiveLevelsTranslateFiftySevenBits() {
        long tree = firstStage(1 << 2);
        long high = 0xff12_3456_789a_b000L;
        lab.map(tree, 5, high & (1L << 57) - 1, HOME, 1, PAGE, PAGE);
        assertThat(lab.ask(PASID, high, READ)).isEqualTo(HOME);
        assertThat(lab.ask(PASID, high + 8, READ)).isEqualTo(HOME + 8);
        assertThat(lab.unit.lastHit()).isTrue();
        faults(lab.ask(PASID, high & (1L << 57) - 1, READ), VtdFault.NOT_CANONICAL);
    }

    // ---- accessed and dirty bits

    @Test
    void aWalkSetsAccessedAndAWriteDirtyAlsoAfterARead() {
        long tree = firstStage(0);
        long leaf = lab.mapFirst(tree, IOVA, HOME, PAGE);
        lab.ask(PASID, IOVA, READ);
        assertThat(lab.memory.read64(leaf)).isEqualTo(HOME | PAGE | A);
        assertThat(lab.memory.read64(ScalableBench.slot(tree, 4, IOVA)) & A).isEqualTo(A);
        lab.ask(PASID, IOVA, WRITE);
        assertThat(lab.memory.read64(leaf)).isEqualTo(HOME | PAGE | A | D);
        lab.ask(PASID, IOVA, WRITE);
        assertThat(lab.unit.lastHit()).as("the second write hits").isTrue();
    }

    @Test
    void theExtendedAccessedBitIsSetWhereThePasidAsksForIt() {
        long tree = firstStage(PasidEntry.EAFE);
        long leaf = lab.mapFirst(tree, IOVA, HOME, PAGE);
        lab.ask(PASID, IOVA, READ);
        assertThat(lab.memory.read64(leaf)).isEqualTo(HOME | PAGE | A | EA);
    }

    @Test
    void aWalkThatDoesNotSnoopCannotSetABit() {
        long tree = firstStage(0);
        long entry = lab.pasidEntry(DEVICE, PASID);
        lab.memory.write64(entry + 8, 7);
        lab.mapFirst(tree, IOVA, HOME, PAGE);
        faults(lab.ask(PASID, IOVA, READ), VtdFault.FIRST_UNMARKED);
    }

    @Test
    void theSecondStageSetsItsBitsWhereSsadeAsksForThem() {
        lab.attach(DEVICE, PASIDE);
        long tree = lab.table();
        lab.secondStage(DEVICE, PASID, 7, tree, 4, 1 << 9);
        long leaf = lab.mapSecond(tree, IOVA, HOME, R | W);
        lab.ask(PASID, IOVA, READ);
        assertThat(lab.memory.read64(leaf)).isEqualTo(HOME | R | W | SECOND_A);
        lab.ask(PASID, IOVA, WRITE);
        assertThat(lab.memory.read64(leaf)).isEqualTo(HOME | R | W | SECOND_A | SECOND_D);
    }

    // ---- second stage

    @ParameterizedTest
    @CsvSource({"1, 2, SM_NO_WRITE_RIGHT", "2, 1, SM_NO_READ_RIGHT", "0, 1, SECOND_NOT_PRESENT"})
    void theSecondStageTellsAMissingRightFromNone(long leaf, int access, String reason) {
        lab.attach(DEVICE, PASIDE);
        long tree = lab.table();
        lab.secondStage(DEVICE, PASID, 7, tree, 4, 0);
        lab.mapSecond(tree, IOVA, HOME, leaf);
        faults(lab.ask(PASID, IOVA, access), VtdFault.valueOf(reason));
    }

    @Test
    void theRightToExecuteInTheSecondStageCountsWithSsee() {
        lab.attach(DEVICE, PASIDE);
        long tree = lab.table();
        long entry = lab.secondStage(DEVICE, PASID, 7, tree, 4, 1 << 5);
        lab.memory.write64(entry + 16, PasidEntry.ERE);
        lab.mapSecond(tree, IOVA, HOME, R | W);
        lab.mapSecond(tree, IOVA + 0x1000, HOME, R | W | X);
        faults(lab.ask(PASID, IOVA, READ | EXECUTE), VtdFault.NO_EXECUTE_RIGHT);
        assertThat(lab.ask(PASID, IOVA + 0x1000, READ | EXECUTE)).isEqualTo(HOME);
    }

    @Test
    void passThroughLeavesAddressesButNotBeyondTheHost() {
        lab.attach(DEVICE, PASIDE);
        long entry = lab.pasidEntry(DEVICE, PASID);
        lab.memory.write64(entry, 4 << 6 | 1);
        lab.memory.write64(entry + 8, 7);
        assertThat(lab.ask(PASID, 0x5000, WRITE)).isEqualTo(0x5000);
        faults(lab.ask(PASID, 1L << 52, WRITE), VtdFault.BEYOND_HOST);
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
        lab.unit.reshape(iommulab.engine.cache.CacheKind.NESTED, OFF);
        lab.unit.reshape(iommulab.engine.cache.CacheKind.NESTED_PAGING, OFF);
        lab.unit.reshape(iommulab.engine.cache.CacheKind.PAGING_STRUCTURE, OFF);
        assertThat(lab.ask(PASID, IOVA + 4, READ)).isEqualTo(HOME + 4);
        assertThat(lab.unit.lastReads())
                .as("root, context, directory, PASID table first")
                .isEqualTo(4 + 24);
        lab.invalidate(InvalidationDescriptor.iotlbGlobal());
        assertThat(lab.ask(PASID, IOVA + 4, READ)).isEqualTo(HOME + 4);
        assertThat(lab.unit.lastReads()).as("the structures cached").isEqualTo(24);
    }

    private static final iommulab.engine.cache.CacheGeometry OFF =
            iommulab.engine.cache.CacheGeometry.OFF;

    @Test
    void aTableThatTheSecondStageDoesNotMapStopsTheWalkThere() {
        nested(0);
        lab.mapNested(first, second, IOVA, 0x7000, PAGE);
        lab.mapSecond(second, 0x7000, HOME, R | W);
        lab.mapSecond(second, first, first + GUEST, 0);
        faults(lab.ask(PASID, IOVA, READ), VtdFault.TOP_NOT_READABLE_BELOW);
        lab.mapSecond(second, first, first + GUEST, R);
        faults(lab.ask(PASID, IOVA, READ), VtdFault.TABLE_NOT_WRITABLE_BELOW);
        lab.mapSecond(second, first, first + GUEST, R | W);
        assertThat(lab.ask(PASID, IOVA, READ)).isEqualTo(HOME);
    }

    @Test
    void aLowerTableThatTheSecondStageDoesNotMapIsToldApartFromTheTop() {
        nested(0);
        lab.mapNested(first, second, IOVA, 0x7000, PAGE);
        long next = lab.memory.read64(ScalableBench.slot(first + GUEST, 4, IOVA)) & -4096L;
        lab.mapSecond(second, next, next + GUEST, 0);
        faults(lab.ask(PASID, IOVA, READ), VtdFault.TABLE_NOT_READABLE_BELOW);
        lab.memory.write64(ScalableBench.slot(first + GUEST, 4, IOVA), 1L << 49 | PAGE);
        lab.forgetEverything();
        faults(lab.ask(PASID, IOVA, READ), VtdFault.FIRST_BEYOND_SECOND);
    }

    @Test
    void thePageItselfNeedsTheRightsOfBothStages() {
        nested(0);
        lab.mapNested(first, second, IOVA, 0x7000, PAGE);
        faults(lab.ask(PASID, IOVA, READ), VtdFault.SECOND_NOT_PRESENT);
        lab.mapSecond(second, 0x7000, HOME, R);
        assertThat(lab.ask(PASID, IOVA, READ)).isEqualTo(HOME);
        faults(lab.ask(PASID, IOVA, WRITE), VtdFault.SM_NO_WRITE_RIGHT);
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
        faults(lab.ask(PASID, IOVA + 0x1000, READ), VtdFault.SECOND_NOT_PRESENT);
    }

    // ---- device TLB

    @Test
    void withoutDteNothingIsTranslatedForTheDevice() {
        firstStage(0);
        faults(lab.ask(PASID, IOVA, READ | Iommu.ASKS), VtdFault.DEVICE_TLB_OFF);
        faults(lab.ask(NONE, IOVA, READ | Iommu.TRANSLATED), VtdFault.DEVICE_TLB_OFF);
    }

    @Test
    void theDeviceIsToldThePageWithTheRightsItAskedFor() {
        long tree = firstStage(0);
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
        long tree = firstStage(0);
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
        long tree = firstStage(0);
        long leaf = lab.mapFirst(tree, IOVA, HOME, PAGE);
        lab.explain(PASID, IOVA, WRITE);
        lab.explain(PASID, IOVA + 0x1000, WRITE);
        assertThat(lab.memory.read64(leaf)).isEqualTo(HOME | PAGE);
        assertThat(lab.unit.faults().status()).isZero();
    }
}
