package iommulab.engine.iommu;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.memory.PhysicalMemory;

/// Walks page tables in memory: the one loop that all formats share. Starts below the deepest entry that
/// a paging-structure cache gives, and fills these caches on its way down.
///
/// Not thread-safe: one engine thread owns it. [#walk] allocates nothing.
public final class TableWalker {
    /// The first table is not in memory.
    public static final long NO_FIRST_TABLE = -1;

    /// A lower table is not in memory.
    public static final long NO_TABLE = -2;

    /// An entry lacks a right that the request needs, or is not present.
    public static final long NO_RIGHT = -3;

    /// An entry has a reserved bit set.
    public static final long RESERVED_BIT = -4;

    private static final int BOTH = TableEntry.READ | TableEntry.WRITE;

    private final PhysicalMemory memory;
    private final TableFormat format;
    private final int pageShift;
    private final int indexBits;
    private final long indexMask;
    private final int entryShift;
    private WalkObserver observer = WalkObserver.NONE;
    private int reads;
    private int probes;
    private int level;

    public TableWalker(PhysicalMemory memory, TableFormat format) {
        this.memory = memory;
        this.format = format;
        pageShift = format.shape().pageShift();
        indexBits = format.shape().indexBits();
        indexMask = (1L << indexBits) - 1;
        entryShift = format.shape().entryShift();
    }

    /// Tells `observer` every step from now on.
    public void observe(WalkObserver newObserver) {
        observer = newObserver;
    }

    /// Translates one address.
    ///
    /// @param firstTable hpa of the top table
    /// @param levels of the tree
    /// @param caches by level, from 2; empty if there are none
    /// @param domain tag in the caches
    /// @param iova within what the tree translates
    /// @param access rights that the request needs, see [TableEntry]
    /// @param origin what the caches are told of where an entry came from
    /// @return the leaf with the rights of all levels together, or a negative constant of this class
    public long walk(
            long firstTable,
            int levels,
            PagingStructureCache[] caches,
            int domain,
            long iova,
            int access,
            long origin) {
        probes = 0;
        boolean observed = observer != WalkObserver.NONE;
        long above =
                caches.length == 0
                        ? TableEntry.table(firstTable, levels, BOTH)
                        : startBelow(firstTable, levels, caches, domain, iova);
        int rights = TableEntry.rights(above) & access;
        int at = TableEntry.nextLevel(above);
        int bits = indexBits;
        int shift = pageShift + bits * (at - 1);
        int done = 0;
        while (rights == access) {
            long entryHpa =
                    TableEntry.address(above) + ((iova >>> shift & indexMask) << entryShift);
            long raw = memory.read64(entryHpa);
            done++;
            if (observed) {
                observer.tableEntryRead(
                        at, TableEntry.address(above), format.shape().indexAt(at, iova), raw);
            }
            if (raw == -1 && !memory.isBacked(entryHpa)) {
                return ended(done, at, at == levels ? NO_FIRST_TABLE : NO_TABLE);
            }
            long entry = format.decode(raw, at);
            rights &= (int) entry;
            if (TableEntry.kind(entry) != TableEntry.TABLE || rights != access) {
                return ended(done, at, conclude(above, entry, rights == access));
            }
            above = entry & (above | ~BOTH);
            if (caches.length != 0) {
                caches[at - 2].insert(
                        domain, iova, TableEntry.address(above), TableEntry.rights(above), origin);
            }
            int next = TableEntry.nextLevel(above);
            // Nearly always one level down. To branch on that, rather than to compute with `next`,
            // lets the
            // processor find the next address before it has looked at this entry.
            if (next == at - 1) {
                at--;
                shift -= bits;
            } else {
                shift -= bits * (at - next);
                at = next;
            }
        }
        return ended(done, at + 1, NO_RIGHT);
    }

    private long ended(int readsMade, int lastLevel, long result) {
        reads = readsMade;
        level = lastLevel;
        return result;
    }

    /// What an entry means that points to no further table, or does not grant what is needed.
    private static long conclude(long above, long entry, boolean granted) {
        if (!granted) {
            return NO_RIGHT;
        }
        return switch (TableEntry.kind(entry)) {
            case TableEntry.LEAF -> entry & (above | ~BOTH);
            case TableEntry.RESERVED -> RESERVED_BIT;
            default -> NO_RIGHT;
        };
    }

    /// The deepest entry that a paging-structure cache has for the address, else the top of the tree.
    private long startBelow(
            long firstTable, int levels, PagingStructureCache[] caches, int domain, long iova) {
        for (int at = 2; at <= levels; at++) {
            var cache = caches[at - 2];
            long word = cache.find(domain, iova);
            probes++;
            if (observer != WalkObserver.NONE) {
                observer.cacheProbed(
                        CacheKind.PAGING_STRUCTURE,
                        at,
                        cache.lines().lastSet(),
                        cache.lines().lastWay());
            }
            if (word != PagingStructureCache.MISS) {
                return TableEntry.table(
                        PagingStructureCache.table(word),
                        at - 1,
                        PagingStructureCache.rights(word));
            }
        }
        return TableEntry.table(firstTable, levels, BOTH);
    }

    /// Memory reads of the last walk.
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
}
