package iommulab.engine.iommu.vtd;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Replacement;
import iommulab.engine.iommu.CacheShapes;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.api.Test;

import java.util.List;

class VtdUnitTest {
    private static final int NIC = 0x0320;
    private static final int DISK = 0x0400;
    private static final long IOVA = 0x4_0000_0000L;
    private static final long RING = 0x2000_0000L;
    private static final CacheShapes SMALL =
            CacheShapes.NONE
                    .with(CacheKind.DEVICE_ENTRY, new CacheGeometry(2, 1, Replacement.FIFO))
                    .with(CacheKind.IOTLB, new CacheGeometry(4, 2, Replacement.TREE_PLRU))
                    .with(CacheKind.PAGING_STRUCTURE, new CacheGeometry(2, 2, Replacement.RANDOM));

    // ---- caches and answers

    @Property(tries = 150)
    void cachesChangeNoAnswerAsLongAsTablesStay(
            @ForAll @Size(max = 40) List<@LongRange(max = 4095) Long> leaves,
            @ForAll @Size(max = 120) List<@IntRange(max = 1 << 16) Integer> requests) {
        var cached = machine(SMALL, leaves);
        var uncached = machine(CacheShapes.NONE, leaves);
        for (int number : requests) {
            int requester = (number & 1) == 0 ? NIC : DISK;
            long iova = iovaOf(number >>> 2) | number & 0xfff;
            int access = (number & 2) == 0 ? VtdBench.READ : VtdBench.WRITE;
            assertThat(cached.unit.translate(requester, iova, access))
                    .isEqualTo(uncached.unit.translate(requester, iova, access));
            assertThat(cached.unit.lastFault()).isEqualTo(uncached.unit.lastFault());
            assertThat(cached.unit.lastWasStale()).isFalse();
        }
        assertThat(cached.unit.cacheSnapshots())
                .flatMap(CacheSnapshot::lines)
                .allMatch(line -> line.stale().isEmpty());
    }

    /// Two devices in domains of their own whose tables differ in every leaf.
    private static VtdBench machine(CacheShapes shapes, List<Long> leaves) {
        var bench = new VtdBench(shapes);
        long nics = bench.table();
        long disks = bench.table();
        bench.attach(NIC, 7, 4, nics);
        bench.attach(DISK, 8, 4, disks);
        for (long leaf : leaves) {
            int level = (leaf & 3) == 3 ? 2 : 1;
            long iova = iovaOf((int) leaf);
            long rights = leaf % 3 + 1;
            if (level == 1 && isFree(bench, nics, iova)) {
                bench.map(nics, 4, iova, 0x1_0000_0000L + (leaf << 12), 1, rights);
                bench.map(disks, 4, iova, 0x3_0000_0000L + (leaf << 12), 1, rights);
            } else if (level == 2) {
                bench.map(nics, 4, iova, 0x8_0000_0000L + (leaf << 21), 2, rights);
                bench.map(disks, 4, iova, 0xa_0000_0000L + (leaf << 21), 2, rights);
            }
        }
        return bench;
    }

    private static long iovaOf(int leaf) {
        return IOVA + ((long) (leaf & 0x1ff) << 12) + ((long) (leaf >>> 9 & 7) << 21);
    }

    private static boolean isFree(VtdBench bench, long tree, long iova) {
        long table = tree;
        for (int level = 4; level > 2; level--) {
            table = bench.memory.read64(VtdBench.slot(table, level, iova)) & -4096L;
        }
        return table == 0
                || (bench.memory.read64(VtdBench.slot(table, 2, iova)) & VtdBench.PS) == 0;
    }

    @Test
    void anAnswerIsStaleExactlyUntilTheRightInvalidation() {
        var bench = new VtdBench(CacheShapes.USUAL);
        long tree = bench.table();
        bench.attach(NIC, 7, 4, tree);
        long leaf = bench.map(tree, 4, IOVA, 0x5000_0000L, 1, VtdBench.RW);
        bench.read(NIC, IOVA);
        bench.memory.write64(leaf, 0x6000_0000L | VtdBench.RW);
        assertThat(bench.read(NIC, IOVA)).isEqualTo(0x5000_0000L);
        assertThat(bench.unit.lastWasStale()).isTrue();
        assertThat(stale(bench)).containsExactly("IOTLB, domain 7, 0x400000000, address mask 0");
        bench.forgetDomain(8);
        bench.forgetPages(7, IOVA + 4096);
        bench.forgetContexts();
        assertThat(bench.read(NIC, IOVA)).isEqualTo(0x5000_0000L);
        bench.forgetPages(7, IOVA);
        assertThat(bench.read(NIC, IOVA)).isEqualTo(0x6000_0000L);
        assertThat(bench.unit.lastWasStale()).isFalse();
        assertThat(stale(bench)).isEmpty();
    }

