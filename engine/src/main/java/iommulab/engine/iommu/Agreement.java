package iommulab.engine.iommu;

import iommulab.engine.cache.CacheSnapshot;

import java.util.List;

/// Until when all caches of an IOMMU are known to agree with memory: as long as neither memory nor registers
/// change, no answer need be compared with what the tables would give.
public final class Agreement {
    /// Answers that are compared on their own before all entries are.
    private static final int PATIENCE = 256;

    private long heldAt = -1;
    private int comparisons;

    /// Nothing is known to agree.
    public Agreement() {}

    /// @param version of memory and registers together
    public boolean holds(long version) {
        return version == heldAt;
    }

    /// Whether so many answers had to be compared that it is time to look at all entries. Counts.
    public boolean isDue() {
        if (++comparisons <= PATIENCE) {
            return false;
        }
        comparisons = 0;
        return true;
    }

    /// Notes what all entries together say.
    ///
    /// @return whether none is stale
    public boolean isConfirmed(long version, List<CacheSnapshot> caches) {
        boolean agree =
                caches.stream()
                        .flatMap(cache -> cache.lines().stream())
                        .noneMatch(line -> line.stale().isPresent());
        if (agree) {
            heldAt = version;
        }
        return agree;
    }
}
