package iommulab.engine.iommu.amdvi;

import static iommulab.engine.iommu.amdvi.AmdLab.U;
import static iommulab.engine.iommu.amdvi.AmdLab.W;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.ats.AtsFunction;
import iommulab.engine.ats.AtsFunction.Sent;
import iommulab.engine.ats.PasidCapability;
import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.Replacement;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.PasidPrefix;

import org.junit.jupiter.api.Test;

import java.util.Optional;

/// A device with a TLB and page requests of its own behind an AMD IOMMU.
class AmdAtsTest {
    private static final int GPU = 0x0300;
    private static final int PASID = 5;
    private static final long IOVA = 0x1234_5000L;
    private static final long PAGE = 0x5555_5000L;
    private static final long STATUS = 0x5_0000;

    private final AmdLab lab = new AmdLab(CacheShapes.USUAL);
    private final long root = lab.table();
    private final AtsFunction device = device();

    private AtsFunction device() {
        long gcr3 = lab.table();
        lab.attachGuest(GPU, 7, 0, 0, gcr3, 1, 4, AmdLab.PPR);
        lab.setGcr3(gcr3, 1, PASID, root);
        var function =
                new AtsFunction(
                        lab.unit,
                        GPU,
                        PasidCapability.EVERYTHING,
                        new CacheGeometry(4, 2, Replacement.LRU),
                        300,
                        1);
        function.tlb().setEnabled(true);
        function.pages().setEnabled(true);
        return function;
    }

    private Sent read(long iova) {
        return device.send(PasidPrefix.of(PASID), iova, Access.READ);
    }

    private Sent write(long iova) {
        return device.send(PasidPrefix.of(PASID), iova, Access.WRITE);
    }

    private static AmdCommand forget() {
        return AmdCommand.invalidateDevicePages(GPU, 0, PASID, AmdCommand.pages(IOVA, 0));
    }

    @Test
    void aDeviceAsksOnceAndThenKnows() {
        lab.mapGuest(root, 4, IOVA, PAGE, 1, W | U, 0);
        assertThat(write(IOVA + 4)).isEqualTo(new Sent.Answered(PAGE + 4));
        assertThat(device.tlb().lastHit()).isFalse();
        assertThat(read(IOVA + 8)).isEqualTo(new Sent.Answered(PAGE + 8));
        assertThat(device.tlb().lastHit()).isTrue();
    }

    @Test
    void aPageLearntForReadingIsAskedForAgainToBeWritten() {
        long leaf = lab.mapGuest(root, 4, IOVA, PAGE, 1, W | U, 0);
        read(IOVA);
        assertThat(lab.memory.read64(leaf) & AmdLab.D).isZero();
        assertThat(write(IOVA)).isEqualTo(new Sent.Answered(PAGE));
        assertThat(device.tlb().questions()).isEqualTo(2);
        assertThat(lab.memory.read64(leaf) & AmdLab.D).isNotZero();
    }

    @Test
    void aPrivilegedRequestLearnsItsOwnRights() {
        lab.mapGuest(root, 4, IOVA, PAGE, 1, W, 0);
        assertThat(read(IOVA)).isInstanceOf(Sent.Unmapped.class);
        assertThat(device.send(new PasidPrefix(PASID, false, true), IOVA, Access.READ))
                .isEqualTo(new Sent.Answered(PAGE));
    }

    @Test
    void onlyTheDevicesOwnInvalidationReachesItsTlb() {
        long leaf = lab.mapGuest(root, 4, IOVA, PAGE, 1, W | U, 0);
        read(IOVA);
        lab.memory.write64(leaf, 0);
        lab.submit(AmdCommand.invalidateAll());
        assertThat(read(IOVA)).as("the device still knows").isEqualTo(new Sent.Answered(PAGE));
        lab.submit(forget());
        assertThat(read(IOVA)).isInstanceOf(Sent.Unmapped.class);
    }

    @Test
    void aCompletionWaitWaitsForTheDevice() {
        device.tlb().setAnswering(false);
        lab.submit(forget());
        lab.submit(AmdCommand.waitAndStore(7, STATUS));
        assertThat(lab.memory.read64(STATUS)).isZero();
        assertThat(lab.unit.openInvalidations()).isEqualTo(1);
        device.tlb().setAnswering(true);
        assertThat(lab.memory.read64(STATUS)).isEqualTo(7);
        assertThat(lab.unit.openInvalidations()).isZero();
    }

    @Test
    void aDeviceThatNeverAnswersIsAnEventAndTheBufferGoesOn() {
        device.tlb().setAnswering(false);
        lab.submit(forget());
        lab.submit(AmdCommand.waitAndStore(7, STATUS));
        lab.unit.timeOutInvalidations();
        var event = lab.event().orElseThrow();
        assertThat(event.code()).isEqualTo(AmdEvent.IOTLB_INV_TIMEOUT);
        assertThat(event.device()).isEqualTo(GPU);
        assertThat(event.high()).isEqualTo(AmdLab.COMMANDS);
        assertThat(lab.memory.read64(STATUS)).isEqualTo(7);
    }

    // ---- page requests

    @Test
    void aPageThatIsMissingIsAskedForAndThenThere() {
        assertThat(write(IOVA)).isEqualTo(new Sent.Unmapped(Optional.of(0)));
        assertThat(lab.memory.read64(AmdLab.REQUESTS)).isEqualTo(0x1160_0200_0005_0300L);
        assertThat(lab.memory.read64(AmdLab.REQUESTS + 8)).isEqualTo(IOVA);
        assertThat(lab.status() & AmdRegisters.PPR_INTERRUPT).isNotZero();
        lab.mapGuest(root, 4, IOVA, PAGE, 1, W | U, 0);
        lab.submit(AmdCommand.completePageRequest(GPU, PASID, 0, 0));
        assertThat(device.pages().takeRetries()).hasSize(1);
        assertThat(write(IOVA)).isEqualTo(new Sent.Answered(PAGE));
    }

    @Test
    void softwareCanRefuseAPageOrStopTheDevice() {
        read(IOVA);
        lab.submit(AmdCommand.completePageRequest(GPU, PASID, 0, 1));
        assertThat(device.pages().takeGivenUp()).hasSize(1);
        read(IOVA);
        lab.submit(AmdCommand.completePageRequest(GPU, PASID, 1, 15));
        assertThat(device.pages().hasFailed()).isTrue();
    }

    @Test
    void whoMayNotAskForPagesIsRefusedWithAnEvent() {
        long gcr3 = lab.table();
        lab.attachGuest(GPU, 7, 0, 0, gcr3, 1, 4, 0);
        lab.setGcr3(gcr3, 1, PASID, root);
        read(IOVA);
        assertThat(lab.event().orElseThrow().code()).isEqualTo(AmdEvent.INVALID_PPR_REQUEST);
        assertThat(device.pages().takeGivenUp()).hasSize(1);
    }

    @Test
    void aFullLogIsAnsweredByTheUnitItself() {
        for (int i = 0; i < 256; i++) {
            read(IOVA + i * 0x1000L);
        }
        assertThat(lab.status() & AmdRegisters.PPR_OVERFLOW).isNotZero();
        assertThat(lab.unit.faultsLost()).as("no event was lost").isFalse();
        assertThat(device.pages().takeRetries()).hasSize(1);
    }
}
