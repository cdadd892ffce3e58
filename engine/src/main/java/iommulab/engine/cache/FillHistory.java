package iommulab.engine.cache;

/// What a cache was filled with, and when: tells why a miss happened. Stands in for a fully associative
/// cache of the same size that makes room in the order of fills, and is touched on misses only. The
/// first [#REMEMBERED] different tags are remembered; any others count as never seen.
final class FillHistory {
    static final int REMEMBERED = 1 << 16;

    /// The tag was never cached before.
    static final int NEVER = 0;

    /// Since the tag was filled last, fewer lines were filled than the cache has: with any line in any
    /// place it would still be there.
    static final int RECENTLY = 1;

    /// It would be gone from any cache of this size.
    static final int LONG_AGO = 2;

    private static final long REMOVED = Long.MIN_VALUE / 2;

    private final int entries;
    private long[] tags = new long[64];
    private long[] filledAt = new long[64];
    private int used;
    private long fills;

    /// @param entries lines of the cache
    FillHistory(int entries) {
        this.entries = entries;
    }

    FillHistory copy() {
        var copy = new FillHistory(entries);
        copy.tags = tags.clone();
        copy.filledAt = filledAt.clone();
        copy.used = used;
        copy.fills = fills;
        return copy;
    }

    void startAt(long fillsSoFar) {
        fills = fillsSoFar;
    }

    /// Fills so far.
    long fills() {
        return fills;
    }

    /// Notes a fill.
    ///
    /// @return when the tag was filled before: [#NEVER], [#RECENTLY] or [#LONG_AGO]
    int filled(long tag) {
        fills++;
        int place = placeOf(tag);
        if (tags[place] == tag) {
            boolean recent = fills - filledAt[place] <= entries;
            filledAt[place] = fills;
            return recent ? RECENTLY : LONG_AGO;
        }
        if (used < REMEMBERED) {
            remember(tag, place);
        }
        return NEVER;
    }

    /// The line was invalidated: that it is missed next time is no fault of the cache's shape.
    void forget(long tag) {
        int place = placeOf(tag);
        if (tags[place] == tag) {
            filledAt[place] = REMOVED;
        }
    }

    private void remember(long tag, int freePlace) {
        int place = freePlace;
        if (++used * 2 > tags.length) {
            grow();
            place = placeOf(tag);
        }
        tags[place] = tag;
        filledAt[place] = fills;
    }

    private void grow() {
        var oldTags = tags;
        var oldFilledAt = filledAt;
        tags = new long[oldTags.length * 2];
        filledAt = new long[oldTags.length * 2];
        for (int old = 0; old < oldTags.length; old++) {
            if (oldTags[old] != 0) {
                int place = placeOf(oldTags[old]);
                tags[place] = oldTags[old];
                filledAt[place] = oldFilledAt[old];
            }
        }
    }

    private int placeOf(long tag) {
        int place = (int) (tag * 0x9e37_79b9_7f4a_7c15L >>> 32) & tags.length - 1;
        while (tags[place] != tag && tags[place] != 0) {
            place = place + 1 & tags.length - 1;
        }
        return place;
    }
}
