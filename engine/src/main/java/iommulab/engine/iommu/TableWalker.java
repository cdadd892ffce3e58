package iommulab.engine.iommu;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.memory.PhysicalMemory;

import org.jspecify.annotations.Nullable;

/// Walks page tables in memory: the one loop that all formats and both stages share. Starts below the
/// deepest entry that a paging-structure cache gives, and fills these caches on its way down. With a
/// [SecondStage] below it, the addresses of its tables are guest-physical, and each goes through that.
///
/// Not thread-safe: one engine thread owns it. [#walk] allocates nothing.
public final class TableWalker {
    /// The first table is not in memory.
    public static final long NO_FIRST_TABLE = -1;

    /// A lower table is not in memory.
    public static final long NO_TABLE = -2;

    /// A right is missing that the request needs.
    public static final long NO_RIGHT = -3;

    /// An entry is not present.
    public static final long NOT_PRESENT = -4;

    /// A level was skipped whose bits of the address are not zero.
    public static final long SKIPPED = -5;

    /// The accessed or the dirty bit is missing, and software has to set it.
    public static final long UNMARKED = -6;

    /// Memory did not take the accessed or the dirty bit.
    public static final long NO_UPDATE = -7;

    /// The second stage stopped the read or the update of an entry; see [SecondStage].
    public static final long BELOW = -8;

    private static final long FIRST_RULE = -64;

    private static final PagingStructureCache[] NO_CACHES = new PagingStructureCache[0];
    private static final long KEPT = ~TableEntry.RIGHTS;

    private final PhysicalMemory memory;
    private final TableFormat format;
    private final Stage stage;
    private final int pageShift;
    private final int indexBits;
    private final long indexMask;
    private final int entryShift;
    private final boolean checksEachLevel;
    private final boolean marksUse;
    private final boolean marksTables;
    private CacheKind cacheKind = CacheKind.PAGING_STRUCTURE;
    private PagingStructureCache[] caches = NO_CACHES;
    private @Nullable SecondStage below;
    private WalkObserver observer = WalkObserver.NONE;

    private long firstTable;
    private int levels;
    private int space;
    private long regime;

    private int reads;
    private int probes;
    private int level;
    private long lastEntry;
    private long lastRights;
    private long failure;

    public TableWalker(PhysicalMemory memory, TableFormat format, Stage stage) {
        this.memory = memory;
        this.format = format;
        this.stage = stage;
        pageShift = format.shape().pageShift();
        indexBits = format.shape().indexBits();
        indexMask = (1L << indexBits) - 1;
        entryShift = format.shape().entryShift();
        checksEachLevel = format.checksRightsAtEachLevel();
        marksUse = format.marksUse();
        marksTables = format.marksTables();
    }

    /// Tells `newObserver` every step from now on.
    public void observe(WalkObserver newObserver) {
        observer = newObserver;
    }

    /// The paging-structure caches to ask and to fill.
    ///
    /// @param kind what an observer is told
    /// @param newCaches by level, from 2, as many as the deepest tree has levels above 1; empty for none
    public void useCaches(CacheKind kind, PagingStructureCache[] newCaches) {
        cacheKind = kind;
        caches = newCaches;
    }

    /// Whether the tables lie in guest-physical memory.
    ///
    /// @param secondStage that translates their addresses, entered already; null if they are host
    ///     addresses
    public void through(@Nullable SecondStage secondStage) {
        // Reads before it writes: a reference that stays costs no barrier.
        if (below != secondStage) {
            below = secondStage;
        }
    }

    /// Chooses the tree for the walks that follow.
    ///
    /// @param table address of the top table, aligned as the format wants
    /// @param newLevels of the tree
    /// @param newSpace 16-bit tag in the caches
    /// @param newRegime see [TableFormat#decode]
    public void enter(long table, int newLevels, int newSpace, long newRegime) {
        firstTable = table;
        levels = newLevels;
        space = newSpace;
        regime = newRegime;
    }

