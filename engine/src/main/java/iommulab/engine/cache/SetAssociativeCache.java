package iommulab.engine.cache;

import java.util.ArrayList;
import java.util.Arrays;

/// The memory of one cache: sets of ways, each way a tag with two words, and a policy that makes room.
/// What tags and words mean is up to the cache built on it.
///
/// Not thread-safe: one engine thread owns it. [#probe] and [#insert] allocate nothing (except that the
/// record of what was ever cached grows).
public final class SetAssociativeCache {
    /*
     * A line is a way of a set, numbered set * ways + way, in every array.
     *
     *   set 1, four ways:   tags    [ t4 | t5 | 0  | t7 ]   0 = empty, every other tag is not 0
     *                       words   [ w4 | w5 | .  | w7 ]   what the cache gives
     *                       origins [ o4 | o5 | .  | o7 ]   where it came from, never read on a hit
     *                       stamps  [ 12 | 90 | .  | 31 ]   LRU: clock of the last use, else of the fill
     *                       trees   [ bits of set 1     ]   tree-PLRU only, see TreePlru
     *
     * A hit costs the comparison, one counter, the place of the last access and one word of the policy.
     * Everything else is done on misses: they are classed when the line is filled, because only then is
     * it known which tag was missed (a page may have one of several sizes).
     */
    /// No line.
    public static final int MISS = -1;

    private static final int NEVER_ACCESSED = Integer.MIN_VALUE;

    private final CacheGeometry geometry;
    private final int ways;
    private final int setMask;
    private final boolean stampsUses;
    private final boolean usesTrees;
    private final long[] tags;
    private final long[] words;
    private final long[] origins;
    private final long[] stamps;
    private final long[] trees;
    private final FillHistory history;
    private long clock;
    private long randomState;
    private int lastLine = NEVER_ACCESSED;
    private long hits;
    private long misses;
    private long evictions;
    private long invalidated;
    private long conflictMisses;
    private long capacityMisses;

    /// An empty cache.
    ///
    /// @param seed of [Replacement#RANDOM]
    public SetAssociativeCache(CacheGeometry geometry, long seed) {
        this.geometry = geometry;
        ways = geometry.isOff() ? 0 : geometry.ways();
        setMask = Math.max(0, geometry.sets() - 1);
        stampsUses = geometry.replacement() == Replacement.LRU;
        usesTrees = geometry.replacement() == Replacement.TREE_PLRU;
        tags = new long[geometry.entries()];
        words = new long[geometry.entries()];
        origins = new long[geometry.entries()];
        stamps = new long[geometry.entries()];
        trees = new long[usesTrees ? geometry.sets() : 0];
        history = new FillHistory(geometry.entries());
        randomState = seed | 1;
    }

    private SetAssociativeCache(SetAssociativeCache other) {
        geometry = other.geometry;
        ways = other.ways;
        setMask = other.setMask;
        stampsUses = other.stampsUses;
        usesTrees = other.usesTrees;
        tags = other.tags.clone();
        words = other.words.clone();
        origins = other.origins.clone();
        stamps = other.stamps.clone();
        trees = other.trees.clone();
        history = other.history.copy();
        clock = other.clock;
        randomState = other.randomState;
        lastLine = other.lastLine;
        takeCounters(other);
    }

    /// A cache in the same state that shares nothing with this one.
    public SetAssociativeCache copy() {
        return new SetAssociativeCache(this);
    }

    /// An empty cache of another shape that goes on counting where this one stopped.
    public SetAssociativeCache reshaped(CacheGeometry shape) {
        var other = new SetAssociativeCache(shape, randomState);
        other.takeCounters(this);
        return other;
    }

    private void takeCounters(SetAssociativeCache other) {
        hits = other.hits;
        misses = other.misses;
        evictions = other.evictions;
        invalidated = other.invalidated;
        conflictMisses = other.conflictMisses;
        capacityMisses = other.capacityMisses;
        history.startAt(other.history.fills());
    }

    public CacheGeometry geometry() {
        return geometry;
    }

    public boolean isOff() {
        return ways == 0;
    }

    // ---- the hit path

    /// Looks for a tag. A hit counts and makes the line young; a miss does nothing, see [#countMiss].
    ///
    /// @param index its low bits choose the set
    /// @return the line, or [#MISS]
    public int probe(long tag, long index) {
        int first = ((int) index & setMask) * ways;
        for (int line = first; line < first + ways; line++) {
            if (tags[line] == tag) {
                hits++;
                lastLine = line;
                if (stampsUses) {
                    stamps[line] = ++clock;
                } else if (usesTrees) {
                    int set = (int) index & setMask;
                    trees[set] = TreePlru.touched(trees[set], ways, line - first);
                }
                return line;
            }
        }
        return MISS;
    }

    /// First word of a line.
    public long word(int line) {
        return words[line];
    }

    /// Second word of a line.
    public long origin(int line) {
        return origins[line];
    }

    // ---- the miss path

    /// Counts a probe, or several for the possible sizes of one page, that found nothing.
    ///
    /// @param index of the probe
    public void countMiss(long index) {
        if (ways != 0) {
            misses++;
            lastLine = ~((int) index & setMask);
        }
    }

