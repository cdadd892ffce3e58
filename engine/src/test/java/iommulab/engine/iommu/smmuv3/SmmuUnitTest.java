package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;

import org.junit.jupiter.api.Test;

import java.util.List;

/// What the unit does besides translating: stalls, queues, devices' questions, going back.
class SmmuUnitTest {
    private static final int STREAM = 0x20;
    private static final long IOVA = 0x1234_5000L;
    private static final long PAGE = 0x5555_5000L;

    private final SmmuLab lab = new SmmuLab(CacheShapes.USUAL);
    private final long tree = lab.table();

    private static long code(SmmuFault fault) {
        return -fault.code();
    }

    // ---- stalls

    @Test
    void aStalledRequestGoesOnWhenSoftwareSaysSo() {
        long descriptor = lab.first(STREAM, 0, 9, tree);
        lab.memory.write64(descriptor, lab.memory.read64(descriptor) | 1L << 44);
        lab.read(STREAM, IOVA);
        var event = lab.events().getFirst();
        assertThat(event.isStalled()).isTrue();
        assertThat(lab.unit.stalled().waiting()).hasSize(1);

        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        lab.command(SmmuCommand.resume(STREAM, event.tag(), 1));
        assertThat(lab.unit.stalled().waiting()).isEmpty();
        assertThat(lab.unit.stalled().ended().getFirst().answer()).isEqualTo(PAGE);
    }

    @Test
    void stalledRequestsOfAStreamEndTogether() {
        long descriptor = lab.first(STREAM, 0, 9, tree);
        lab.memory.write64(descriptor, lab.memory.read64(descriptor) | 1L << 44);
        lab.read(STREAM, IOVA);
        lab.read(STREAM, IOVA + 0x1000);
        assertThat(lab.events()).extracting(EventRecord::tag).containsExactly(0, 1);
        lab.command(SmmuCommand.terminateStalled(STREAM));
        assertThat(lab.unit.stalled().waiting()).isEmpty();
        assertThat(lab.unit.stalled().ended())
                .extracting(StalledRequests.Ended::answer)
                .containsExactly(Iommu.ABORTED, Iommu.ABORTED);
    }

    // ---- queues

    @Test
    void aFullEventQueueLosesEventsAndSaysSo() {
        for (int i = 0; i < 20; i++) {
            lab.read(STREAM, IOVA);
        }
        assertThat(lab.unit.events().hasOverflown()).isTrue();
        assertThat(lab.unit.lastRecorded()).isFalse();
        assertThat(lab.events()).hasSize(1 << SmmuLab.QUEUE_BITS);
        assertThat(lab.unit.events().hasOverflown()).as("acknowledged").isFalse();
        lab.read(STREAM, IOVA);
        assertThat(lab.unit.lastRecorded()).isTrue();
    }

    @Test
    void theEventOfAStalledRequestWaitsForRoom() {
        for (int i = 0; i < 1 << SmmuLab.QUEUE_BITS; i++) {
            lab.read(STREAM, IOVA);
        }
        long descriptor = lab.first(STREAM + 1, 0, 9, tree);
        lab.memory.write64(descriptor, lab.memory.read64(descriptor) | 1L << 44);
        lab.read(STREAM + 1, IOVA);
        assertThat(lab.unit.events().hasOverflown()).isFalse();
        lab.events();
        assertThat(lab.events()).extracting(EventRecord::isStalled).containsExactly(true);
    }

    @Test
    void theCommandQueueStopsAtAnIllegalCommandUntilItIsAcknowledged() {
        lab.first(STREAM, 0, 9, tree);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        lab.read(STREAM, IOVA);
        lab.command(new SmmuCommand(0x77, 0), SmmuCommand.tlbAll());
        var registers = lab.unit.registers();
        assertThat(lab.unit.commands().error()).isEqualTo(CommandQueue.ILLEGAL);
        assertThat(lab.unit.errors().isActive(SmmuErrors.COMMAND_QUEUE)).isTrue();
        lab.read(STREAM, IOVA);
        assertThat(lab.unit.lastHit()).as("the command behind it waits").isTrue();

        registers.write32(SmmuRegisters.CMDQ_CONS, 1);
        registers.write32(SmmuRegisters.GERRORN, registers.read32(SmmuRegisters.GERROR));
        lab.read(STREAM, IOVA);
        assertThat(lab.unit.lastHit()).isFalse();
    }

    @Test
    void aSyncWritesWhenItIsDone() {
        lab.command(SmmuCommand.syncAndWrite(0x1234_5678, 0x4000_0000L));
        assertThat(lab.memory.read32(0x4000_0000L)).isEqualTo(0x1234_5678);
    }

    // ---- ATS

    @Test
    void aDeviceMayAskForTranslationsIfItsStreamLetsIt() {
        lab.first(STREAM, 0, 9, tree);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RO);
        int asks = Iommu.READ | Iommu.WRITE | Iommu.ASKS;
        assertThat(lab.unit.translate(STREAM, SmmuLab.NONE, IOVA, asks))
                .isEqualTo(code(SmmuFault.BAD_ATS_REQUEST));
        assertThat(lab.events()).hasSize(1);

