package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.TableEntry;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SmmuUnitTest {
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

    // ---- streams

    @Test
    void aStreamOfStage1IsTranslatedThroughItsDescriptor() {
        lab.first(STREAM, 0, 9, tree);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        assertThat(lab.read(STREAM, IOVA + 0x123)).isEqualTo(PAGE + 0x123);
        assertThat(lab.unit.lastHit()).isFalse();
        assertThat(lab.unit.lastReads()).isEqualTo(6);
        assertThat(lab.write(STREAM, IOVA + 8)).isEqualTo(PAGE + 8);
        assertThat(lab.unit.lastHit()).isTrue();
        assertThat(lab.unit.lastReads()).isZero();
        assertThat(lab.unit.lastDomain()).isEqualTo(9);
    }

    @Test
    void aStreamThatAbortsIsStoppedWithoutAnEvent() {
        lab.stream(STREAM, 1, 0, 0, 0);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(Iommu.ABORTED);
        assertThat(lab.events()).isEmpty();
    }

    @Test
    void aBypassedStreamKeepsItsAddresses() {
        lab.stream(STREAM, 4 << 1 | 1, 0, 0, 0);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(IOVA);
        assertThat(lab.read(STREAM, 1L << 48)).isEqualTo(code(SmmuFault.ADDRESS_SIZE));
        assertThat(lab.events()).hasSize(1);
    }

    @Test
    void aDisabledUnitPassesOrStopsAsGbpaSays() {
        var registers = lab.unit.registers();
        registers.write32(SmmuRegisters.CR0, 0);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(IOVA);
        registers.write32(SmmuRegisters.GBPA, 1 << 31 | SmmuRegisters.ABORT);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(Iommu.ABORTED);
    }

    @Test
    void aStreamBeyondTheTableIsRecordedOnlyWhereSoftwareWantsIt() {
        assertThat(lab.read(0x5000, IOVA)).isEqualTo(code(SmmuFault.BAD_STREAM_ID));
        assertThat(lab.events()).extracting(EventRecord::stream).containsExactly(0x5000);
        lab.unit.registers().write32(SmmuRegisters.CR2, 0);
        assertThat(lab.read(0x5000, IOVA)).isEqualTo(code(SmmuFault.BAD_STREAM_ID));
        assertThat(lab.events()).isEmpty();
        assertThat(lab.unit.lastRecorded()).isFalse();
    }

    // ---- substreams

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void eachSubstreamHasItsOwnDescriptor(int format) {
        long descriptors = lab.table();
        int leafBits = format == 1 ? 6 : 10;
        for (int substream : new int[] {1, 70, 2000}) {
            long at = descriptors + substream * 64L;
            if (format != 0) {
                long directory = descriptors + (substream >>> leafBits) * 8L;
                if (lab.memory.read64(directory) == 0) {
                    lab.memory.write64(directory, lab.table() | 1);
                }
                long leaf = lab.memory.read64(directory) & -4096L;
                at = leaf + (substream & (1 << leafBits) - 1) * 64L;
            }
            long own = lab.table();
            lab.map(own, IOVA, PAGE + ((long) substream << 12), 1, SmmuLab.RW);
            lab.descriptor(
                    at, SmmuLab.CD_USUAL | SmmuLab.EPD1 | 16 | (long) substream << 48, own, 0);
        }
        lab.stream(STREAM, 12L << 59 | descriptors | (long) format << 4 | 5 << 1 | 1, 0, 0, 0);
        for (int round = 0; round < 2; round++) {
            for (int substream : new int[] {1, 70, 2000}) {
                assertThat(lab.unit.translate(STREAM, substream, IOVA, Iommu.READ))
                        .isEqualTo(PAGE + ((long) substream << 12));
                assertThat(lab.unit.lastHit()).isEqualTo(round == 1);
            }
        }
        assertThat(lab.unit.translate(STREAM, 1 << 12, IOVA, Iommu.READ))
                .isEqualTo(code(SmmuFault.BAD_SUBSTREAM_ID));
        assertThat(lab.events()).extracting(EventRecord::substream).containsExactly(1 << 12);
    }

    @Test
    void requestsWithoutSubstreamGoWhereS1dssSends() {
        long descriptors = lab.table();
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        lab.descriptor(descriptors, SmmuLab.CD_USUAL | SmmuLab.EPD1 | 16, tree, 0);
        long word0 = 4L << 59 | descriptors | 5 << 1 | 1;

        lab.stream(STREAM, word0, StreamEntry.DSS_TERMINATE, 0, 0);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(code(SmmuFault.STREAM_DISABLED));
        assertThat(lab.unit.translate(STREAM, 0, IOVA, Iommu.READ)).isEqualTo(PAGE);
        lab.forgetEverything();

        lab.stream(STREAM, word0, StreamEntry.DSS_BYPASS, 0, 0);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(IOVA);
        lab.forgetEverything();

        lab.stream(STREAM, word0, StreamEntry.DSS_ZERO, 0, 0);
        assertThat(lab.read(STREAM, IOVA)).isEqualTo(PAGE);
        assertThat(lab.unit.translate(STREAM, 0, IOVA, Iommu.READ))
                .isEqualTo(code(SmmuFault.BAD_SUBSTREAM_ID));
    }

    @Test
    void aStreamWithoutStage1HasNoSubstreams() {
        lab.second(STREAM, 1, tree);
        assertThat(lab.unit.translate(STREAM, 3, IOVA, Iommu.READ))
                .isEqualTo(code(SmmuFault.BAD_SUBSTREAM_ID));
    }

    // ---- both halves, granules, widths

    @Test
    void theUpperHalfHasTablesOfItsOwn() {
        long upper = lab.table();
        long descriptor = lab.table();
        lab.descriptor(
                descriptor, SmmuLab.CD_USUAL | 16 | 16 << 16 | 2 << 22 | 1L << 39, tree, upper);
        lab.stream(STREAM, descriptor | 5 << 1 | 1, 0, 0, 0);
        lab.map(tree, IOVA, PAGE, 1, SmmuLab.RW);
        lab.map(upper, IOVA, PAGE + 0x1000, 1, SmmuLab.RW);
        long above = -1L << 48 | IOVA;
        for (int round = 0; round < 2; round++) {
            assertThat(lab.read(STREAM, IOVA)).isEqualTo(PAGE);
            assertThat(lab.read(STREAM, above)).isEqualTo(PAGE + 0x1000);
        }
        // Only the upper half ignores the top byte.
        assertThat(lab.read(STREAM, above & ~(0x5aL << 56))).isEqualTo(PAGE + 0x1000);
        assertThat(lab.unit.lastHit()).isTrue();
        assertThat(lab.read(STREAM, IOVA | 0x5aL << 56)).isEqualTo(code(SmmuFault.TRANSLATION));
    }

    @Test
    void pagesOf64KibCanLieBeyond48Bits() {
        var all = SmmuCapabilities.EVERYTHING;
        var wide =
                new SmmuCapabilities(
                        all.idr0(),
                        all.idr1(),
                        all.idr3(),
                        all.idr5() & ~7 | 6 | 1 << 10,
                        all.aidr());
        var far = new SmmuLab(wide, CacheShapes.USUAL);
        long descriptor = far.table();
        long top = far.table();
        long middle = far.table();
        long leaf = far.table();
        long iova = 0x8_1234_5678_0000L;
        far.descriptor(
                descriptor,
                SmmuLab.CD_VALID
                        | 1L << 41
                        | 1L << 45
                        | 1L << 46
                        | 6L << 32
                        | SmmuLab.EPD1
                        | 1 << 6
                        | 12,
                top,
                0);
        far.stream(STREAM, descriptor | 5 << 1 | 1, 0, 0, 0);
        far.memory.write64(top + (iova >>> 42 & 1023) * 8, middle | 3);
        far.memory.write64(middle + (iova >>> 29 & 8191) * 8, leaf | 3);
        far.memory.write64(
                leaf + (iova >>> 16 & 8191) * 8, 0x7777_0000L | 0xa << 12 | SmmuLab.RW | 3);
        assertThat(far.read(STREAM, iova + 0x4321)).isEqualTo(0xa_0000_7777_4321L);
        assertThat(far.unit.lastPageBytes()).isEqualTo(1 << 16);
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
        lab.explain(STREAM, SmmuLab.NONE, IOVA, iommulab.engine.iommu.Access.WRITE);
        lab.explain(STREAM, SmmuLab.NONE, IOVA + 0x1000, iommulab.engine.iommu.Access.WRITE);
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

    private java.util.List<String> stale() {
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