    @Test
    void anInvalidationWithTheHintLeavesTheTableCachesStale() {
        var bench = new VtdBench(CacheShapes.USUAL);
        long tree = bench.table();
        bench.attach(NIC, 7, 4, tree);
        bench.map(tree, 4, IOVA, 0x5000_0000L, 1, VtdBench.RW);
        bench.read(NIC, IOVA);
        long other = bench.table();
        bench.memory.write64(other, 0x6000_0000L | VtdBench.RW);
        long table = tree;
        for (int level = 4; level > 2; level--) {
            table = bench.memory.read64(VtdBench.slot(table, level, IOVA)) & -4096L;
        }
        bench.memory.write64(VtdBench.slot(table, 2, IOVA), other | VtdBench.RW);
        bench.forgetPages(7, IOVA | 1 << 6);
        assertThat(bench.read(NIC, IOVA)).isEqualTo(0x5000_0000L);
        assertThat(bench.unit.lastHit()).isFalse();
        assertThat(bench.unit.lastWasStale()).isTrue();
        bench.forgetPages(7, IOVA);
        assertThat(bench.read(NIC, IOVA)).isEqualTo(0x6000_0000L);
    }

    @Test
    void aChangedContextEntryStaysInForceUntilItIsForgotten() {
        var bench = new VtdBench(CacheShapes.USUAL);
        long tree = bench.table();
        bench.map(tree, 4, IOVA, 0x5000_0000L, 1, VtdBench.RW);
        bench.attach(NIC, 7, 4, tree);
        bench.read(NIC, IOVA);
        bench.writeContext(NIC, 0, 0);
        assertThat(bench.read(NIC, IOVA)).isEqualTo(0x5000_0000L);
        assertThat(stale(bench).getFirst()).startsWith("context cache, domain 7, device 03:04.0");
        bench.forgetContexts();
        assertThat(bench.read(NIC, IOVA)).isEqualTo(-VtdFault.CONTEXT_NOT_PRESENT.code());
    }

    @Test
    void devicesOfADomainShareTheIotlb() {
        var bench = new VtdBench(CacheShapes.USUAL);
        long tree = bench.table();
        bench.map(tree, 4, IOVA, 0x5000_0000L, 1, VtdBench.RW);
        bench.attach(NIC, 7, 4, tree);
        bench.attach(DISK, 7, 4, tree);
        bench.read(NIC, IOVA);
        bench.read(DISK, IOVA);
        assertThat(bench.unit.lastHit()).isTrue();
    }

    @Property(tries = 100)
    void aPageInvalidationRemovesEverythingThatItCoversAndNothingOfOtherDomains(
            @ForAll @Size(max = 60) List<@IntRange(max = 4095) Integer> pages,
            @ForAll @IntRange(max = 4095) int page,
            @ForAll @IntRange(max = 12) int addressMask) {
        var bench = machine(CacheShapes.USUAL, pages.stream().map(p -> (long) p).toList());
        pages.forEach(p -> bench.read(NIC, iovaOf(p)));
        pages.forEach(p -> bench.read(DISK, iovaOf(p)));
        long others = lines(bench).filter(line -> line.domain() == 8).count();
        long first = iovaOf(page) & -4096L << addressMask;
        bench.forgetPages(7, first | addressMask);
        long last = first + (4096L << addressMask) - 1;
        assertThat(lines(bench).filter(line -> line.domain() == 7))
                .noneMatch(line -> {
                    long start = line.key() << 12;
                    return start <= last && first <= start + line.coveredBytes() - 1;
                });
        assertThat(lines(bench).filter(line -> line.domain() == 8).count()).isEqualTo(others);
    }

    private static java.util.stream.Stream<CacheSnapshot.Line> lines(VtdBench bench) {
        return bench.unit.cacheSnapshots().stream()
                .filter(cache -> cache.kind() != CacheKind.DEVICE_ENTRY)
                .flatMap(cache -> cache.lines().stream());
    }

    private static List<String> stale(VtdBench bench) {
        return bench.unit.cacheSnapshots().stream()
                .flatMap(cache -> cache.lines().stream())
                .flatMap(line -> line.stale().stream())
                .map(CacheSnapshot.Staleness::missingInvalidation)
                .toList();
    }

    // ---- widths

    @Test
    void fiveLevelsTranslateFiftySevenBits() {
        var bench = new VtdBench(CacheShapes.USUAL);
        long tree = bench.table();
        long iova = 0x1ab_cdef_0123_4000L;
        bench.attach(NIC, 7, 5, tree);
        bench.map(tree, 5, iova, 0x5000_0000L, 1, VtdBench.RW);
        assertThat(bench.read(NIC, iova | 0x123)).isEqualTo(0x5000_0123L);
        assertThat(bench.read(NIC, 1L << 57 | iova)).isEqualTo(-VtdFault.BEYOND_WIDTH.code());
    }

    @Test
    void aGigabytePageAroundTheInterruptWindowServesOnlyTheAddressesBesideIt() {
        var bench = new VtdBench(CacheShapes.USUAL);
        long tree = bench.table();
        bench.attach(NIC, 7, 4, tree);
        bench.map(tree, 4, 1L << 32, 0xc000_0000L, 3, VtdBench.RW);
        long beside = (1L << 32) + 0x3def_f000L;
        assertThat(bench.read(NIC, beside)).isEqualTo(0xfdef_f000L);
        assertThat(bench.read(NIC, beside)).isEqualTo(0xfdef_f000L);
        long window = (1L << 32) + 0x3ee0_0000L;
        assertThat(bench.read(NIC, window)).isEqualTo(-VtdFault.OUTPUT_IS_INTERRUPT.code());
    }

