package iommulab.engine.cache;

import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;

/// The memory of one cache: sets of ways, each way a tag with two words, and a policy that makes room.
/// What tags and words mean is up to the cache built on it.
///
/// Not thread-safe: one engine thread owns it. [#lookup] and [#insert] allocate nothing (except that the
/// record of what was ever cached grows).
public final class SetAssociativeCache {
    /*
     * A line is a way of a set, numbered set * ways + way; four words of one array:
     *
     *   lines  [ tag | word | origin | stamp ][ tag | word | origin | stamp ] ...
     *            0 = empty      |       LRU: clock of the last use, else of the fill; 0 = empty
     *                           never read on a hit
     *   After the last line comes one that stays empty: where hints lead that shall lead nowhere.
     *   trees  one word of bits per set, tree-PLRU only, see TreePlru
     *
     * Where a tag was seen last is remembered by its hash (hints), so that a hit usually costs one
     * comparison in whatever way it lies; a wrong hint costs the search of the set. Hints are no state:
     * they never change an answer.
     *
     * The straight way is for LRU alone, so that it need not ask for the policy: with the others its
     * hints lead to the empty line.
     *
     * A hit moves the clock and one word of the policy; with LRU the line of the last access is the one
     * whose stamp is the clock. Everything else is done on misses: they are classed when the line is
     * filled, because only then is it known which tag was missed (a page may have one of several sizes).
     */
    /// Answer of [#lookup] if no line has the tag. No first word of a line is 0.
    public static final long MISS = 0;

    private static final int NOWHERE = -1;
    static final int STRIDE = 4;
    private static final int WORD = 1;
    private static final int ORIGIN = 2;
    static final int STAMP = 3;
    /* Of a place within a set of 64 ways. */
    private static final int PLACE_BITS = 8;
    private static final int HINTS_PER_LINE = 8;
    private static final int MOST_HINTS = 1 << 16;
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private final CacheGeometry geometry;
    private final int ways;
    private final int setMask;
    private final boolean stampsUses;
    private final boolean usesTrees;
    private final boolean replacesOldest;
    private final long[] lines;
    private final long[] trees;
    private final int[] hints;
    private final int[] straightHints;
    private final int hintShift;
    private final FillHistory history;
    private long clock;
    private long randomState;
    private int lastPlace = NOWHERE;
    private int missedSet = NOWHERE;
    private long missedAt = NOWHERE;
    private long hitsBefore;
    private long misses;
    private long evictions;
    private long invalidated;

    /// An empty cache.
    ///
    /// @param seed of [Replacement#RANDOM]
    public SetAssociativeCache(CacheGeometry geometry, long seed) {
        this(
                geometry,
                new long[(Math.max(1, geometry.entries()) + 1) * STRIDE],
                new long[geometry.replacement() == Replacement.TREE_PLRU ? geometry.sets() : 0],
                // In a single set no two tags are in each other's way.
                new FillHistory(geometry.sets() == 1 ? 0 : geometry.entries()));
        randomState = seed | 1;
    }

    private SetAssociativeCache(
            CacheGeometry geometry, long[] lines, long[] trees, FillHistory history) {
        this.geometry = geometry;
        this.lines = lines;
        this.trees = trees;
        this.history = history;
        ways = geometry.isOff() ? 0 : geometry.ways();
        setMask = Math.max(0, geometry.sets() - 1);
        stampsUses = geometry.replacement() == Replacement.LRU;
        usesTrees = trees.length != 0;
        replacesOldest = stampsUses || geometry.replacement() == Replacement.FIFO;
        int wanted = Math.clamp((long) geometry.entries() * HINTS_PER_LINE, 2, MOST_HINTS);
        hints = new int[Integer.highestOneBit(wanted)];
        hintShift = Long.SIZE - Integer.numberOfTrailingZeros(hints.length);
        straightHints = stampsUses ? hints : new int[hints.length];
        Arrays.fill(straightHints, lines.length - STRIDE);
    }

    /// A cache in the same state that shares nothing with this one.
    public SetAssociativeCache copy() {
        var copy = new SetAssociativeCache(geometry, lines.clone(), trees.clone(), history.copy());
        copy.clock = clock;
        copy.randomState = randomState;
        copy.lastPlace = lastPlace;
        copy.missedSet = missedSet;
        copy.missedAt = missedAt;
        copy.hitsBefore = hitsBefore;
        copy.misses = misses;
        copy.evictions = evictions;
        copy.invalidated = invalidated;
        return copy;
    }

