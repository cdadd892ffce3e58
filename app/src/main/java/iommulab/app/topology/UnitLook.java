package iommulab.app.topology;

import iommulab.app.shell.FaultQueue;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.session.MachineSnapshot.FaultRecord;
import iommulab.engine.session.MachineSnapshot.Unit;

import java.util.List;
import java.util.Locale;

/// What the box of an IOMMU says.
///
/// @param state why there are no caches to show, empty if there are
/// @param faults fill of the fault recording registers, or of the ring that has faults
/// @param stale entries that no longer agree with memory
record UnitLook(
        String name,
        String architecture,
        String scope,
        String state,
        List<CacheLine> caches,
        String faults,
        boolean faulty,
        long stale,
        boolean selected) {

    UnitLook {
        caches = List.copyOf(caches);
    }

    /// @param rate hit rate in words, `–` before the first lookup
    /// @param fraction of hits, 0 to 1
    record CacheLine(String name, String rate, double fraction) {}

    static UnitLook of(Unit unit, boolean selected) {
        long filled = unit.faultRecords().stream().filter(FaultRecord::filled).count();
        long stale =
                unit.cachesAndDeviceTlbs().stream()
                        .flatMap(c -> c.lines().stream())
                        .filter(line -> line.stale().isPresent())
                        .count();
        var queue = FaultQueue.of(unit);
        boolean waits = queue.filter(q -> q.waiting() > 0 || q.ring().overflowed()).isPresent();
        var fill = unit.faultOverflow() ? "overflow" : filled + " of " + unit.faultRecords().size();
        return new UnitLook(
                unit.name(),
                unit.architecture(),
                "%s, at 0x%x".formatted(unit.scope(), unit.registerBase()),
                state(unit),
                unit.caches().stream().map(UnitLook::line).toList(),
                unit.faultRecords().isEmpty() ? queue.map(FaultQueue::words).orElse("–") : fill,
                filled > 0 || unit.faultOverflow() || waits,
                stale,
                selected);
    }

    private static String state(Unit unit) {
        if (!unit.emulated()) {
            return "shown, not executed";
        }
        return unit.translating() ? "" : "translation off";
    }

    private static CacheLine line(CacheSnapshot cache) {
        var statistics = cache.statistics();
        boolean cold = statistics.lookups() == 0;
        return new CacheLine(
                name(cache),
                cold ? "–" : String.format(Locale.ROOT, "%.1f %%", 100 * statistics.hitRate()),
                statistics.hitRate());
    }

    private static String name(CacheSnapshot cache) {
        return switch (cache.kind()) {
            case DEVICE_ENTRY -> "context";
            case PASID_ENTRY -> "PASID";
            case IOTLB -> "IOTLB";
            case PAGING_STRUCTURE -> "paging " + cache.level();
            case NESTED -> "nested";
            case NESTED_PAGING -> "nested paging " + cache.level();
            case DEVICE_TLB -> "device TLB";
        };
    }
}