    /// Translates one address.
    ///
    /// @param address within what the tree translates: nothing above the index of the top table
    /// @param needs rights that the request needs, see [TableEntry]
    /// @param hopes rights that it would like: nothing stops it without them, but a page that it may
    ///     write counts as written
    /// @param origin what the caches are told of where an entry came from
    /// @return the leaf with the rights of all levels together, or a negative constant of this class
    public long walk(long address, long needs, long hopes, long origin) {
        probes = 0;
        reads = 0;
        long table = firstTable;
        long above = TableEntry.table(0, levels, TableEntry.RIGHTS);
        long mask = -1;
        if (caches.length != 0) {
            long cached = startBelow(address);
            if (cached != PagingStructureCache.MISS) {
                above = cached;
                table = TableEntry.address(cached);
                mask = indexMask;
            }
        }
        if (checksEachLevel && (above & needs) != needs) {
            lastRights = TableEntry.rights(above);
            return ended(TableEntry.nextLevel(above) + 1, NO_RIGHT);
        }
        int at = TableEntry.nextLevel(above);
        int bits = indexBits;
        int shift = pageShift + bits * (at - 1);
        boolean plain = below == null && observer == WalkObserver.NONE;
        int done = 0;
        while (true) {
            long entryAddress = table + ((address >>> shift & mask) << entryShift);
            long hpa = entryAddress;
            if (!plain) {
                level = at;
                lastEntry = entryAddress;
                hpa = place(entryAddress, TableEntry.READ);
                if (hpa < 0) {
                    reads = done;
                    return BELOW;
                }
            }
            long raw = format.read(memory, hpa, regime);
            done++;
            if (!plain) {
                observer.tableEntryRead(
                        stage, at, table, (int) (address >>> shift & mask), hpa, raw);
            }
            if (raw == -1 && !memory.isBacked(hpa)) {
                reads = done;
                lastEntry = entryAddress;
                return ended(at, at == levels ? NO_FIRST_TABLE : NO_TABLE);
            }
            long entry = format.decode(raw, at, regime);
            long next = entry & (above | KEPT) | above & TableEntry.GLOBAL;
            if ((entry & TableEntry.RESERVED) != TableEntry.TABLE
                    || checksEachLevel && (next & needs) != needs) {
                reads = done;
                lastEntry = entryAddress;
                level = at;
                return conclude(next, raw, hpa, needs, hopes);
            }
            if (marksTables && !markTable(raw, at, entryAddress, hpa)) {
                reads = done;
                return failure;
            }
            above = next;
            // Of the entry itself, so that the next address need not wait for the rights.
            table = TableEntry.address(entry);
            mask = indexMask;
            int nextLevel = TableEntry.nextLevel(above);
            // Nearly always one level down. To branch on that, rather than to compute with
            // `nextLevel`,
            // lets the processor find the next address before it has looked at this entry.
            if (nextLevel == at - 1) {
                at--;
                shift -= bits;
            } else {
                int skippedTo = shift - bits * (at - nextLevel);
                if ((address >>> skippedTo + bits & (1L << shift - skippedTo - bits) - 1) != 0) {
                    reads = done;
                    lastEntry = entryAddress;
                    return ended(at, SKIPPED);
                }
                shift = skippedTo;
                at = nextLevel;
            }
            if (caches.length != 0) {
                // Where levels were skipped, as the entry of the last of them: what it says holds
                // only
                // for addresses whose skipped bits are zero.
                caches[at - 1].insert(space, address, above, origin);
            }
        }
    }

    /// The entry that a table has for an address. Nothing is counted, cached, marked or told.
    ///
    /// @param top whether it is the top table, which may have more entries than the others
    long raw(long table, long address, int tableLevel, boolean top, long ofRegime) {
        long index = address >>> pageShift + indexBits * (tableLevel - 1);
        long at = table + ((top ? index : index & indexMask) << entryShift);
        return format.read(memory, at, ofRegime);
    }