    /// An empty cache of another shape that goes on counting where this one stopped.
    public SetAssociativeCache reshaped(CacheGeometry shape) {
        var other = new SetAssociativeCache(shape, randomState);
        other.history.startAt(history);
        other.hitsBefore = hits();
        other.misses = misses;
        other.evictions = evictions;
        other.invalidated = invalidated;
        other.clock = history.fills();
        return other;
    }

    public CacheGeometry geometry() {
        return geometry;
    }

    public boolean isOff() {
        return ways == 0;
    }

    // ---- the hit path

    /// Looks for a tag where it was seen last, and nowhere else: [#lookup] for who can do the rest of the
    /// work elsewhere, so that the way of the most frequent hits stays straight. Finds nothing where the
    /// policy is not LRU.
    ///
    /// @return the first word of the line; [#MISS] if the tag is not there, and nothing is changed then
    public long lookupByHint(long tag) {
        int place = straightHints[(int) (tag * SPREAD >>> hintShift)];
        if (lines[place] != tag) {
            return MISS;
        }
        lines[place + STAMP] = ++clock;
        return lines[place + WORD];
    }

    /// Looks for a tag. A hit counts and makes the line young; a miss does nothing, see [#countMiss].
    ///
    /// @param index its low bits choose the set
    /// @return the first word of the line, or [#MISS]
    public long lookup(long tag, long index) {
        int place = hints[(int) (tag * SPREAD >>> hintShift)];
        if (lines[place] != tag) {
            place = search(tag, index);
            if (place < 0) {
                return MISS;
            }
        }
        return use(place);
    }

    /// As [#lookup], where [#lookupByHint] has found nothing.
    public long lookupElsewhere(long tag, long index) {
        if (!stampsUses) {
            // The hint was not tried.
            return lookup(tag, index);
        }
        int place = search(tag, index);
        return place < 0 ? MISS : use(place);
    }

    /// What [#lookup] would give, without counting it.
    public long peek(long tag, long index) {
        int place = placeOf(tag, index);
        return place < 0 ? MISS : lines[place + WORD];
    }

    private long use(int place) {
        long now = ++clock;
        if (stampsUses) {
            lines[place + STAMP] = now;
        } else {
            touch(place);
        }
        return lines[place + WORD];
    }

    private int search(long tag, long index) {
        int first = ((int) index & setMask) * ways * STRIDE;
        for (int place = first; place < first + ways * STRIDE; place += STRIDE) {
            if (lines[place] == tag) {
                hints[(int) (tag * SPREAD >>> hintShift)] = place;
                return place;
            }
        }
        return NOWHERE;
    }

    /// What a use changes under the other policies than LRU.
    private void touch(int place) {
        lastPlace = place;
        if (usesTrees) {
            TreePlru.touch(trees, ways, place / STRIDE);
        }
    }

    /// First word of a line.
    public long word(int line) {
        return lines[line * STRIDE + WORD];
    }

    /// Second word of a line.
    public long origin(int line) {
        return lines[line * STRIDE + ORIGIN];
    }

    /// Second word of the line that has a tag; looking at it is no use of the line.
    ///
    /// @return [#MISS] if no line has the tag
    public long originOf(long tag, long index) {
        int place = placeOf(tag, index);
        return place < 0 ? MISS : lines[place + ORIGIN];
    }

    private int placeOf(long tag, long index) {
        int place = hints[(int) (tag * SPREAD >>> hintShift)];
        return lines[place] == tag ? place : search(tag, index);
    }

    // ---- the miss path

    /// Counts a probe, or several for the possible sizes of one page, that found nothing.
    ///
    /// @param index of the probe
    public void countMiss(long index) {
        if (ways != 0) {
            misses++;
            missedSet = (int) index & setMask;
            missedAt = clock;
        }
    }

    /// Fills a line with what a lookup did not find.
    ///
    /// @param tag not 0, and in no line
    /// @param index its low bits choose the set
    /// @param word not 0
    public void insert(long tag, long index, long word, long origin) {
        if (ways == 0) {
            return;
        }
        int place = roomIn((int) index & setMask);
        if (lines[place] != 0) {
            evictions++;
        }
        lines[place] = tag;
        lines[place + WORD] = word;
        lines[place + ORIGIN] = origin;
        lines[place + STAMP] = ++clock;
        hints[(int) (tag * SPREAD >>> hintShift)] = place;
        touch(place);
        history.filled(tag);
    }