    // ---- the queue

    @Test
    void theQueueRunsToItsTailAndWritesTheStatusOfAWait() {
        var bench = queueBench(CacheShapes.USUAL);
        submit(bench, 0, InvalidationDescriptor.iotlbGlobal());
        submit(bench, 16, InvalidationDescriptor.waitAndWrite(0xabcd, RING + 0x1000));
        bench.unit.registers().write64(VtdRegisters.QUEUE_TAIL, 32);
        assertThat(bench.memory.read32(RING + 0x1000)).isEqualTo(0xabcd);
        assertThat(bench.unit.registers().read64(VtdRegisters.QUEUE_HEAD)).isEqualTo(32);
        assertThat(bench.unit.queue().recent())
                .extracting(InvalidationDescriptor::toString)
                .containsExactly("wait, write 0xabcd to 0x20001000", "IOTLB, global");
    }

    @Test
    void aBadDescriptorStopsTheQueueUntilItIsMendedAndTheErrorCleared() {
        var bench = queueBench(CacheShapes.USUAL);
        bench.memory.write64(RING, 0xf);
        submit(bench, 16, InvalidationDescriptor.waitAndWrite(1, RING + 0x1000));
        bench.unit.registers().write64(VtdRegisters.QUEUE_TAIL, 32);
        assertThat(bench.unit.registers().read32(VtdRegisters.FAULT_STATUS))
                .isEqualTo(FaultRecording.QUEUE_ERROR);
        assertThat(bench.unit.queue().head()).isZero();
        submit(bench, 0, InvalidationDescriptor.contextGlobal());
        bench.unit.registers().write32(VtdRegisters.FAULT_STATUS, FaultRecording.QUEUE_ERROR);
        assertThat(bench.unit.queue().head()).isEqualTo(32);
        assertThat(bench.memory.read32(RING + 0x1000)).isEqualTo(1);
    }

    @Test
    void anAddressMaskBeyondMamvIsABadDescriptor() {
        var bench = queueBench(CacheShapes.USUAL);
        submit(bench, 0, InvalidationDescriptor.iotlbPage(7, 0, 19, false));
        bench.unit.registers().write64(VtdRegisters.QUEUE_TAIL, 16);
        assertThat(bench.unit.faults().hasQueueError()).isTrue();
    }

    @Test
    void whileTheQueueIsOnRegistersInvalidateNothing() {
        var bench = queueBench(CacheShapes.USUAL);
        long tree = bench.table();
        bench.attach(NIC, 7, 4, tree);
        long leaf = bench.map(tree, 4, IOVA, 0x5000_0000L, 1, VtdBench.RW);
        bench.read(NIC, IOVA);
        bench.memory.write64(leaf, 0);
        bench.forgetEverything();
        assertThat(bench.read(NIC, IOVA)).isEqualTo(0x5000_0000L);
        submit(bench, 0, InvalidationDescriptor.iotlbPage(7, IOVA, 0, true));
        bench.unit.registers().write64(VtdRegisters.QUEUE_TAIL, 16);
        assertThat(bench.read(NIC, IOVA)).isEqualTo(-VtdFault.NO_READ_RIGHT.code());
    }

    private static VtdBench queueBench(CacheShapes shapes) {
        var bench = new VtdBench(shapes);
        bench.unit.registers().write64(VtdRegisters.QUEUE_ADDRESS, RING);
        bench.unit
                .registers()
                .write32(
                        VtdRegisters.GLOBAL_COMMAND, VtdRegisters.TRANSLATION | VtdRegisters.QUEUE);
        return bench;
    }

    private static void submit(VtdBench bench, int offset, InvalidationDescriptor descriptor) {
        bench.memory.write64(RING + offset, descriptor.low());
        bench.memory.write64(RING + offset + 8, descriptor.high());
    }

    // ---- going back

    @Property(tries = 100)
    void goingBackMakesTheSameRequestsEndAlike(
            @ForAll @Size(max = 40) List<@LongRange(max = 4095) Long> leaves,
            @ForAll @Size(max = 60) List<@IntRange(max = 4095) Integer> before,
            @ForAll @Size(max = 60) List<@IntRange(max = 4095) Integer> after) {
        var bench = machine(SMALL, leaves);
        before.forEach(leaf -> bench.read(NIC, iovaOf(leaf)));
        var then = bench.unit.checkpoint();
        long hashThen = bench.unit.stateHash();
        after.forEach(leaf -> bench.write(DISK, iovaOf(leaf)));
        long hashAfter = bench.unit.stateHash();
        bench.unit.restore(then);
        assertThat(bench.unit.stateHash()).isEqualTo(hashThen);
        after.forEach(leaf -> bench.write(DISK, iovaOf(leaf)));
        assertThat(bench.unit.stateHash()).isEqualTo(hashAfter);
    }
}
