package iommulab.engine.iommu;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.SetAssociativeCache;
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

    private final PhysicalMemory memory;
    private final TableFormat format;
    private final int pageShift;
    private final int indexBits;
    private final int indexMask;
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
        indexMask = (1 << indexBits) - 1;
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
        reads = 0;
        probes = 0;
        long entry = startBelow(firstTable, levels, caches, domain, iova);
        while (true) {
            int rights = TableEntry.rights(entry);
            if ((rights & access) != access) {
                return NO_RIGHT;
            }
            level = TableEntry.nextLevel(entry);
            long table = TableEntry.address(entry);
            int index = (int) (iova >>> pageShift + indexBits * (level - 1)) & indexMask;
            long entryHpa = table + ((long) index << entryShift);
            long raw = memory.read64(entryHpa);
            reads++;
            if (observer != WalkObserver.NONE) {
                observer.tableEntryRead(level, table, index, raw);
            }
            if (raw == -1 && !memory.isBacked(entryHpa)) {
                return level == levels ? NO_FIRST_TABLE : NO_TABLE;
            }
            entry = format.decode(raw, level);
            if ((entry & access) != access) {
                return NO_RIGHT;
            }
            int kind = TableEntry.kind(entry);
            entry &= rights | ~(TableEntry.READ | TableEntry.WRITE);
            if (kind == TableEntry.LEAF) {
                return entry;
            }
            if (kind != TableEntry.TABLE) {
                return kind == TableEntry.RESERVED ? RESERVED_BIT : NO_RIGHT;
            }
            if (caches.length != 0) {
                caches[level - 2].insert(
                        domain, iova, TableEntry.address(entry), TableEntry.rights(entry), origin);
            }
        }
    }

    /// The deepest entry that a paging-structure cache has for the address, else the top of the tree.
    private long startBelow(
            long firstTable, int levels, PagingStructureCache[] caches, int domain, long iova) {
        for (int at = 2; caches.length != 0 && at <= levels; at++) {
            var cache = caches[at - 2];
            int line = cache.find(domain, iova);
            probes++;
            if (observer != WalkObserver.NONE) {
                observer.cacheProbed(
                        CacheKind.PAGING_STRUCTURE,
                        at,
                        cache.lines().lastSet(),
                        line < 0 ? -1 : cache.lines().wayOf(line));
            }
            if (line != SetAssociativeCache.MISS) {
                level = at;
                long word = cache.word(line);
                return TableEntry.table(
                        PagingStructureCache.table(word),
                        at - 1,
                        PagingStructureCache.rights(word));
            }
        }
        return TableEntry.table(firstTable, levels, TableEntry.READ | TableEntry.WRITE);
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