    /// As [#insert], but if a line has the tag it gets the new words and becomes the youngest.
    public void replace(long tag, long index, long word, long origin) {
        int place = ways == 0 ? NOWHERE : search(tag, index);
        if (place < 0) {
            insert(tag, index, word, origin);
            return;
        }
        lines[place + WORD] = word;
        lines[place + ORIGIN] = origin;
        use(place);
    }

    /* The least of stamps and places together: without a branch that the processor would guess wrong. */
    private int roomIn(int set) {
        int first = set * ways * STRIDE;
        long least = Long.MAX_VALUE;
        for (int at = 0; at < ways * STRIDE; at += STRIDE) {
            least = Math.min(least, lines[first + at + STAMP] << PLACE_BITS | at);
        }
        int oldest = first + (int) (least & (1 << PLACE_BITS) - 1);
        long age = least >>> PLACE_BITS;
        // An empty line has stamp 0: the oldest of all.
        return age == 0 || replacesOldest ? oldest : victim(set, first, oldest);
    }

    private int victim(int set, int first, int oldest) {
        return switch (geometry.replacement()) {
            case LRU, FIFO -> oldest;
            case TREE_PLRU -> first + TreePlru.victim(trees[set], ways) * STRIDE;
            case RANDOM -> {
                randomState = Replacement.nextRandom(randomState);
                yield first + (int) Long.remainderUnsigned(randomState, ways) * STRIDE;
            }
        };
    }

    // ---- removal

    /// Removes every line whose tag is covered.
    ///
    /// @return how many
    public int remove(LongPredicate covered) {
        int removed = 0;
        for (int line = 0; line < lines(); line++) {
            if (tag(line) != 0 && covered.test(tag(line))) {
                remove(line);
                removed++;
            }
        }
        return removed;
    }

    /// Removes one filled line.
    public void remove(int line) {
        history.forget(tag(line));
        lines[line * STRIDE] = 0;
        lines[line * STRIDE + STAMP] = 0;
        invalidated++;
    }

    // ---- what it holds

    /// Number of lines, filled or not.
    public int lines() {
        return ways == 0 ? 0 : geometry.entries();
    }

    /// Tag of a line, 0 if it is empty.
    public long tag(int line) {
        return lines[line * STRIDE];
    }

    public int setOf(int line) {
        return line / ways;
    }

    public int wayOf(int line) {
        return line % ways;
    }

    /// Set of the last access, -1 before the first.
    public int lastSet() {
        if (missedAt == clock) {
            return missedSet;
        }
        int line = lastLine();
        return line < 0 ? -1 : setOf(line);
    }

    /// Way of the last access, -1 if it was a miss that filled nothing.
    public int lastWay() {
        int line = lastLine();
        return missedAt == clock || line < 0 ? -1 : wayOf(line);
    }

    /// The line that was used or filled last, -1 if there is none or it was removed.
    public int lastLine() {
        if (!stampsUses) {
            return lastPlace < 0 ? -1 : lastPlace / STRIDE;
        }
        return LineOrder.stampedAt(clock, lines, lines());
    }

    /// Place of a line among the filled lines of its set in the policy's own order, youngest 0. Random
    /// replacement has no order; its lines are ranked by their fill.
    public int ageOf(int line) {
        return usesTrees
                ? LineOrder.ageByTree(lines, trees, ways, line)
                : LineOrder.ageByStamp(lines, ways, line);
    }

    /// The clock ticks for each hit and each fill.
    private long hits() {
        return hitsBefore + clock - history.fills();
    }

    /// Counters since power-on.
    public CacheSnapshot.Statistics statistics() {
        return history.statistics(hits(), misses, evictions, invalidated);
    }

    /// @param level see [CacheSnapshot]
    /// @param read turns a filled line into what the screen sees
    public CacheSnapshot snapshot(CacheKind kind, int level, IntFunction<CacheSnapshot.Line> read) {
        var filled =
                IntStream.range(0, lines()).filter(line -> tag(line) != 0).mapToObj(read).toList();
        return new CacheSnapshot(kind, level, geometry, statistics(), filled, lastSet(), lastWay());
    }

    /// Hash of everything that decides what the cache will answer and count from now on.
    public long stateHash() {
        long hash =
                (geometry.sets() * 31L + geometry.ways()) * 31 + geometry.replacement().ordinal();
        hash = hash * 31 + LineOrder.hash(lines, lines.length - STRIDE);
        hash = hash * 31 + Arrays.hashCode(trees);
        hash = (hash * 31 + clock) * 31 + randomState;
        hash = hash * 31 + lastPlace;
        hash = (hash * 31 + missedAt) * 31 + missedSet;
        return hash * 31 + statistics().hashCode();
    }
}
