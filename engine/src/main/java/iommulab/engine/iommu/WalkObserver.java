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
                public void tableEntryRead(
                        Stage stage, int level, long table, int index, long entryHpa, long raw) {}

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
    ///
    /// @param stage whose table it is
    /// @param table address of the table: hpa, or gpa if a second stage translated it
    /// @param entryHpa where the entry was read
    void tableEntryRead(Stage stage, int level, long table, int index, long entryHpa, long raw);

    /// A cache was asked.
    ///
    /// @param level of a paging-structure cache, else 0
    /// @param way that gave the entry, -1 for a miss
    void cacheProbed(CacheKind kind, int level, int set, int way);

    /// A guest-physical address goes through the second stage; the steps that follow are about it.
    default void secondStageBegins(long gpa) {}

    /// It has come through, or was stopped.
    ///
    /// @param answer see [SecondStage#place]
    default void secondStageEnds(long answer) {}

    /// Hardware set the accessed or the dirty bit of an entry.
    ///
    /// @param raw the entry as it lies in memory now
    default void entryMarked(long entryHpa, long raw) {}
}
