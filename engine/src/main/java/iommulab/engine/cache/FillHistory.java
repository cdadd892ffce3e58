package iommulab.engine.cache;

/// What a cache was filled with, and when: tells why a miss happened. Stands in for a fully associative
/// cache of the same size that makes room in the order of fills, and is touched on misses only. The
/// first [#REMEMBERED] different tags are remembered; any others count as never seen.
///
/// A miss is a conflict if since the last fill of its tag fewer lines were filled than the cache has: with
/// any line in any place it would still be there. Otherwise no cache of this size would have it.
final class FillHistory {
    static final int REMEMBERED = 1 << 16;

    /*
     * Fills are only noted at first, and worked off together when a number of them has come up or
     * somebody asks: the table is large, and many look-ups in a row overlap their memory accesses.
     *
     *   noted [ t9 | t3 | ... ]          tags of the last fills, in order
     *   table [ t1 | 7 ][ 0 | . ] ...    tag and number of its last fill; 0 = free; open addressing
     */
    private static final int NOTED = 256;
    private static final long LONG_AGO = Long.MIN_VALUE / 2;
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private final int entries;
    private final long[] noted = new long[NOTED];
    private final long[] atHome = new long[NOTED];
    private int notedCount;
    private long[] table = new long[128];
    private int used;
    private long worked;
    private long conflictMisses;
    private long capacityMisses;

    /// @param entries lines of the cache; 0 if it has no conflicts
    FillHistory(int entries) {
        this.entries = entries;
    }

    FillHistory copy() {
        workOff();
        var copy = new FillHistory(entries);
        copy.table = table.clone();
        copy.used = used;
        copy.worked = worked;
        copy.conflictMisses = conflictMisses;
        copy.capacityMisses = capacityMisses;
        return copy;
    }

    /// Counts on where another history stopped.
    void startAt(FillHistory other) {
        other.workOff();
        worked = other.worked;
        conflictMisses = other.conflictMisses;
        capacityMisses = other.capacityMisses;
    }

    /// Fills so far.
    long fills() {
        return worked + notedCount;
    }

    long conflictMisses() {
        workOff();
        return conflictMisses;
    }

    long capacityMisses() {
        workOff();
        return capacityMisses;
    }

    /// Notes a fill.
    void filled(long tag) {
        noted[notedCount] = tag;
        if (++notedCount == NOTED) {
            workOff();
        }
    }

    /// The line was invalidated: that it is missed next time is no fault of the cache's shape.
    void forget(long tag) {
        workOff();
        int place = placeOf(tag);
        if (table[place] == tag) {
            table[place + 1] = LONG_AGO;
        }
    }

    private void workOff() {
        boolean ahead = used == REMEMBERED;
        if (ahead) {
            lookAhead();
        }
        for (int i = 0; i < notedCount; i++) {
            worked++;
            long tag = noted[i];
            classify(tag, ahead && atHome[i] == tag ? home(tag) : placeOf(tag));
        }
        notedCount = 0;
    }

    /* Nothing is added to a full table, so its tags stay where they are. Reads that wait for nothing overlap,
     * as those of a search do not: most of them wait for memory. */
    private void lookAhead() {
        for (int i = 0; i < notedCount; i++) {
            atHome[i] = table[home(noted[i])];
        }
    }

    private void classify(long tag, int place) {
        if (table[place] == tag) {
            if (worked - table[place + 1] <= entries) {
                conflictMisses++;
            } else {
                capacityMisses++;
            }
            table[place + 1] = worked;
        } else if (used < REMEMBERED) {
            remember(tag, place);
        }
    }

    private void remember(long tag, int freePlace) {
        int place = freePlace;
        if (++used * 4 > table.length) {
            grow();
            place = placeOf(tag);
        }
        table[place] = tag;
        table[place + 1] = worked;
    }

    private void grow() {
        var old = table;
        table = new long[old.length * 2];
        for (int place = 0; place < old.length; place += 2) {
            if (old[place] != 0) {
                int to = placeOf(old[place]);
                table[to] = old[place];
                table[to + 1] = old[place + 1];
            }
        }
    }

    /// Where the search for a tag begins.
    private int home(long tag) {
        return (int) (tag * SPREAD >>> 32) & table.length - 2;
    }

    private int placeOf(long tag) {
        int mask = table.length - 2;
        int place = home(tag);
        while (table[place] != tag && table[place] != 0) {
            place = place + 2 & mask;
        }
        return place;
    }

    /// The counters of a cache; misses that are neither conflicts nor for want of room were the first of
    /// their tag.
    CacheSnapshot.Statistics statistics(long hits, long misses, long evictions, long invalidated) {
        return new CacheSnapshot.Statistics(
                hits + misses,
                hits,
                fills(),
                evictions,
                invalidated,
                misses - conflictMisses() - capacityMisses(),
                conflictMisses(),
                capacityMisses());
    }
}