        lab.memory.write64(lab.streamAt(STREAM) + 8, 1L << 28);
        lab.forgetEverything();
        long leaf = lab.unit.translate(STREAM, SmmuLab.NONE, IOVA, asks);
        assertThat(TableEntry.address(leaf)).isEqualTo(PAGE);
        assertThat(TableEntry.rights(leaf) & 3).isEqualTo(TableEntry.READ);
        assertThat(lab.unit.translate(STREAM, SmmuLab.NONE, IOVA + 0x1000, asks)).isZero();
        assertThat(lab.events()).as("no access is no event").isEmpty();
    }

    @Test
    void translatedRequestsPassOnlyWhereTheStreamLetsThem() {
        lab.first(STREAM, 0, 9, tree);
        int translated = Iommu.READ | Iommu.TRANSLATED;
        assertThat(lab.unit.translate(STREAM, SmmuLab.NONE, PAGE, translated))
                .isEqualTo(code(SmmuFault.TRANSLATED_FORBIDDEN));
        lab.memory.write64(lab.streamAt(STREAM) + 8, 1L << 28);
        lab.forgetEverything();
        assertThat(lab.unit.translate(STREAM, SmmuLab.NONE, PAGE, translated)).isEqualTo(PAGE);
    }

    @Test
    void splitStageAtsAsksStage1AndTranslatesWithStage2() {
        long second = lab.table();
        long descriptor = lab.table();
        lab.descriptor(descriptor, SmmuLab.CD_USUAL | SmmuLab.EPD1 | 16, tree, 0);
        lab.nested(STREAM, 3, descriptor, second);
        lab.memory.write64(lab.streamAt(STREAM) + 8, 2L << 28);
        lab.mapTablesToThemselves(second);
        lab.map(tree, IOVA, 0x9000_0000L, 1, SmmuLab.RW);
        lab.map(second, 0x9000_0000L, PAGE, 1, SmmuLab.RW2);
        int asks = Iommu.READ | Iommu.ASKS;
        long leaf = lab.unit.translate(STREAM, SmmuLab.NONE, IOVA, asks);
        assertThat(TableEntry.address(leaf)).isEqualTo(0x9000_0000L);
        int translated = Iommu.READ | Iommu.TRANSLATED;
        assertThat(lab.unit.translate(STREAM, SmmuLab.NONE, 0x9000_0010L, translated))
                .isEqualTo(PAGE + 0x10);
    }

    // ---- going back

    @Test
    void aRestoredUnitAnswersAndCountsAsBefore() {
        lab.first(STREAM, 0, 9, tree);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        lab.read(STREAM, IOVA);
        var then = lab.unit.checkpoint();
        long hash = lab.unit.stateHash();
        lab.read(STREAM, IOVA + 0x1000);
        lab.forgetEverything();
        assertThat(lab.unit.stateHash()).isNotEqualTo(hash);
        lab.unit.restore(then);
        assertThat(lab.unit.stateHash()).isEqualTo(hash);
        lab.read(STREAM, IOVA);
        assertThat(lab.unit.lastHit()).isTrue();
    }

    @Test
    void lookingChangesNothing() {
        long descriptor = lab.first(STREAM, 0, 9, tree);
        lab.memory.write64(descriptor, lab.memory.read64(descriptor) | 3L << 42);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RO & ~(1 << 10) | 1L << 51);
        long hash = lab.unit.stateHash();
        long content = lab.memory.contentHash();
        lab.explain(STREAM, SmmuLab.NONE, IOVA, Access.WRITE);
        lab.explain(STREAM, SmmuLab.NONE, IOVA + 0x1000, Access.WRITE);
        lab.unit.cacheSnapshots();
        assertThat(lab.unit.stateHash()).isEqualTo(hash);
        assertThat(lab.memory.contentHash()).isEqualTo(content);
    }

    // ---- stale entries

    @Test
    void everyCachedEntryThatMemoryContradictsIsMarked() {
        long descriptor = lab.first(STREAM, 0, 9, tree);
        long leaf = lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        lab.read(STREAM, IOVA);
        assertThat(stale()).isEmpty();
        lab.memory.write64(leaf, 0);
        lab.read(STREAM, IOVA);
        assertThat(lab.unit.lastWasStale()).isTrue();
        assertThat(stale())
                .containsExactly(
                        "IOTLB: F_TRANSLATION; CMD_TLBI_NH_VA VMID 0, ASID 9,"
                                + " 0x12345000, leaves only");
        lab.memory.write64(descriptor + 8, lab.table());
        assertThat(stale()).anyMatch(line -> line.startsWith("context cache: domain 9"));
        assertThat(stale()).anyMatch(line -> line.startsWith("paging-structure cache"));
        lab.forgetEverything();
        assertThat(stale()).isEmpty();
    }

    private List<String> stale() {
        return lab.unit.cacheSnapshots().stream()
                .flatMap(cache ->
                        cache.lines().stream()
                                .flatMap(line -> line.stale().stream())
                                .map(stale ->
                                        words(cache.kind())
                                                + stale.tableSays()
                                                + "; "
                                                + stale.missingInvalidation()))
                .toList();
    }

    private static String words(CacheKind kind) {
        return kind.words() + ": ";
    }
}
