package iommulab.engine.iommu;

import iommulab.engine.cache.CacheKind;

/// Is told every step while an IOMMU translates one request.
public interface WalkObserver {
    /// Nobody looks.
    WalkObserver NONE =
            new WalkObserver() {
                @Override
                public void deviceTableRead(
                        int step, long tableHpa, int index, long entryHpa, long low, long high) {}

                @Override
                public void tableEntryRead(int level, long tableHpa, int index, long raw) {}

                @Override
                public void cacheProbed(CacheKind kind, int level, int set, int way) {}
            };

    /// An entry on the way from the requester to its page table was read from memory.
    ///
    /// @param step how many such entries were read before it
    /// @param low the first 64 bits of the entry
    /// @param high the next 64 bits, 0 if it has none
    void deviceTableRead(int step, long tableHpa, int index, long entryHpa, long low, long high);

    /// A page-table entry was read from memory.
    void tableEntryRead(int level, long tableHpa, int index, long raw);

    /// A cache was asked.
    ///
    /// @param level of a paging-structure cache, else 0
    /// @param way that gave the entry, -1 for a miss
    void cacheProbed(CacheKind kind, int level, int set, int way);
}
