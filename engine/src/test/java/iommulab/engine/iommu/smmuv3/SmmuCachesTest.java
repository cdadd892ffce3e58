package iommulab.engine.iommu.smmuv3;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Replacement;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import java.util.ArrayList;
import java.util.List;

/// What must hold for the caches of an SMMU whatever is asked of it. Eight streams: 0 to 3 stage 1 alone
/// (two VMIDs, two ASIDs each), 4 and 5 stage 2 alone, 6 and 7 nested. Each maps the same addresses to
/// pages of its own.
class SmmuCachesTest {
    private static final int STREAMS = 8;
    private static final int PAGES = 6;
    private static final long IOVA = 0x4000_0000L;
    private static final int LAST_GLOBAL = 1;

    /* Room for everything at once: whatever is missing was removed. */
    private static final CacheShapes ROOMY =
            CacheShapes.USUAL.with(CacheKind.IOTLB, new CacheGeometry(64, 16, Replacement.LRU));

    /// One request of the property tests.
    record Request(int stream, int page, boolean write) {}

    /// Everything that one page of one stream goes through, so that it can be changed.
    record Mapped(int vmid, int asid, boolean first, boolean second, boolean global, long leaf) {}

    private static final class World {
        final SmmuLab lab;
        final List<List<Mapped>> pages = new ArrayList<>();

        World(CacheShapes shapes) {
            lab = new SmmuLab(shapes);
            for (int stream = 0; stream < STREAMS; stream++) {
                pages.add(
                        stream < 4 ? first(stream) : stream < 6 ? second(stream) : nested(stream));
            }
        }

        private List<Mapped> first(int stream) {
            int vmid = 1 + stream / 2;
            int asid = 5 + stream % 2;
            long tree = lab.table();
            lab.first(stream, vmid, asid, tree);
            var mapped = new ArrayList<Mapped>();
            for (int page = 0; page < PAGES; page++) {
                boolean global = page <= LAST_GLOBAL;
                long leaf = lab.map(tree, iova(page), target(stream, page), 1, attributes(page));
                mapped.add(new Mapped(vmid, asid, true, false, global, leaf));
            }
            return mapped;
        }

        private List<Mapped> second(int stream) {
            int vmid = stream - 3;
            long tree = lab.table();
            lab.second(stream, vmid, tree);
            var mapped = new ArrayList<Mapped>();
            for (int page = 0; page < PAGES; page++) {
                long leaf = lab.map(tree, iova(page), target(stream, page), 1, SmmuLab.RW2);
                mapped.add(new Mapped(vmid, 0, false, true, false, leaf));
            }
            return mapped;
        }

        private List<Mapped> nested(int stream) {
            int vmid = stream + 4;
            long first = lab.table();
            long second = lab.table();
            long descriptor = lab.table();
            lab.descriptor(descriptor, SmmuLab.CD_USUAL | SmmuLab.EPD1 | 16 | 7L << 48, first, 0);
            lab.nested(stream, vmid, descriptor, second);
            lab.mapTablesToThemselves(second);
            var mapped = new ArrayList<Mapped>();
            for (int page = 0; page < PAGES; page++) {
                long ipa = iova(page) + 0x1_0000_0000L;
                long leaf = lab.map(first, iova(page), ipa, 1, attributes(page));
                lab.map(second, ipa, target(stream, page), 1, SmmuLab.RW2);
                mapped.add(new Mapped(vmid, 7, true, true, page <= LAST_GLOBAL, leaf));
            }
            return mapped;
        }

        /// The first two pages are global, the last one is read-only.
        private static long attributes(int page) {
            long rights = page == PAGES - 1 ? SmmuLab.RO : SmmuLab.RW;
            return page <= LAST_GLOBAL ? rights & ~(1 << 11) : rights;
        }

        long ask(int stream, int page, boolean write) {
            return lab.unit.translate(
                    stream, SmmuLab.NONE, iova(page), write ? Iommu.WRITE : Iommu.READ);
        }

