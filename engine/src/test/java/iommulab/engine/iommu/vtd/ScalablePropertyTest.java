package iommulab.engine.iommu.vtd;

import static iommulab.engine.iommu.vtd.ScalableBench.DEVICE;
import static iommulab.engine.iommu.vtd.ScalableBench.NONE;
import static iommulab.engine.iommu.vtd.ScalableBench.P;
import static iommulab.engine.iommu.vtd.ScalableBench.PAGE;
import static iommulab.engine.iommu.vtd.ScalableBench.PASIDE;
import static iommulab.engine.iommu.vtd.ScalableBench.R;
import static iommulab.engine.iommu.vtd.ScalableBench.READ;
import static iommulab.engine.iommu.vtd.ScalableBench.RID_PASID;
import static iommulab.engine.iommu.vtd.ScalableBench.US;
import static iommulab.engine.iommu.vtd.ScalableBench.W;
import static iommulab.engine.iommu.vtd.ScalableBench.WRITE;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Replacement;
import iommulab.engine.iommu.CacheShapes;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import java.util.List;
import java.util.SplittableRandom;

class ScalablePropertyTest {
    private static final int PAGES = 6;
    private static final long BASE = 0x7f_ffff_d000L;
    private static final CacheGeometry SMALL = new CacheGeometry(2, 2, Replacement.LRU);

    /// One address space of the device: which PASID, which kind of tables, which domain. The pages of a
    /// domain lie where those of no other domain do.
    private enum Space {
        FIRST(1, 10),
        SAME_DOMAIN(2, 10),
        SECOND(3, 20),
        NESTED(4, 30),
        ALSO_NESTED(5, 30),
        WITHOUT_PASID(RID_PASID, 40);

        final int number;
        final int domain;

        Space(int number, int domain) {
            this.number = number;
            this.domain = domain;
        }

        int pasid() {
            return this == WITHOUT_PASID ? NONE : number;
        }

        boolean isNested() {
            return this == NESTED || this == ALSO_NESTED;
        }

        long home(int page) {
            return ((long) domain << 28) + page * 0x1000L;
        }
    }

    /// A device with all of them, small caches, and every page mapped in every space.
    private static final class World {
        final ScalableBench lab;
        final long[] first = new long[Space.values().length];
        final long[] second = new long[Space.values().length];
        final long[][] leaves = new long[Space.values().length][PAGES];

        World(CacheShapes shapes) {
            lab = new ScalableBench(shapes);
            lab.attach(DEVICE, PASIDE);
            long shared = lab.table();
            for (var space : Space.values()) {
                int at = space.ordinal();
                first[at] = lab.table();
                second[at] = space.isNested() ? shared : lab.table();
                enter(space);
                for (int page = 0; page < PAGES; page++) {
                    map(space, page, page, true);
                }
            }
        }

        void enter(Space space) {
            int at = space.ordinal();
            switch (space) {
                case FIRST, SAME_DOMAIN ->
                        lab.firstStage(DEVICE, space.number, space.domain, first[at], 0);
                case SECOND, WITHOUT_PASID ->
                        lab.secondStage(DEVICE, space.number, space.domain, second[at], 4, 1 << 9);
                case NESTED, ALSO_NESTED ->
                        lab.nest(DEVICE, space.number, space.domain, first[at], second[at], 1 << 9);
            }
        }

        static long iova(int page) {
            return BASE + page * 0x1000L;
        }

        /// @param to number of the page of the domain's own memory
        void map(Space space, int page, int to, boolean writable) {
            int at = space.ordinal();
            long bits = writable ? PAGE : P | US;
            leaves[at][page] =
                    switch (space) {
                        case FIRST, SAME_DOMAIN ->
                                lab.mapFirst(first[at], iova(page), space.home(to), bits);
                        case SECOND, WITHOUT_PASID ->
                                lab.mapSecond(
                                        second[at],
                                        iova(page),
                                        space.home(to),
                                        writable ? R | W : R);
                        case NESTED, ALSO_NESTED -> {
                            long gpa = 0x5000_0000L + to * 0x1000L;
                            lab.mapSecond(second[at], gpa, space.home(to), R | W);
                            yield lab.mapNested(first[at], second[at], iova(page), gpa, bits);
                        }
                    };
        }

        long ask(Space space, int page, int access) {
            return lab.ask(space.pasid(), iova(page) + 16, access);
        }

