package iommulab.app.caches;

import iommulab.app.shell.Subject;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.CacheSnapshot.Line;
import iommulab.engine.cache.CacheSnapshot.Statistics;
import iommulab.engine.session.MachineSnapshot.Unit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What the Caches perspective shows of one IOMMU. Pure.
///
/// @param iotlb empty if the unit has none
/// @param paging from the top level down
/// @param pasids cache of PASIDs' entries; empty if the unit has none
/// @param nested pages of second stages, for walks through two
/// @param nestedPaging inner entries of second stages, from the top level down
/// @param deviceTlbs those of functions below it
/// @param stale entries that no longer agree with the tables
/// @param misses of the IOTLB, by cause
/// @param queue what the invalidation queue is doing
record CachesModel(
        String unit,
        Optional<GridModel> iotlb,
        Optional<GridModel> context,
        List<GridModel> paging,
        Optional<GridModel> pasids,
        Optional<GridModel> nested,
        List<GridModel> nestedPaging,
        List<GridModel> deviceTlbs,
        List<Stale> stale,
        Misses misses,
        String queue) {

    /// @param where cache, set and page, in words
    /// @param difference what the tables say
    /// @param missing the invalidation that nobody sent
    record Stale(CacheSnapshot cache, Line line, String where, String difference, String missing) {}

    record Misses(long cold, long conflict, long capacity) {
        long all() {
            return cold + conflict + capacity;
        }
    }

    static CachesModel of(Unit unit, Subject subject) {
        var grids =
                unit.cachesAndDeviceTlbs().stream()
                        .map(c -> GridModel.of(c, unit.name(), subject))
                        .toList();
        var iotlb = first(grids, CacheKind.IOTLB);
        var statistics = iotlb.map(g -> g.cache().statistics()).orElse(Statistics.NONE);
        return new CachesModel(
                unit.name(),
                iotlb,
                first(grids, CacheKind.DEVICE_ENTRY),
                all(grids, CacheKind.PAGING_STRUCTURE),
                first(grids, CacheKind.PASID_ENTRY),
                first(grids, CacheKind.NESTED),
                all(grids, CacheKind.NESTED_PAGING),
                all(grids, CacheKind.DEVICE_TLB),
                stale(unit),
                new Misses(
                        statistics.coldMisses(),
                        statistics.conflictMisses(),
                        statistics.capacityMisses()),
                queue(unit));
    }

    private static List<GridModel> all(List<GridModel> grids, CacheKind kind) {
        return grids.stream().filter(g -> g.cache().kind() == kind).toList();
    }

    private static Optional<GridModel> first(List<GridModel> grids, CacheKind kind) {
        return grids.stream().filter(g -> g.cache().kind() == kind).findFirst();
    }

    private static List<Stale> stale(Unit unit) {
        var stale = new ArrayList<Stale>();
        for (var cache : unit.cachesAndDeviceTlbs()) {
            for (var line : cache.lines()) {
                line.stale()
                        .ifPresent(s ->
                                stale.add(
                                        new Stale(
                                                cache,
                                                line,
                                                where(cache, line),
                                                s.tableSays(),
                                                s.missingInvalidation())));
            }
        }
        return stale;
    }

    private static String where(CacheSnapshot cache, Line line) {
        var what =
                cache.kind() == CacheKind.PAGING_STRUCTURE
                        ? "Paging-structure cache, level " + cache.level()
                        : GridModel.title(cache);
        var key = GridModel.key(cache.kind(), line);
        return switch (cache.kind()) {
            case DEVICE_ENTRY -> "%s set %d, requester %s".formatted(what, line.set(), key);
            case DEVICE_TLB ->
                    "%s set %d, page %s%s"
                            .formatted(
                                    what,
                                    line.set(),
                                    key,
                                    line.domain() < 0
                                            ? ""
                                            : " of PASID 0x%x".formatted(line.domain()));
            case PASID_ENTRY, IOTLB, PAGING_STRUCTURE, NESTED, NESTED_PAGING ->
                    "%s set %d, page %s of domain %d"
                            .formatted(what, line.set(), key, line.domain());
        };
    }

    private static String queue(Unit unit) {
        return unit.queue()
                .map(q ->
                        "head 0x%x, tail 0x%x, %s%s"
                                .formatted(
                                        q.head(),
                                        q.tail(),
                                        q.head() == q.tail() ? "idle" : "busy",
                                        q.recent().isEmpty()
                                                ? ""
                                                : "; last: " + q.recent().getFirst()))
                .orElse("not enabled: invalidations go through registers");
    }

    String staleHeadline() {
        return stale.size() == 1
                ? "1 entry no longer agrees with the tables"
                : stale.size() + " entries no longer agree with the tables";
    }
}