    /// See [TableFormat#decode].
    long decode(long raw, int tableLevel, long ofRegime) {
        return format.decode(raw, tableLevel, ofRegime);
    }

    private long ended(int lastLevel, long result) {
        level = lastLevel;
        return result;
    }

    /// What an entry means that points to no further table, or does not grant what is needed.
    ///
    /// @param entry with the rights of all levels
    private long conclude(long entry, long raw, long hpa, long needs, long hopes) {
        lastRights = TableEntry.rights(entry);
        boolean granted = (entry & needs) == needs;
        if (checksEachLevel && !granted) {
            return TableEntry.kind(entry) == TableEntry.NOT_PRESENT ? NOT_PRESENT : NO_RIGHT;
        }
        return switch (TableEntry.kind(entry)) {
            case TableEntry.RESERVED -> FIRST_RULE - TableEntry.nextLevel(entry);
            case TableEntry.LEAF -> {
                if (!granted) {
                    yield NO_RIGHT;
                }
                yield marksUse ? markLeaf(entry, raw, hpa, needs | hopes & entry) : entry;
            }
            default -> NOT_PRESENT;
        };
    }

    /// The number of the broken rule, if a walk ended at an entry that breaks one; else -1.
    public static int brokenRule(long answer) {
        return answer <= FIRST_RULE ? (int) (FIRST_RULE - answer) : -1;
    }

    // ---- accessed and dirty bits

    private boolean markTable(long raw, int at, long entryAddress, long hpa) {
        long used = format.used(raw, at, false, false, regime);
        if (used == raw) {
            return true;
        }
        failure = mark(raw, used, at, entryAddress, hpa);
        return failure == 0;
    }

    private long markLeaf(long leaf, long raw, long hpa, long wanted) {
        boolean write = (wanted & TableEntry.ANY_WRITE) != 0;
        long marked =
                mark(raw, format.used(raw, level, true, write, regime), level, lastEntry, hpa);
        return marked == 0 ? write ? leaf & ~TableEntry.CLEAN : leaf : marked;
    }

    /// @return 0, or why the entry could not be changed
    private long mark(long raw, long used, int at, long entryAddress, long hpa) {
        if (used == raw) {
            return 0;
        }
        level = at;
        lastEntry = entryAddress;
        if (used == TableFormat.UNMARKED) {
            return UNMARKED;
        }
        if (below != null && place(entryAddress, TableEntry.WRITE) < 0) {
            return BELOW;
        }
        if (!format.write(memory, hpa, used, regime)) {
            return NO_UPDATE;
        }
        observer.entryMarked(hpa, used);
        return 0;
    }

    /// Host address of an entry, or negative.
    private long place(long entryAddress, int needs) {
        return below == null ? entryAddress : below.hpa(entryAddress, needs);
    }

    // ---- paging-structure caches

    /// The deepest entry that a paging-structure cache has for the address, as a table entry.
    private long startBelow(long address) {
        for (int at = 2; at <= levels; at++) {
            var cache = caches[at - 2];
            long word = cache.find(space, address);
            probes++;
            if (observer != WalkObserver.NONE) {
                observer.cacheProbed(
                        cacheKind, at, cache.lines().lastSet(), cache.lines().lastWay());
            }
            if (word != PagingStructureCache.MISS) {
                return word;
            }
        }
        return PagingStructureCache.MISS;
    }

    /// Memory reads of the last walk, those of the stage below not counted.
    public int reads() {
        return reads;
    }

    /// Paging-structure caches asked in the last walk.
    public int probes() {
        return probes;
    }

    /// Level of the entry at which the last walk ended.
    public int level() {
        return level;
    }

    /// Address of the entry at which the last walk ended, in the address space of the tables: hpa, or
    /// gpa if there is a second stage.
    public long lastEntry() {
        return lastEntry;
    }

    /// If the last walk ended for want of a right or for a broken rule: the rights that all entries down
    /// to the last leave.
    public long lastRights() {
        return lastRights;
    }
}