        /// What the unit would answer without caches. Sets no bit.
        long fresh(Space space, int page, int access) {
            return lab.unit.view().fresh(DEVICE, space.pasid(), iova(page) + 16, access);
        }
    }

    private static CacheShapes small() {
        var shapes = CacheShapes.NONE;
        for (var kind : CacheKind.values()) {
            shapes = shapes.with(kind, SMALL);
        }
        return shapes;
    }

    private static Space space(int number) {
        return Space.values()[Math.floorMod(number, Space.values().length)];
    }

    @Property(tries = 150)
    void cachesChangeNoAnswerAsLongAsTablesStay(
            @ForAll @Size(min = 1, max = 60) List<@IntRange(max = 4095) Integer> requests,
            @ForAll int seed) {
        var world = new World(small());
        var random = new SplittableRandom(seed);
        for (int i = 0; i < 8; i++) {
            world.map(
                    space(random.nextInt(6)),
                    random.nextInt(PAGES),
                    i % PAGES,
                    random.nextBoolean());
        }
        world.lab.forgetEverything();
        for (int request : requests) {
            var space = space(request);
            int page = request / 8 % PAGES;
            int access = (request & 64) == 0 ? READ : WRITE;
            long wanted = world.fresh(space, page, access);
            assertThat(world.ask(space, page, access))
                    .as("%s, page %d", space, page)
                    .isEqualTo(wanted);
        }
    }

    @Property(tries = 150)
    void whatAnInvalidationCoversIsGone(
            @ForAll @IntRange(max = 5) int which,
            @ForAll @IntRange(max = PAGES - 1) int page,
            @ForAll @IntRange(max = 4) int command,
            @ForAll boolean writable) {
        var world = new World(CacheShapes.USUAL);
        for (var space : Space.values()) {
            for (int i = 0; i < PAGES; i++) {
                world.ask(space, i, READ);
                world.ask(space, i, WRITE);
            }
        }
        var changed = space(which);
        world.map(changed, page, (page + 1) % PAGES, writable);
        invalidate(world, changed, page, command);
        for (int access : new int[] {READ, WRITE}) {
            assertThat(world.ask(changed, page, access))
                    .as("%s of %s after command %d", access, changed, command)
                    .isEqualTo(world.fresh(changed, page, access));
        }
        assertThat(world.lab.unit.lastWasStale()).isFalse();
    }

    /// The command that software would use for a changed leaf: by page, by address space, by domain, by
    /// domain and page of a second stage, all.
    private static void invalidate(World world, Space space, int page, int command) {
        boolean first = space == Space.FIRST || space == Space.SAME_DOMAIN || space.isNested();
        int domain = space.domain;
        world.lab.invalidate(
                switch (command) {
                    case 0 ->
                            first
                                    ? InvalidationDescriptor.pasidPage(
                                            domain, space.number, World.iova(page), 0, true)
                                    : InvalidationDescriptor.iotlbPage(
                                            domain, World.iova(page), 0, true);
                    case 1 ->
                            first
                                    ? InvalidationDescriptor.pasidIotlb(domain, space.number)
                                    : InvalidationDescriptor.iotlbDomain(domain);
                    case 2 -> InvalidationDescriptor.iotlbDomain(domain);
                    case 3 -> InvalidationDescriptor.iotlbPage(domain, 0, 18, false);
                    default -> InvalidationDescriptor.iotlbGlobal();
                });
        if (command == 3) {
            // A page of another address does not cover this one; its first stage does not count
            // either.
            world.lab.invalidate(
                    first
                            ? InvalidationDescriptor.pasidIotlb(domain, space.number)
                            : InvalidationDescriptor.iotlbPage(domain, World.iova(page), 0, true));
        }
    }

    @Property(tries = 60)
    void aPageOfTheSecondStageTakesWhatNestedWalksMadeOfItWithIt(
            @ForAll @IntRange(max = PAGES - 1) int page) {
        var world = new World(CacheShapes.USUAL);
        world.ask(Space.NESTED, page, WRITE);
        world.ask(Space.ALSO_NESTED, page, WRITE);
        long gpa = 0x5000_0000L + page * 0x1000L;
        long elsewhere = Space.NESTED.home(PAGES + page);
        world.lab.mapSecond(world.second[Space.NESTED.ordinal()], gpa, elsewhere, R | W);
        world.lab.invalidate(InvalidationDescriptor.iotlbPage(30, gpa, 0, true));
        assertThat(world.ask(Space.NESTED, page, READ)).isEqualTo(elsewhere + 16);
        assertThat(world.ask(Space.ALSO_NESTED, page, READ)).isEqualTo(elsewhere + 16);
    }

