package iommulab.engine.iommu.amdvi;

import static iommulab.engine.iommu.amdvi.AmdLab.GUEST_MEMORY;
import static iommulab.engine.iommu.amdvi.AmdLab.NONE;
import static iommulab.engine.iommu.amdvi.AmdLab.U;
import static iommulab.engine.iommu.amdvi.AmdLab.W;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.Replacement;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// What must hold whatever is mapped and asked.
class AmdPropertiesTest {
    private static final int[] DEVICES = {0x0300, 0x0088, 0x0010};
    private static final int PAGES = 24;

    private static final CacheShapes SMALL =
            Arrays.stream(CacheKind.values())
                    .reduce(
                            CacheShapes.NONE,
                            (shapes, kind) ->
                                    shapes.with(kind, new CacheGeometry(2, 2, Replacement.LRU)),
                            (a, _) -> a);

    /// Three devices: the first two share domain 7, the third is in domain 8. Each has host pages (without
    /// PASID) and guest pages of PASIDs 1 and 2, nested in the host's.
    private static final class World {
        final AmdLab lab;
        final long[] hosts = new long[2];
        final long[][] guests = new long[2][3];

        World(CacheShapes shapes, List<Integer> mapped) {
            lab = new AmdLab(shapes);
            for (int domain = 0; domain < 2; domain++) {
                hosts[domain] = lab.hostTableOfGuest(4, 3);
                guests[domain][1] = lab.guestTable();
                guests[domain][2] = lab.guestTable();
            }
            for (int i = 0; i < DEVICES.length; i++) {
                long gcr3 = lab.table();
                int domain = i / 2;
                lab.attachGuest(DEVICES[i], 7 + domain, 4, hosts[domain], gcr3, 1, 4, 0);
                lab.setGcr3(gcr3, 1, 1, guests[domain][1]);
                lab.setGcr3(gcr3, 1, 2, guests[domain][2]);
            }
            mapped.forEach(this::map);
        }

        /// One page of one of six address spaces, where it lies chosen by its number.
        void map(int number) {
            int domain = number & 1;
            int pasid = (number >>> 1) % 3;
            int page = (number >>> 3) % PAGES;
            long rights = number >>> 10 & 3;
            if (pasid == 0) {
                long target = 0x1_0000_0000L * (3 + domain) + page * 4096L;
                lab.map(hosts[domain], 4, iova(page), target, 1, rights << 61);
            } else {
                long gpa = 0x4000_0000L * (1 + domain) + 0x10_0000L * pasid + page * 4096L;
                long bits = (rights & 1) * W | (rights >>> 1) * U | U * (rights & 1);
                lab.mapGuest(guests[domain][pasid], 4, iova(page), gpa, 1, bits, GUEST_MEMORY);
            }
        }

        long ask(int number) {
            int device = DEVICES[number % 3];
            int pasid = (number >>> 2) % 3;
            int access = (number >>> 4 & 1) == 0 ? Iommu.READ : Iommu.WRITE;
            long iova = iova((number >>> 5) % PAGES);
            return lab.unit.translate(device, pasid == 0 ? NONE : pasid, iova, access);
        }

        Stream<CacheSnapshot.Line> lines() {
            return lab.unit.cacheSnapshots().stream().flatMap(cache -> cache.lines().stream());
        }
    }

    private static long iova(int page) {
        return 0x80_0000_0000L + page / 8 * 0x20_0000L + page % 8 * 4096L;
    }

    @Property(tries = 60)
    void cachesNeverChangeAnAnswerWhileTablesStayAsTheyAre(
            @ForAll @Size(max = 80) List<@IntRange(max = 4095) Integer> mapped,
            @ForAll @Size(max = 120) List<@IntRange(max = 4095) Integer> asked) {
        var with = new World(SMALL, mapped);
        var without = new World(CacheShapes.NONE, mapped);
        for (int number : asked) {
            assertThat(with.ask(number)).isEqualTo(without.ask(number));
            assertThat(with.lab.unit.lastFault()).isEqualTo(without.lab.unit.lastFault());
            assertThat(with.lab.unit.lastWasStale()).isFalse();
        }
        assertThat(with.lab.stale()).isEmpty();
    }

