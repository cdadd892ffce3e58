package iommulab.engine.iommu;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.memory.PhysicalMemory;

/// The stage below a first stage: it translates the guest-physical addresses of the first stage's tables
/// and of what they map. Keeps finished translations in a cache of its own, so that the next walk through
/// the same tables need not go down again.
///
/// Not thread-safe: one engine thread owns it. Allocates nothing while it translates.
public final class SecondStage {
    /// The address is wider than the tables translate. Beside the negative answers of [TableWalker].
    public static final long TOO_WIDE = -9;

    private final TableWalker walker;
    private Iotlb finished = new Iotlb(CacheGeometry.OFF, 0);
    private boolean remembers;
    private WalkObserver observer = WalkObserver.NONE;
    private int space;
    private int addressBits;
    private long origin;
    private long tableHopes;

    private long gpa;
    private boolean write;
    private long answer;
    private boolean walked;
    private int reads;
    private int probes;
    private int hits;
    private int asked;

    public SecondStage(PhysicalMemory memory, TableFormat format) {
        walker = new TableWalker(memory, format, Stage.SECOND);
    }

    /// Tells `newObserver` every step from now on.
    public void observe(WalkObserver newObserver) {
        observer = newObserver;
        walker.observe(newObserver);
    }

    /// The caches to ask and to fill.
    ///
    /// @param newFinished gpa to hpa
    /// @param paging by level, from 2; empty for none
    public void useCaches(Iotlb newFinished, PagingStructureCache[] paging) {
        finished = newFinished;
        remembers = !newFinished.lines().isOff();
        walker.useCaches(CacheKind.NESTED_PAGING, paging);
    }

    /// Chooses the tree for the requests that follow, and begins to count anew.
    ///
    /// @param table hpa of the top table
    /// @param newAddressBits guest-physical bits that the tree translates
    /// @param newSpace 16-bit tag in the caches
    /// @param regime see [TableFormat#decode]
    /// @param newOrigin what the caches are told of where an entry came from
    public void enter(
            long table, int levels, int newAddressBits, int newSpace, long regime, long newOrigin) {
        walker.enter(table, levels, newSpace, regime);
        addressBits = newAddressBits;
        space = newSpace;
        origin = newOrigin;
        reads = 0;
        probes = 0;
        hits = 0;
        asked = 0;
    }

    /// Rights that a read of a first-stage table would like to have, see [TableWalker#walk]. None unless
    /// an architecture sets dirty bits for the tables themselves.
    public void hopeForTables(long rights) {
        tableHopes = rights;
    }

    /// The host address of a first-stage table entry; or negative.
    ///
    /// @param needs [TableEntry#READ] or [TableEntry#WRITE]
    long hpa(long entryGpa, int needs) {
        long word =
                needs == TableEntry.WRITE && entryGpa == gpa && answer >= 0
                        ? forUpdate()
                        : place(entryGpa, needs, tableHopes);
        return word < 0 ? word : Iotlb.hpa(word, entryGpa);
    }

    /// The entry that was read just now is to be written: what its walk has found still holds.
    private long forUpdate() {
        if (serves(answer, TableEntry.WRITE, 0)) {
            return answer;
        }
        if (walked && (answer & TableEntry.WRITE) == 0) {
            write = true;
            answer = TableWalker.NO_RIGHT;
            return answer;
        }
        return place(gpa, TableEntry.WRITE, tableHopes);
    }

    /// Translates one guest-physical address.
    ///
    /// @return the leaf, see [TableEntry]; or a negative answer of [TableWalker#walk] or [#TOO_WIDE]
    public long place(long newGpa, long needs, long hopes) {
        gpa = newGpa;
        write = (needs & TableEntry.ANY_WRITE) != 0;
        boolean observed = observer != WalkObserver.NONE;
        if (observed) {
            observer.secondStageBegins(newGpa);
        }
        long word =
                addressBits < 64 && newGpa >>> addressBits != 0 ? TOO_WIDE : found(needs, hopes);
        answer = word;
        if (observed) {
            observer.secondStageEnds(word);
        }
        return word;
    }

    private long found(long needs, long hopes) {
        boolean cachable = remembers && Iotlb.covers(gpa);
        if (cachable) {
            long word = finished.find(space, gpa);
            asked++;
            tellProbe();
            if (word != Iotlb.MISS && serves(word, needs, hopes)) {
                hits++;
                walked = false;
                return word;
            }
        }
        walked = true;
        long word = walker.walk(gpa, needs, hopes, origin);
        reads += walker.reads();
        probes += walker.probes();
        if (word >= 0 && cachable) {
            finished.replace(space, gpa, word, origin);
        }
        return word;
    }

    /// A cached page without the right, or not yet marked as written, has to be walked for again: the
    /// tables may say more now.
    private static boolean serves(long word, long needs, long hopes) {
        boolean written = ((needs | hopes & word) & TableEntry.ANY_WRITE) != 0;
        return (word & needs) == needs && !(written && (word & TableEntry.CLEAN) != 0);
    }

    private void tellProbe() {
        if (observer != WalkObserver.NONE) {
            observer.cacheProbed(
                    CacheKind.NESTED, 0, finished.lines().lastSet(), finished.lines().lastWay());
        }
    }

    /// Adds a walk that the stage will make alone, see [ReadAhead#add].
    public void foresee(long table, int levels, long address, long regime, ReadAhead walks) {
        walks.add(walker, table, levels, address, regime);
    }

    // ---- what the last request found

    /// Guest-physical address asked for last.
    public long gpa() {
        return gpa;
    }

    /// What came of it, as [#place] told.
    public long answer() {
        return answer;
    }

    /// See [TableWalker#lastRights].
    public long lastRights() {
        return walker.lastRights();
    }

    /// Whether it was to be written.
    public boolean wasWrite() {
        return write;
    }

    /// Level of the entry at which the last walk ended.
    public int level() {
        return walker.level();
    }

    /// hpa of the entry at which the last walk ended.
    public long lastEntry() {
        return walker.lastEntry();
    }

    /// Memory reads since [#enter].
    public int reads() {
        return reads;
    }

    /// Paging-structure caches asked since [#enter].
    public int probes() {
        return probes;
    }

    /// Times that the cache of finished translations was asked since [#enter]; 0 if it is off.
    public int asked() {
        return asked;
    }

    /// Addresses that the cache of finished translations gave since [#enter].
    public int hits() {
        return hits;
    }
}