    /// Fills a line; a line with the same tag is replaced.
    ///
    /// @param tag not 0
    /// @param index its low bits choose the set
    /// @return the line, or [#MISS] if the cache is off
    public int insert(long tag, long index, long word, long origin) {
        if (ways == 0) {
            return MISS;
        }
        int set = (int) index & setMask;
        int line = roomFor(tag, set);
        switch (history.filled(tag)) {
            case FillHistory.NEVER -> {}
            case FillHistory.RECENTLY -> conflictMisses++;
            default -> capacityMisses++;
        }
        tags[line] = tag;
        words[line] = word;
        origins[line] = origin;
        stamps[line] = ++clock;
        if (usesTrees) {
            trees[set] = TreePlru.touched(trees[set], ways, line - set * ways);
        }
        lastLine = line;
        return line;
    }

    private int roomFor(long tag, int set) {
        int first = set * ways;
        int empty = MISS;
        for (int line = first; line < first + ways; line++) {
            if (tags[line] == tag) {
                return line;
            }
            if (tags[line] == 0 && empty == MISS) {
                empty = line;
            }
        }
        if (empty != MISS) {
            return empty;
        }
        evictions++;
        return switch (geometry.replacement()) {
            case LRU, FIFO -> oldestOf(first);
            case TREE_PLRU -> first + TreePlru.victim(trees[set], ways);
            case RANDOM -> first + nextRandom(ways);
        };
    }

    private int oldestOf(int first) {
        int oldest = first;
        for (int line = first + 1; line < first + ways; line++) {
            if (stamps[line] < stamps[oldest]) {
                oldest = line;
            }
        }
        return oldest;
    }

    private int nextRandom(int bound) {
        randomState ^= randomState << 13;
        randomState ^= randomState >>> 7;
        randomState ^= randomState << 17;
        return (int) Long.remainderUnsigned(randomState, bound);
    }

    // ---- removal

    /// Chooses lines by their tag.
    public interface TagTest {
        boolean covers(long tag);
    }

    /// Removes every line whose tag is covered.
    ///
    /// @return how many
    public int remove(TagTest test) {
        int removed = 0;
        for (int line = 0; line < lines(); line++) {
            if (tags[line] != 0 && test.covers(tags[line])) {
                remove(line);
                removed++;
            }
        }
        return removed;
    }

    /// Removes one filled line.
    public void remove(int line) {
        history.forget(tags[line]);
        tags[line] = 0;
        invalidated++;
    }

    // ---- what it holds

    /// Number of lines, filled or not.
    public int lines() {
        return ways == 0 ? 0 : tags.length;
    }

    /// Tag of a line, 0 if it is empty.
    public long tag(int line) {
        return tags[line];
    }

    public int setOf(int line) {
        return line / ways;
    }

    public int wayOf(int line) {
        return line % ways;
    }

    /// Set of the last access, -1 before the first.
    public int lastSet() {
        if (lastLine == NEVER_ACCESSED) {
            return -1;
        }
        return lastLine < 0 ? ~lastLine : setOf(lastLine);
    }

    /// Way of the last access, -1 if it was a miss that filled nothing.
    public int lastWay() {
        return lastLine < 0 ? -1 : wayOf(lastLine);
    }

    /// Place of a line among the filled lines of its set in the policy's own order, youngest 0. Random
    /// replacement has no order; its lines are ranked by their fill.
    public int ageOf(int line) {
        int set = setOf(line);
        int age = 0;
        for (int other = set * ways; other < (set + 1) * ways; other++) {
            if (tags[other] != 0 && isYounger(other, line, set)) {
                age++;
            }
        }
        return age;
    }

    private boolean isYounger(int line, int than, int set) {
        if (usesTrees) {
            return TreePlru.age(trees[set], ways, wayOf(line))
                    < TreePlru.age(trees[set], ways, wayOf(than));
        }
        return stamps[line] > stamps[than];
    }

    /// Counters since power-on.
    public CacheSnapshot.Statistics statistics() {
        return new CacheSnapshot.Statistics(
                hits + misses,
                hits,
                history.fills(),
                evictions,
                invalidated,
                misses - conflictMisses - capacityMisses,
                conflictMisses,
                capacityMisses);
    }

    /// Turns a filled line into what the screen sees.
    public interface LineReader {
        CacheSnapshot.Line read(int line);
    }

    /// @param level see [CacheSnapshot]
    public CacheSnapshot snapshot(CacheKind kind, int level, LineReader reader) {
        var filled = new ArrayList<CacheSnapshot.Line>();
        for (int line = 0; line < lines(); line++) {
            if (tags[line] != 0) {
                filled.add(reader.read(line));
            }
        }
        return new CacheSnapshot(kind, level, geometry, statistics(), filled, lastSet(), lastWay());
    }

    /// Hash of everything that decides what the cache will answer and count from now on.
    public long stateHash() {
        long hash =
                (geometry.sets() * 31L + geometry.ways()) * 31 + geometry.replacement().ordinal();
        for (var array : new long[][] {tags, words, origins, stamps, trees}) {
            hash = hash * 31 + Arrays.hashCode(array);
        }
        hash = hash * 31 + clock;
        hash = hash * 31 + randomState;
        hash = hash * 31 + lastLine;
        return hash * 31 + statistics().hashCode();
    }
}