    @Property(tries = 60)
    void noAnswerCrossesADomainOrAPasid(
            @ForAll @Size(max = 80) List<@IntRange(max = 4095) Integer> mapped,
            @ForAll @Size(max = 120) List<@IntRange(max = 4095) Integer> asked) {
        var world = new World(SMALL, mapped);
        for (int number : asked) {
            long answer = world.ask(number);
            if (answer >= 0) {
                int domain = number % 3 / 2;
                int pasid = (number >>> 2) % 3;
                long base =
                        pasid == 0
                                ? 0x1_0000_0000L * (3 + domain)
                                : GUEST_MEMORY + 0x4000_0000L * (1 + domain) + 0x10_0000L * pasid;
                assertThat(answer - base).isBetween(0L, PAGES * 4096L);
            }
        }
    }

    @Property(tries = 60)
    void invalidatedHostPagesAreGone(
            @ForAll @Size(min = 40, max = 80) List<@IntRange(max = 4095) Integer> mapped,
            @ForAll @Size(max = 120) List<@IntRange(max = 4095) Integer> asked,
            @ForAll @IntRange(max = 23) int page,
            @ForAll @IntRange(max = 12) int pageBits) {
        var world = new World(CacheShapes.USUAL, mapped);
        asked.forEach(world::ask);
        long others = world.lines().filter(line -> line.domain() == 8).count();
        long first = iova(page) & -4096L << pageBits;
        world.lab.submit(
                AmdCommand.invalidateHostPages(7, AmdCommand.pages(first, pageBits), true));
        long last = first + (4096L << pageBits) - 1;
        var caches = world.lab.unit.caches();
        for (var iotlb : List.of(caches.iotlb(), caches.nested())) {
            for (int line = 0; line < iotlb.lines().lines(); line++) {
                if (iotlb.lines().tag(line) != 0 && isHostOf(caches, iotlb.spaceAt(line), 7)) {
                    assertThat(iotlb.iovaAt(line)).matches(at -> at < first || at > last);
                }
            }
        }
        assertThat(world.lines().filter(line -> line.domain() == 8).count()).isEqualTo(others);
    }

    private static boolean isHostOf(AmdCaches caches, int space, int domain) {
        return caches.spaces().owner(space) == domain && caches.spaces().inner(space) < 0;
    }

    @Property(tries = 60)
    void invalidatedGuestPagesOfAPasidAreGone(
            @ForAll @Size(min = 40, max = 80) List<@IntRange(max = 4095) Integer> mapped,
            @ForAll @Size(max = 120) List<@IntRange(max = 4095) Integer> asked,
            @ForAll @IntRange(max = 23) int page) {
        var world = new World(CacheShapes.USUAL, mapped);
        asked.forEach(world::ask);
        var caches = world.lab.unit.caches();
        world.lab.submit(
                AmdCommand.invalidateGuestPages(7, 1, AmdCommand.pages(iova(page), 0), true));
        var iotlb = caches.iotlb();
        for (int line = 0; line < iotlb.lines().lines(); line++) {
            if (iotlb.lines().tag(line) != 0
                    && iotlb.iovaAt(line) == iova(page)
                    && caches.spaces().owner(iotlb.spaceAt(line)) == 7) {
                assertThat(caches.spaces().inner(iotlb.spaceAt(line))).isNotEqualTo(1);
            }
        }
    }

    @Property(tries = 40)
    void afterAnInvalidatedDomainNothingOfItIsLeftAndNothingOfOthersIsMissing(
            @ForAll @Size(min = 40, max = 80) List<@IntRange(max = 4095) Integer> mapped,
            @ForAll @Size(max = 120) List<@IntRange(max = 4095) Integer> asked) {
        var world = new World(CacheShapes.USUAL, mapped);
        asked.forEach(world::ask);
        long others = world.lines().filter(line -> line.domain() == 8).count();
        world.lab.submit(AmdCommand.invalidateDomain(7));
        long left =
                world.lab.unit.cacheSnapshots().stream()
                        .filter(cache ->
                                cache.kind() != CacheKind.DEVICE_ENTRY
                                        && cache.kind() != CacheKind.PASID_ENTRY)
                        .flatMap(cache -> cache.lines().stream())
                        .filter(line -> line.domain() == 7)
                        .count();
        assertThat(left).isZero();
        assertThat(world.lines().filter(line -> line.domain() == 8).count()).isEqualTo(others);
    }

