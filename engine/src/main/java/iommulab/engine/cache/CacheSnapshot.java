package iommulab.engine.cache;

import java.util.List;
import java.util.Optional;

/// One cache at one instant, as the screen may see it.
///
/// @param kind what it holds
/// @param level for a paging-structure cache the level of the entries in it, 2 to 5; for a
///     device TLB the requester ID of its device; else 0
/// @param statistics counters since power-on; they only rise
/// @param lines the filled entries, by set, then way
/// @param lastSet set of the last access, -1 before the first
/// @param lastWay way of the last access, -1 if it was a miss that filled nothing
public record CacheSnapshot(
        CacheKind kind,
        int level,
        CacheGeometry geometry,
        Statistics statistics,
        List<Line> lines,
        int lastSet,
        int lastWay) {

    public CacheSnapshot {
        lines = List.copyOf(lines);
    }

    /// Counters of one cache.
    ///
    /// @param lookups probes
    /// @param hits probes that found an entry
    /// @param fills entries written
    /// @param evictions entries that made room for another
    /// @param invalidated entries removed by invalidation commands
    /// @param coldMisses misses on a page never cached before
    /// @param conflictMisses misses that a fully associative cache of the same size would have hit
    /// @param capacityMisses all other misses
    public record Statistics(
            long lookups,
            long hits,
            long fills,
            long evictions,
            long invalidated,
            long coldMisses,
            long conflictMisses,
            long capacityMisses) {
        public static final Statistics NONE = new Statistics(0, 0, 0, 0, 0, 0, 0, 0);

        public long misses() {
            return lookups - hits;
        }

        /// 0 to 1; 0 before the first lookup.
        public double hitRate() {
            return lookups == 0 ? 0 : (double) hits / lookups;
        }
    }

    /// One filled entry.
    ///
    /// @param age 0 is the youngest of its set; the policy's own order
    /// @param domain domain ID the entry is tagged with
    /// @param key what was looked up: a requester ID (device entries), requester << 20 | PASID (PASID
    ///     entries), or iova >> 12 of the first page it covers
    /// @param value what it gives: table or page address, hpa
    /// @param coveredBytes bytes of iova that the entry serves; 0 for device entries
    /// @param rights `rw`, `r-`, `-w`; empty for device entries
    /// @param stale set when the entry no longer agrees with memory
    public record Line(
            int set,
            int way,
            int age,
            int domain,
            long key,
            long value,
            long coveredBytes,
            String rights,
            Optional<Staleness> stale) {}

    /// Why an entry is stale.
    ///
    /// @param tableSays what a fresh walk would give, in words
    /// @param missingInvalidation the invalidation that would remove the entry, in words
    public record Staleness(String tableSays, String missingInvalidation) {}
}