    @Property(tries = 60)
    void aChangedPasidTableEntryCountsAfterThePasidCacheIsInvalidated(
            @ForAll @IntRange(max = 5) int which, @ForAll @IntRange(max = 2) int command) {
        var world = new World(CacheShapes.USUAL);
        for (var space : Space.values()) {
            world.ask(space, 0, READ);
        }
        var changed = space(which);
        world.lab.memory.write64(world.lab.pasidEntry(DEVICE, changed.number), 0);
        assertThat(world.ask(changed, 0, READ)).as("stale").isPositive();
        world.lab.invalidate(
                switch (command) {
                    case 0 -> InvalidationDescriptor.pasidEntry(changed.domain, changed.number);
                    case 1 -> InvalidationDescriptor.pasidDomain(changed.domain);
                    default -> InvalidationDescriptor.pasidGlobal();
                });
        assertThat(world.ask(changed, 0, READ)).isEqualTo(-VtdFault.PASID_NOT_PRESENT.code());
    }

    @Property(tries = 60)
    void aClearedContextEntryStopsEveryPasidOnceItIsInvalidated(
            @ForAll @IntRange(max = 5) int which, @ForAll @IntRange(max = 2) int command) {
        var world = new World(CacheShapes.USUAL);
        var space = space(which);
        world.ask(space, 0, READ);
        world.lab.memory.write64(world.lab.contextEntry(DEVICE), 0);
        world.lab.invalidate(
                switch (command) {
                    case 0 -> InvalidationDescriptor.contextDevice(space.domain, DEVICE, 0);
                    case 1 -> InvalidationDescriptor.contextDomain(space.domain);
                    default -> InvalidationDescriptor.contextGlobal();
                });
        assertThat(world.ask(space, 0, READ)).isEqualTo(-VtdFault.SM_CONTEXT_NOT_PRESENT.code());
    }

    @Property(tries = 100)
    void noAnswerCrossesADomainWhateverIsForgotten(
            @ForAll @Size(max = 80) List<@IntRange(max = 65535) Integer> events) {
        var world = new World(small());
        for (int event : events) {
            var space = space(event);
            int page = event / 8 % PAGES;
            switch (event >>> 8 & 7) {
                case 0 -> world.map(space, page, (event >>> 11) % PAGES, true);
                case 1 -> world.lab.memory.write64(world.leaves[space.ordinal()][page], 0);
                case 2 -> world.lab.invalidate(InvalidationDescriptor.iotlbDomain(space.domain));
                case 3 -> world.lab.invalidate(InvalidationDescriptor.pasidDomain(space.domain));
                default -> {
                    long answer = world.ask(space, page, (event & 128) == 0 ? READ : WRITE);
                    if (answer >= 0) {
                        assertThat(answer >>> 28).as("%s", space).isEqualTo(space.domain);
                    }
                }
            }
        }
    }

    @Property(tries = 60)
    void goingBackMakesTheSameRequestsEndAlike(
            @ForAll @Size(max = 40) List<@IntRange(max = 4095) Integer> before,
            @ForAll @Size(max = 40) List<@IntRange(max = 4095) Integer> after) {
        var world = new World(small());
        before.forEach(request -> world.ask(space(request), request / 8 % PAGES, READ));
        var memory = world.lab.memory.checkpoint();
        var then = world.lab.unit.checkpoint();
        long hash = world.lab.unit.stateHash();
        var answers = answers(world, after);
        long end = world.lab.unit.stateHash();
        world.lab.memory.restore(memory);
        world.lab.unit.restore(then);
        assertThat(world.lab.unit.stateHash()).isEqualTo(hash);
        assertThat(answers(world, after)).isEqualTo(answers);
        assertThat(world.lab.unit.stateHash()).isEqualTo(end);
    }

    private static List<Long> answers(World world, List<Integer> requests) {
        return requests.stream()
                .map(request -> world.ask(space(request), request / 8 % PAGES, WRITE))
                .toList();
    }
}
