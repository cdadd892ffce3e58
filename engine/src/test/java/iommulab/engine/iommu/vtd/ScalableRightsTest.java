package iommulab.engine.iommu.vtd;

import static iommulab.engine.iommu.vtd.ScalableBench.A;
import static iommulab.engine.iommu.vtd.ScalableBench.D;
import static iommulab.engine.iommu.vtd.ScalableBench.DEVICE;
import static iommulab.engine.iommu.vtd.ScalableBench.EA;
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
import static iommulab.engine.iommu.vtd.ScalableBench.XD;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the first stage of scalable mode lets pass, and the bits that walks leave behind.
class ScalableRightsTest {
    private static final int PASID = 5;
    private static final long IOVA = 0x12_3456_7000L;
    private static final long HOME = 0x8_0000_0000L;
    private static final int EXECUTE = Iommu.EXECUTE;
    private static final int SUPERVISOR = Iommu.PRIVILEGED;

    private final ScalableBench lab = new ScalableBench(CacheShapes.USUAL);

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
        long tree = lab.emptyFirstStage(PASID, flags | who & 1);
        lab.mapFirst(tree, IOVA, HOME, P | US);
        int access = WRITE | who & SUPERVISOR;
        if (granted && (who & SUPERVISOR) != 0) {
            assertThat(lab.ask(PASID, IOVA, access)).isEqualTo(HOME);
        } else {
            lab.assertFault(
                    lab.ask(PASID, IOVA, access),
                    (who & SUPERVISOR) != 0 && (who & 1) == 0
                            ? VtdFault.SUPERVISOR_OFF
                            : VtdFault.SM_NO_WRITE_RIGHT);
        }
        assertThat(lab.ask(PASID, IOVA, READ)).isEqualTo(HOME);
    }

    @Test
    void aSupervisorsPageIsNotForUsers() {
        long tree = lab.emptyFirstStage(PASID, PasidEntry.SRE);
        lab.mapFirst(tree, IOVA, HOME, P | RW);
        lab.assertFault(lab.ask(PASID, IOVA, READ), VtdFault.NOT_FOR_USERS);
        assertThat(lab.ask(PASID, IOVA, READ | SUPERVISOR)).isEqualTo(HOME);
        lab.assertFault(lab.ask(PASID, IOVA, WRITE), VtdFault.NOT_FOR_USERS);
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
        long tree = lab.emptyFirstStage(PASID, PasidEntry.ERE | PasidEntry.NXE);
        lab.mapFirst(tree, IOVA, HOME, PAGE | XD);
        lab.assertFault(lab.ask(PASID, IOVA, READ | EXECUTE), VtdFault.NO_EXECUTE_RIGHT);
        assertThat(lab.ask(PASID, IOVA, READ)).isEqualTo(HOME);
        lab.assertFault(lab.ask(PASID, IOVA, READ | EXECUTE), VtdFault.NO_EXECUTE_RIGHT);
    }

    @Test
    void withoutNxeExecuteDisableIsReserved() {
        long tree = lab.emptyFirstStage(PASID, PasidEntry.ERE);
        lab.mapFirst(tree, IOVA, HOME, PAGE | XD);
        lab.assertFault(lab.ask(PASID, IOVA, READ), VtdFault.FIRST_RESERVED);
    }

    @Test
    void smepKeepsASupervisorFromExecutingUsersPages() {
        long tree =
                lab.emptyFirstStage(
                        PASID, PasidEntry.ERE | PasidEntry.NXE | PasidEntry.SRE | PasidEntry.SMEP);
        lab.mapFirst(tree, IOVA, HOME, PAGE);
        lab.mapFirst(tree, IOVA + 0x1000, HOME, P | RW);
        int execute = READ | EXECUTE | SUPERVISOR;
        lab.assertFault(lab.ask(PASID, IOVA, execute), VtdFault.NO_EXECUTE_RIGHT);
        assertThat(lab.ask(PASID, IOVA, READ | EXECUTE)).isEqualTo(HOME);
        lab.assertFault(lab.ask(PASID, IOVA, execute), VtdFault.NO_EXECUTE_RIGHT);
        assertThat(lab.ask(PASID, IOVA + 0x1000, execute)).isEqualTo(HOME);
    }

    @Test
    void fiveLevelsTranslateFiftySevenBits() {
        long tree = lab.emptyFirstStage(PASID, 1 << 2);
        long high = 0xff12_3456_789a_b000L;
        lab.map(tree, 5, high & (1L << 57) - 1, HOME, 1, PAGE, PAGE);
        assertThat(lab.ask(PASID, high, READ)).isEqualTo(HOME);
        assertThat(lab.ask(PASID, high + 8, READ)).isEqualTo(HOME + 8);
        assertThat(lab.unit.lastHit()).isTrue();
        lab.assertFault(lab.ask(PASID, high & (1L << 57) - 1, READ), VtdFault.NOT_CANONICAL);
    }

    // ---- accessed and dirty bits

    @Test
    void aWalkSetsAccessedAndAWriteDirtyAlsoAfterARead() {
        long tree = lab.emptyFirstStage(PASID, 0);
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
        long tree = lab.emptyFirstStage(PASID, PasidEntry.EAFE);
        long leaf = lab.mapFirst(tree, IOVA, HOME, PAGE);
        lab.ask(PASID, IOVA, READ);
        assertThat(lab.memory.read64(leaf)).isEqualTo(HOME | PAGE | A | EA);
    }

    @Test
    void aWalkThatDoesNotSnoopCannotSetABit() {
        long tree = lab.emptyFirstStage(PASID, 0);
        long entry = lab.pasidEntry(DEVICE, PASID);
        lab.memory.write64(entry + 8, 7);
        lab.mapFirst(tree, IOVA, HOME, PAGE);
        lab.assertFault(lab.ask(PASID, IOVA, READ), VtdFault.FIRST_UNMARKED);
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
}