        /// Asks for every page once; afterwards all are cached.
        void fill() {
            for (int stream = 0; stream < STREAMS; stream++) {
                for (int page = 0; page < PAGES; page++) {
                    ask(stream, page, false);
                }
            }
        }
    }

    private static long iova(int page) {
        return IOVA + page * 0x1000L;
    }

    /// No two pages of no two streams lie at the same place.
    private static long target(int stream, int page) {
        return 0x50_0000_0000L + stream * 0x10_0000L + page * 0x1000L;
    }

    @Provide
    Arbitrary<Request> requests() {
        return Combinators.combine(
                        Arbitraries.integers().between(0, STREAMS - 1),
                        Arbitraries.integers().between(0, PAGES),
                        Arbitraries.of(true, false))
                .as(Request::new);
    }

    @Property(tries = 60)
    void cachesNeverChangeAnAnswerWhileTablesStayAsTheyAre(
            @ForAll @Size(min = 1, max = 60) List<@From("requests") Request> asked) {
        var cached = new World(CacheShapes.USUAL);
        var bare = new World(CacheShapes.NONE);
        for (var request : asked) {
            assertThat(cached.ask(request.stream(), request.page(), request.write()))
                    .as("%s", request)
                    .isEqualTo(bare.ask(request.stream(), request.page(), request.write()));
        }
    }

    @Property(tries = 60)
    void noAnswerCrossesAVmidOrAnAsid(
            @ForAll @Size(min = 1, max = 60) List<@From("requests") Request> asked) {
        var world = new World(CacheShapes.USUAL);
        for (var request : asked) {
            long answer = world.ask(request.stream(), request.page(), request.write());
            if (answer >= 0) {
                assertThat(answer)
                        .as("%s", request)
                        .isEqualTo(target(request.stream(), request.page()));
            }
        }
    }

    // ---- invalidation

    private enum Kind {
        ALL,
        VMID,
        STAGE_1,
        ASID,
        ADDRESS,
        ADDRESS_ALL_ASIDS,
        INTERMEDIATE,
        RANGE
    }

    private static SmmuCommand command(Kind kind, int vmid, int asid, int page) {
        return switch (kind) {
            case ALL -> SmmuCommand.tlbAll();
            case VMID -> SmmuCommand.tlbVmid(vmid);
            case STAGE_1 -> SmmuCommand.tlbStage1(vmid);
            case ASID -> SmmuCommand.tlbAsid(vmid, asid);
            case ADDRESS -> SmmuCommand.tlbAddress(vmid, asid, iova(page), false);
            case ADDRESS_ALL_ASIDS -> SmmuCommand.tlbAddressAllAsids(vmid, iova(page), true);
            case INTERMEDIATE -> SmmuCommand.tlbIntermediate(vmid, iova(page), false);
            case RANGE ->
                    SmmuCommand.tlbAddress(vmid, asid, iova(page), true)
                            .forRange(Granule.FOUR_KIB, 2, 0);
        };
    }

    /// By the architecture's text, written apart from the code under test.
    private static boolean covers(
            Kind kind, int vmid, int asid, int page, Mapped mapped, int other) {
        boolean own = mapped.vmid() == vmid;
        boolean ofAsid = mapped.first() && (mapped.asid() == asid);
        return switch (kind) {
            case ALL -> true;
            case VMID -> own;
            case STAGE_1 -> own && mapped.first();
            case ASID -> own && ofAsid && !mapped.global();
            case ADDRESS -> own && mapped.first() && (ofAsid || mapped.global()) && page == other;
            case ADDRESS_ALL_ASIDS -> own && mapped.first() && page == other;
            case INTERMEDIATE -> own && !mapped.first() && page == other;
            case RANGE ->
                    own
                            && mapped.first()
                            && (ofAsid || mapped.global())
                            && other >= page
                            && other < page + 3;
        };
    }

