package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.ats.AtsFunction;
import iommulab.engine.ats.AtsFunction.Sent;
import iommulab.engine.ats.PasidCapability;
import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.Replacement;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.PageResponse;
import iommulab.engine.iommu.PasidPrefix;

import org.junit.jupiter.api.Test;

import java.util.Optional;

/// A device with a TLB and page requests of its own behind an SMMU.
class SmmuAtsTest {
    private static final int STREAM = 0x20;
    private static final int SUBSTREAM = 5;
    private static final long IOVA = 0x1234_5000L;
    private static final long PAGE = 0x5555_5000L;
    private static final long PAGES = 0x2200_0000L;
    private static final int PAGE_BITS = 2;

    private final SmmuLab lab = new SmmuLab(CacheShapes.USUAL);
    private final long tree = lab.table();
    private final AtsFunction device = device();

    private AtsFunction device() {
        long descriptors = lab.table();
        lab.descriptor(
                descriptors + SUBSTREAM * 64L, SmmuLab.CD_USUAL | SmmuLab.EPD1 | 16, tree, 0);
        lab.stream(STREAM, 4L << 59 | descriptors | 5 << 1 | 1, 1L << 28, 0, 0);
        var registers = lab.unit.registers();
        registers.write64(SmmuRegisters.PRIQ_BASE, PAGES | PAGE_BITS);
        registers.write32(
                SmmuRegisters.CR0, registers.read32(SmmuRegisters.CR0) | SmmuRegisters.PAGE_QUEUE);
        var function =
                new AtsFunction(
                        lab.unit,
                        STREAM,
                        PasidCapability.EVERYTHING,
                        new CacheGeometry(4, 2, Replacement.LRU),
                        8,
                        1);
        function.tlb().setEnabled(true);
        function.pages().setEnabled(true);
        return function;
    }

    private Sent read(long iova) {
        return device.send(PasidPrefix.of(SUBSTREAM), iova, Access.READ);
    }

    private Sent write(long iova) {
        return device.send(PasidPrefix.of(SUBSTREAM), iova, Access.WRITE);
    }

    private SmmuCommand forget() {
        return SmmuCommand.deviceTlb(STREAM, SUBSTREAM, IOVA, 0);
    }

    @Test
    void aDeviceAsksOnceAndThenKnows() {
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        assertThat(read(IOVA + 4)).isEqualTo(new Sent.Answered(PAGE + 4));
        assertThat(device.tlb().lastHit()).isFalse();
        assertThat(write(IOVA + 8)).isEqualTo(new Sent.Answered(PAGE + 8));
        assertThat(device.tlb().lastHit()).isTrue();
    }

    @Test
    void aPrivilegedRequestLearnsItsOwnRights() {
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW & ~(1 << 6));
        assertThat(read(IOVA)).isInstanceOf(Sent.Unmapped.class);
        assertThat(device.send(new PasidPrefix(SUBSTREAM, false, true), IOVA, Access.READ))
                .isEqualTo(new Sent.Answered(PAGE));
    }

    @Test
    void onlyTheDevicesOwnInvalidationReachesItsTlb() {
        long leaf = lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        read(IOVA);
        lab.memory.write64(leaf, 0);
        lab.command(SmmuCommand.tlbAll());
        assertThat(read(IOVA)).as("the device still knows").isEqualTo(new Sent.Answered(PAGE));
        lab.command(forget());
        assertThat(read(IOVA)).isInstanceOf(Sent.Unmapped.class);
    }

    @Test
    void aSyncWaitsForTheDevice() {
        long status = 0x4000_0000L;
        device.tlb().setAnswering(false);
        lab.command(forget(), SmmuCommand.syncAndWrite(7, status));
        assertThat(lab.memory.read32(status)).isZero();
        assertThat(lab.unit.openInvalidations()).isEqualTo(1);
        device.tlb().setAnswering(true);
        assertThat(lab.memory.read32(status)).isEqualTo(7);
        assertThat(lab.unit.openInvalidations()).isZero();
    }

    @Test
    void aSyncFailsWhenTheDeviceNeverAnswers() {
        device.tlb().setAnswering(false);
        lab.command(forget(), SmmuCommand.sync());
        lab.unit.timeOutInvalidations();
        assertThat(lab.unit.commands().error()).isEqualTo(CommandQueue.NOT_COMPLETED);
        assertThat(lab.unit.errors().isActive(SmmuErrors.COMMAND_QUEUE)).isTrue();
    }

    // ---- page requests

    @Test
    void aPageThatIsMissingIsAskedForAndThenThere() {
        assertThat(write(IOVA)).isEqualTo(new Sent.Unmapped(Optional.of(0)));
        assertThat(lab.memory.read64(PAGES) >>> 58).as("SSV, last, write").isEqualTo(0b111000);
        assertThat(lab.memory.read64(PAGES) & 0xffff_ffffL).isEqualTo(STREAM);
        assertThat(lab.memory.read64(PAGES + 8)).isEqualTo(IOVA);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        lab.command(SmmuCommand.respond(STREAM, SUBSTREAM, 0, PageResponse.SUCCESS));
        assertThat(device.pages().takeRetries()).hasSize(1);
        assertThat(write(IOVA)).isEqualTo(new Sent.Answered(PAGE));
    }

    @Test
    void softwareCanRefuseAPageOrStopTheDevice() {
        read(IOVA);
        lab.command(SmmuCommand.respond(STREAM, SUBSTREAM, 0, PageResponse.INVALID_REQUEST));
        assertThat(device.pages().takeGivenUp()).hasSize(1);
        read(IOVA);
        lab.command(SmmuCommand.respond(STREAM, SUBSTREAM, 1, PageResponse.FAILURE));
        assertThat(device.pages().hasFailed()).isTrue();
    }

    @Test
    void aFullQueueIsAnsweredByTheUnitItself() {
        for (int i = 0; i < 5; i++) {
            read(IOVA + i * 0x1000);
        }
        assertThat(lab.unit.pageRequests().hasOverflown()).isTrue();
        assertThat(lab.unit.faultsLost()).as("no event was lost").isFalse();
        assertThat(device.pages().takeRetries()).hasSize(1);
    }
}