    @Property(tries = 40)
    void anInvalidatedDeviceIsForgottenAndNoOther(
            @ForAll @Size(max = 120) List<@IntRange(max = 4095) Integer> asked,
            @ForAll @IntRange(max = 2) int which) {
        var world = new World(CacheShapes.USUAL, List.of());
        asked.forEach(world::ask);
        var lab = world.lab;
        long before = lab.lines(CacheKind.DEVICE_ENTRY).size();
        boolean known =
                lab.lines(CacheKind.DEVICE_ENTRY).stream()
                        .anyMatch(line -> line.key() == DEVICES[which]);
        lab.submit(AmdCommand.invalidateDeviceEntry(DEVICES[which]));
        assertThat(lab.lines(CacheKind.DEVICE_ENTRY))
                .hasSize((int) before - (known ? 1 : 0))
                .noneMatch(line -> line.key() == DEVICES[which]);
        assertThat(lab.lines(CacheKind.PASID_ENTRY))
                .noneMatch(line -> line.key() >>> 20 == DEVICES[which]);
    }

    @Property(tries = 40)
    void whateverIsChangedAfterInvalidatingAllEveryAnswerIsFresh(
            @ForAll @Size(max = 60) List<@IntRange(max = 4095) Integer> mapped,
            @ForAll @Size(max = 60) List<@IntRange(max = 4095) Integer> asked,
            @ForAll @Size(max = 60) List<@IntRange(max = 4095) Integer> changed) {
        var world = new World(CacheShapes.USUAL, mapped);
        asked.forEach(world::ask);
        changed.forEach(number -> world.map(number ^ 0xc00));
        world.lab.submit(AmdCommand.invalidateAll());
        asked.forEach(number -> {
            world.ask(number);
            assertThat(world.lab.unit.lastWasStale()).isFalse();
        });
    }

    @Property(tries = 60)
    void whatIsStaleIsToldOfEveryWrongAnswer(
            @ForAll @Size(max = 60) List<@IntRange(max = 4095) Integer> mapped,
            @ForAll @Size(max = 60) List<@IntRange(max = 4095) Integer> asked,
            @ForAll @Size(max = 10) List<@IntRange(max = 4095) Integer> changed) {
        var world = new World(CacheShapes.USUAL, mapped);
        asked.forEach(world::ask);
        changed.forEach(number -> world.map(number ^ 0xc00));
        for (int number : asked) {
            boolean anyStale = !world.lab.stale().isEmpty();
            world.ask(number);
            if (world.lab.unit.lastWasStale()) {
                assertThat(anyStale).isTrue();
            }
        }
    }

    @Property(tries = 40)
    void anExplanationEndsAsTheRequestDoesAndChangesNothing(
            @ForAll @Size(max = 60) List<@IntRange(max = 4095) Integer> mapped,
            @ForAll @Size(max = 20) List<@IntRange(max = 4095) Integer> asked) {
        var world = new World(SMALL, mapped);
        for (int number : asked) {
            var access =
                    (number >>> 4 & 1) == 0
                            ? iommulab.engine.iommu.Access.READ
                            : iommulab.engine.iommu.Access.WRITE;
            int pasid = (number >>> 2) % 3;
            long hash = world.lab.unit.stateHash();
            long version = world.lab.memory.version();
            var walk =
                    world.lab.explain(
                            DEVICES[number % 3],
                            pasid == 0 ? NONE : pasid,
                            iova((number >>> 5) % PAGES),
                            access);
            assertThat(world.lab.unit.stateHash()).isEqualTo(hash);
            assertThat(world.lab.memory.version()).isEqualTo(version);
            long answer = world.ask(number);
            switch (walk.outcome()) {
                case iommulab.engine.iommu.Walk.Outcome.Reached reached ->
                        assertThat(reached.hpa()).isEqualTo(answer);
                case iommulab.engine.iommu.Walk.Outcome.Faulted faulted ->
                        assertThat(faulted.reason()).isEqualTo(world.lab.unit.lastFault());
                case iommulab.engine.iommu.Walk.Outcome.NotTranslated _ ->
                        throw new AssertionError("not translated");
            }
            assertThat(walk.reads()).isEqualTo(world.lab.unit.lastReads());
            assertThat(walk.cycles()).isEqualTo(world.lab.unit.lastCycles(AmdLab.COSTS));
            assertThat(walk.steps().stream().mapToLong(step -> step.cycles()).sum())
                    .isEqualTo(walk.cycles());
        }
    }
}