    @Property(tries = 200)
    void anInvalidationReachesWhatItCoversAndNothingElse(
            @ForAll Kind kind,
            @ForAll @IntRange(min = 1, max = 11) int vmid,
            @ForAll @IntRange(min = 5, max = 7) int asid,
            @ForAll @IntRange(max = PAGES - 1) int page) {
        var world = new World(ROOMY);
        world.fill();
        world.lab.command(command(kind, vmid, asid, page));
        for (int stream = 0; stream < STREAMS; stream++) {
            for (int other = 0; other < PAGES; other++) {
                world.ask(stream, other, false);
                assertThat(world.lab.unit.lastHit())
                        .as(
                                "%s VMID %d ASID %d page %d: stream %d page %d is cached",
                                kind, vmid, asid, page, stream, other)
                        .isEqualTo(
                                !covers(
                                        kind,
                                        vmid,
                                        asid,
                                        page,
                                        world.pages.get(stream).get(other),
                                        other));
            }
        }
    }

    @Property(tries = 100)
    void afterAnInvalidationNothingCoveredIsAnsweredFromBefore(
            @ForAll Kind kind,
            @ForAll @IntRange(min = 1, max = 11) int vmid,
            @ForAll @IntRange(min = 5, max = 7) int asid,
            @ForAll @IntRange(max = PAGES - 1) int page) {
        var world = new World(ROOMY);
        world.fill();
        for (var stream : world.pages) {
            for (var mapped : stream) {
                world.lab.memory.write64(mapped.leaf(), 0);
            }
        }
        world.lab.command(command(kind, vmid, asid, page));
        for (int stream = 0; stream < STREAMS; stream++) {
            for (int other = 0; other < PAGES; other++) {
                var mapped = world.pages.get(stream).get(other);
                long answer = world.ask(stream, other, false);
                if (covers(kind, vmid, asid, page, mapped, other)) {
                    assertThat(answer)
                            .as(
                                    "%s VMID %d ASID %d page %d: stream %d page %d",
                                    kind, vmid, asid, page, stream, other)
                            .isEqualTo(-SmmuFault.TRANSLATION.code());
                }
            }
        }
    }

    @Property(tries = 60)
    void aConfigurationInvalidationReachesItsStreamsAndNoOthers(
            @ForAll @IntRange(max = STREAMS - 1) int stream, @ForAll @IntRange(max = 4) int which) {
        var world = new World(ROOMY);
        world.fill();
        world.lab.command(
                switch (which) {
                    case 0 -> SmmuCommand.configStream(stream, true);
                    case 1 -> SmmuCommand.configRange(stream, 1);
                    case 2 -> SmmuCommand.configAll();
                    case 3 -> SmmuCommand.configDescriptors(stream);
                    default -> SmmuCommand.configDescriptor(stream, 0, true);
                });
        for (int other = 0; other < STREAMS; other++) {
            boolean covered =
                    switch (which) {
                        case 1 -> other / 4 == stream / 4;
                        case 2 -> true;
                        default -> other == stream;
                    };
            world.ask(other, 0, false);
            assertThat(world.lab.unit.lastDeviceHit())
                    .as("command %d for stream %d: stream %d", which, stream, other)
                    .isEqualTo(!covered);
        }
    }

    @Property(tries = 30)
    void whateverIsCachedIsMarkedStaleOnceMemorySaysOtherwise(
            @ForAll @IntRange(max = STREAMS - 1) int stream,
            @ForAll @IntRange(max = PAGES - 1) int page) {
        var world = new World(ROOMY);
        world.fill();
        assertThat(stale(world, CacheKind.IOTLB)).isZero();
        world.lab.memory.write64(world.pages.get(stream).get(page).leaf(), 0);
        assertThat(stale(world, CacheKind.IOTLB)).isEqualTo(1);
    }

    private static long stale(World world, CacheKind kind) {
        return world.lab.unit.cacheSnapshots().stream()
                .filter(cache -> cache.kind() == kind)
                .flatMap(cache -> cache.lines().stream())
                .filter(line -> line.stale().isPresent())
                .count();
    }
}
