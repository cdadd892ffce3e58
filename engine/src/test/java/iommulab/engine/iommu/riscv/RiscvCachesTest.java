package iommulab.engine.iommu.riscv;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Replacement;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.builder.TableBuilder;
import iommulab.engine.iommu.builder.TableStore;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// What must always hold of the caches, whatever is asked in whatever order.
class RiscvCachesTest {
    private static final int SPACES = 6;
    private static final int PAGES = 8;
    private static final long BASE = 0x3f_ff00_0000L;
    private static final long PAGE_STRIDE = 1L << 20;

    /// Caches so small that everything is evicted sooner or later.
    private static final CacheShapes SMALL = shapes(new CacheGeometry(2, 2, Replacement.LRU));

    /// Caches in which nothing is ever evicted here.
    private static final CacheShapes LARGE = shapes(new CacheGeometry(16, 16, Replacement.LRU));

    private static CacheShapes shapes(CacheGeometry geometry) {
        var shapes = CacheShapes.NONE;
        for (var kind : CacheKind.values()) {
            shapes = shapes.with(kind, geometry);
        }
        return shapes;
    }

    /// A request: which of the spaces, which page.
    record Request(int space, int page, boolean write) {}

    @Provide
    Arbitrary<List<Request>> requests() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, SPACES - 1),
                        Arbitraries.integers().between(0, PAGES - 1),
                        Arbitraries.of(true, false))
                .as(Request::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(60);
    }

    /// Six address spaces: two devices of the host, one of them with two processes, and two devices of
    /// guests, one with a process. Page p of space s leads to a page of which only s knows.
    private static final class Neighbours {
        final RiscvLab lab;
        final List<TableBuilder> firsts = new ArrayList<>();
        final List<TableBuilder> seconds = new ArrayList<>();

        Neighbours(CacheShapes shapes) throws MappingRefused {
            lab = new RiscvLab(shapes);
            host(0);
            host(1);
            long directory = lab.process(0, 3, pscid(2), fsc(2, lab.host()), lab.host());
            lab.process(directory, 4, pscid(3), fsc(3, lab.host()), lab.host());
            lab.device(device(2), DeviceContext.PDTV, 0, 0, directory >>> 12 | 1L << 60);
            guest(4);
            guest(5);
        }

        private void host(int space) throws MappingRefused {
            lab.device(device(space), 0, 0, pscid(space), fsc(space, lab.host()));
        }

        private long fsc(int space, TableStore store) throws MappingRefused {
            var first = lab.tables(Stage.FIRST, 3, store);
            for (int page = 0; page < PAGES; page++) {
                boolean guest = store.toHost().applyAsLong(0) != 0;
                long output = guest ? RiscvLab.GUEST + (32L + page << 12) : target(space, page);
                first.map(iova(page), output, 4096, Permissions.READ_WRITE);
            }
            firsts.add(first);
            return RiscvLab.fsc(first);
        }

        /// Each guest has memory of its own at the same guest-physical addresses.
        private void guest(int space) throws MappingRefused {
            long offset = RiscvLab.GUEST_OFFSET * (space - 3);
            var own = RiscvLab.guest(lab.memory, 32);
            var store = new TableStore(lab.memory, own.frames(), gpa -> gpa + offset);
            var second = lab.tables(Stage.SECOND, 3, lab.host());
            for (int frame = 0; frame < 32; frame++) {
                long gpa = RiscvLab.GUEST + ((long) frame << 12);
                second.map(gpa, gpa + offset, 4096, Permissions.READ_WRITE);
            }
            for (int page = 0; page < PAGES; page++) {
                long gpa = RiscvLab.GUEST + (32L + page << 12);
                second.map(gpa, target(space, page), 4096, Permissions.READ_WRITE);
            }
            seconds.add(second);
            long directory = lab.process(0, 3, pscid(space), fsc(space, store), store);
            lab.device(
                    device(space),
                    DeviceContext.PDTV,
                    RiscvLab.iohgatp(second, gscid(space)),
                    0,
                    directory >>> 12 | 1L << 60);
        }

        long ask(Iommu unit, Request request) {
            return unit.translate(
                    device(request.space()),
                    process(request.space()),
                    iova(request.page()) | 0x18,
                    request.write() ? Iommu.WRITE : Iommu.READ);
        }

        void fill() {
            for (int space = 0; space < SPACES; space++) {
                for (int page = 0; page < PAGES; page++) {
                    ask(lab.unit, new Request(space, page, false));
                }
            }
        }
    }

    private static int device(int space) {
        return new int[] {0x10, 0x2f1, 0x8001, 0x8001, 0x4_0000, 0x4_0001}[space];
    }

    private static int process(int space) {
        return new int[] {-1, -1, 3, 4, 3, 3}[space];
    }

    /// Guests choose theirs as they like: the same as the host's, and as each other's.
    private static int pscid(int space) {
        return isGuest(space) ? 100 : 100 + space;
    }

    private static int gscid(int space) {
        return 7 + space;
    }

    private static boolean isGuest(int space) {
        return space >= 4;
    }

    private static long iova(int page) {
        return BASE + page * PAGE_STRIDE;
    }

    private static long target(int space, int page) {
        return 0x100_0000_0000L * (space + 1) + ((long) page << 12);
    }

    @Property(tries = 200)
    void noAnswerCrossesAnAddressSpace(@ForAll("requests") List<Request> requests)
            throws MappingRefused {
        var neighbours = new Neighbours(SMALL);
        for (var request : requests) {
            assertThat(neighbours.ask(neighbours.lab.unit, request))
                    .as("%s", request)
                    .isEqualTo(target(request.space(), request.page()) | 0x18);
        }
    }

    @Property(tries = 200)
    void cachesNeverChangeAnAnswerWhileTheyAgreeWithMemory(
            @ForAll("requests") List<Request> requests,
            @ForAll("requests") List<Request> readOnly,
            @ForAll("requests") List<Request> unmapped)
            throws MappingRefused {
        var neighbours = new Neighbours(CacheShapes.USUAL);
        for (var request : readOnly) {
            leaf(neighbours, request, raw -> raw & ~0x84L);
        }
        for (var request : unmapped) {
            leaf(neighbours, request, _ -> 0);
        }
        var plain = neighbours.lab.twin(CacheShapes.NONE);
        for (var request : requests) {
            assertThat(neighbours.ask(neighbours.lab.unit, request))
                    .as("%s", request)
                    .isEqualTo(neighbours.ask(plain, request));
            assertThat(neighbours.lab.unit.lastWasStale()).isFalse();
        }
        assertThat(neighbours.lab.unit.cacheSnapshots())
                .flatMap(cache -> cache.lines())
                .allSatisfy(line -> assertThat(line.stale()).isEmpty());
    }

    private static void leaf(
            Neighbours neighbours, Request request, java.util.function.LongUnaryOperator change) {
        var first = neighbours.firsts.get(request.space());
        long offset = isGuest(request.space()) ? RiscvLab.GUEST_OFFSET * (request.space() - 3) : 0;
        long iova = iova(request.page());
        var memory = neighbours.lab.memory;
        long table = first.top();
        for (int level = 3; level > 1; level--) {
            long at = table + 8 * (iova >>> 9 * level + 3 & 511) + offset;
            table = memory.read64(at) >>> 10 << 12;
        }
        long at = table + 8 * (iova >>> 12 & 511) + offset;
        memory.write64(at, change.applyAsLong(memory.read64(at)));
    }

    /// A command and what it has to make forgotten.
    private enum Invalidation {
        ALL_HOST_SPACES(RiscvCommand.IOTINVAL_VMA, 0, one -> !isGuest(one.space())),
        ONE_HOST_SPACE(
                RiscvCommand.IOTINVAL_VMA | RiscvCommand.PSCV | 102L << 12,
                0,
                one -> one.space() == 2),
        ONE_PAGE_OF_A_HOST_SPACE(
                RiscvCommand.IOTINVAL_VMA | RiscvCommand.AV | RiscvCommand.PSCV | 101L << 12,
                iova(5) >>> 12 << 10,
                one -> one.space() == 1 && one.page() == 5),
        ONE_PAGE_OF_ALL_HOST_SPACES(
                RiscvCommand.IOTINVAL_VMA | RiscvCommand.AV,
                iova(2) >>> 12 << 10,
                one -> !isGuest(one.space()) && one.page() == 2),
        A_RANGE_OF_A_HOST_SPACE(
                RiscvCommand.IOTINVAL_VMA | RiscvCommand.AV | RiscvCommand.PSCV | 101L << 12,
                (iova(0) >>> 12 | 0xff) << 10 | RiscvCommand.S,
                one -> one.space() == 1 && one.page() <= 1),
        ONE_GUEST_BY_FIRST_STAGE(
                RiscvCommand.IOTINVAL_VMA | RiscvCommand.GV | 11L << 44,
                0,
                one -> one.space() == 4),
        A_PROCESS_OF_A_GUEST(
                RiscvCommand.IOTINVAL_VMA
                        | RiscvCommand.GV
                        | RiscvCommand.PSCV
                        | 12L << 44
                        | 100L << 12,
                0,
                one -> one.space() == 5);

        private final RiscvCommand command;
        private final Predicate<Request> covers;

        Invalidation(long low, long high, Predicate<Request> covers) {
            command = new RiscvCommand(low, high);
            this.covers = covers;
        }
    }

    @Property(tries = 60)
    void whatAFirstStageInvalidationCoversIsGone(@ForAll Invalidation what) throws MappingRefused {
        var neighbours = new Neighbours(LARGE);
        neighbours.fill();
        for (int space = 0; space < SPACES; space++) {
            for (int page = 0; page < PAGES; page++) {
                leaf(neighbours, new Request(space, page, false), _ -> 0);
            }
        }
        neighbours.lab.command(what.command.low(), what.command.high());
        assertForgotten(neighbours, what.covers);
    }

    /// What is covered is answered as memory is now; all else still is as it was.
    private static void assertForgotten(Neighbours neighbours, Predicate<Request> covered) {
        for (int space = 0; space < SPACES; space++) {
            for (int page = 0; page < PAGES; page++) {
                var request = new Request(space, page, false);
                long answer = neighbours.ask(neighbours.lab.unit, request);
                if (covered.test(request)) {
                    assertThat(answer).as("%s is covered", request).isNegative();
                } else {
                    assertThat(answer)
                            .as("%s is not", request)
                            .isEqualTo(target(space, page) | 0x18);
                }
            }
        }
    }

    @Property(tries = 10)
    void whatASecondStageInvalidationCoversIsGone(@ForAll boolean oneGuest, @ForAll boolean onePage)
            throws MappingRefused {
        var neighbours = new Neighbours(LARGE);
        neighbours.fill();
        for (var second : neighbours.seconds) {
            second.unmap(RiscvLab.GUEST + (32L + 3 << 12), 4096);
        }
        long guest = oneGuest ? RiscvCommand.GV | 11L << 44 : 0;
        long page = onePage ? RiscvCommand.AV : 0;
        neighbours.lab.command(
                RiscvCommand.IOTINVAL_GVMA | guest | page,
                onePage ? RiscvLab.GUEST + (32L + 3 << 12) >>> 12 << 10 : 0);
        assertForgotten(
                neighbours,
                request ->
                        request.page() == 3
                                && (request.space() == 4 || request.space() == 5 && !oneGuest));
    }

    @Property(tries = 10)
    void whatADirectoryInvalidationCoversIsGone(@ForAll boolean oneDevice, @ForAll boolean process)
            throws MappingRefused {
        var neighbours = new Neighbours(LARGE);
        neighbours.fill();
        var lab = neighbours.lab;
        long directory = lab.memory.read64(lab.contextOf(device(2)) + 24) << 12 & (1L << 56) - 1;
        for (int pid = 3; pid <= 4; pid++) {
            lab.memory.write64(directory + 16L * pid, 0);
        }
        if (!process) {
            lab.memory.write64(lab.contextOf(device(1)), 0);
            lab.memory.write64(lab.contextOf(device(2)), 0);
        }
        long whose = (long) device(2) << 40 | RiscvCommand.DV;
        if (process) {
            lab.command(RiscvCommand.INVAL_PDT | whose | 4 << 12, 0);
        } else {
            lab.command(RiscvCommand.INVAL_DDT | (oneDevice ? whose : 0), 0);
        }
        assertForgotten(
                neighbours,
                request ->
                        process
                                ? request.space() == 3
                                : (request.space() & ~1) == 2
                                        || !oneDevice && request.space() == 1);
    }

    @Property(tries = 20)
    void tablesAboveThePagesAreForgottenWithThem(@ForAll boolean byAddress) throws MappingRefused {
        var neighbours = new Neighbours(LARGE);
        neighbours.fill();
        var lab = neighbours.lab;
        long top = neighbours.firsts.get(1).top();
        lab.memory.write64(top + 8 * (BASE >>> 30), 0);
        long whole = RiscvCommand.IOTINVAL_VMA | RiscvCommand.PSCV | 101L << 12;
        if (byAddress) {
            for (int page = 0; page < PAGES; page++) {
                lab.command(whole | RiscvCommand.AV | RiscvCommand.NL, iova(page) >>> 12 << 10);
            }
        } else {
            lab.command(whole, 0);
        }
        assertForgotten(neighbours, request -> request.space() == 1);
    }
}
