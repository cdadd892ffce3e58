package iommulab.app.caches;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.app.LabCache;
import iommulab.app.LabMachine;
import iommulab.app.shell.Subject;
import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.os.Invalidation;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.MachineSnapshot.Counters;
import iommulab.engine.session.MachineSnapshot.Unit;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.api.Test;

import java.util.List;

class CachesModelTest {
    private static final CacheSnapshot IOTLB = LabCache.of(CacheKind.IOTLB, 0, 16, 4);

    private static MachineSnapshot machine() {
        return new LabMachine()
                .cache(LabCache.of(CacheKind.DEVICE_ENTRY, 0, 4, 2))
                .cache(IOTLB)
                .cache(LabCache.of(CacheKind.PAGING_STRUCTURE, 3, 4, 2))
                .snapshot();
    }

    private static CachesModel model(Subject subject) {
        return CachesModel.of(machine().units().getFirst(), subject);
    }

    @Test
    void aCacheTellsItsShapeAndItsHitRate() {
        var grid = model(new Subject.Nothing()).iotlb().orElseThrow();
        assertThat(grid.title() + ", " + grid.shape() + ", " + grid.hitRate())
                .isEqualTo("IOTLB, 16 sets × 4 ways, LRU, 91.8 %");
    }

    @Test
    void aCacheThatIsOffSaysSo() {
        var off =
                new CacheSnapshot(
                        CacheKind.IOTLB,
                        0,
                        CacheGeometry.OFF,
                        CacheSnapshot.Statistics.NONE,
                        List.of(),
                        -1,
                        -1);
        var grid = GridModel.of(off, "dmar0", new Subject.Nothing());
        assertThat(grid.shape()).isEqualTo("switched off");
        assertThat(grid.hitRate()).isEqualTo("off");
    }

    @Test
    void theContextCacheNamesRequestersAndTheIotlbPages() {
        assertThat(
                        GridModel.key(
                                CacheKind.DEVICE_ENTRY,
                                LabCache.of(CacheKind.DEVICE_ENTRY, 0, 4, 2).lines().getFirst()))
                .isEqualTo("03:00.0");
        assertThat(GridModel.key(CacheKind.IOTLB, IOTLB.lines().getFirst())).isEqualTo("7f3a9c500");
    }

    @Test
    void aStaleEntryNamesTheMissingInvalidation() {
        var stale = model(new Subject.Nothing()).stale();
        assertThat(stale)
                .anySatisfy(s -> {
                    assertThat(s.where()).startsWith("IOTLB set 8, page ");
                    assertThat(s.missing()).startsWith("IOTLB invalidation of page");
                });
    }

    @Test
    void theButtonSendsThePageSelectiveInvalidationThatRemovesAStaleTranslation() {
        var line = IOTLB.lines().stream().filter(l -> l.stale().isPresent()).findFirst();
        assertThat(CachesActions.removing(IOTLB, line.orElseThrow()))
                .isEqualTo(
                        new Invalidation.IotlbPage(line.get().domain(), line.get().key() << 12, 0));
    }

    @Test
    void invalidationsTakeTheQueueWhereItIsEnabled() {
        var unit = machine().units().getFirst();
        assertThat(CachesActions.command(unit, new Invalidation.IotlbGlobal()))
                .isEqualTo(new Command.Invalidate("dmar0", new Invalidation.IotlbGlobal(), true));
    }

    @Test
    void theSameMissingInvalidationIsSentOnce() {
        var unit = machine().units().getFirst();
        var stale = CachesModel.of(unit, new Subject.Nothing()).stale();
        var twice = List.of(stale.getFirst(), stale.getFirst());
        assertThat(CachesActions.missing(unit, twice)).hasSize(1);
    }

    @Property
    void theFirstEntryOfASetIsFoundWhereverItLies(@ForAll @IntRange(max = 15) int set) {
        var grid = GridModel.of(IOTLB, "dmar0", new Subject.Nothing());
        int first = grid.firstOf(set);
        assertThat(IOTLB.lines().get(first).set()).isEqualTo(set);
        assertThat(first == 0 || IOTLB.lines().get(first - 1).set() < set).isTrue();
    }

    @Test
    void aSelectedEntryIsMarkedInItsOwnCacheOnly() {
        var model = model(new Subject.CacheLine("dmar0", CacheKind.IOTLB, 0, 3, 1));
        assertThat(model.iotlb().orElseThrow().selected()).isPresent();
        assertThat(model.context().orElseThrow().selected()).isEmpty();
    }

    /// Whatever the counters do, a moving average is a share.
    @Property
    void theHitRatioNeverLeavesItsAxis(
            @ForAll @Size(max = 300) List<@IntRange(max = 500) Integer> steps) {
        var history = new HitHistory();
        long lookups = 0;
        long hits = 0;
        for (int step : steps) {
            lookups += step;
            hits += step * 2L / 3;
            history.add(unit(lookups, hits));
        }
        for (var line : history.lines()) {
            assertThat(line.points()).allSatisfy(p -> assertThat(p.y()).isBetween(0.0, 100.0));
        }
    }

    private static Unit unit(long lookups, long hits) {
        var statistics = new CacheSnapshot.Statistics(lookups, hits, 0, 0, 0, 0, 0, 0);
        var cache =
                new CacheSnapshot(
                        CacheKind.IOTLB, 0, IOTLB.geometry(), statistics, List.of(), -1, -1);
        return new LabMachine()
                .cache(cache)
                .served(new Counters(lookups, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
                .snapshot()
                .units()
                .getFirst();
    }
}
