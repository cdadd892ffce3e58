package iommulab.engine.iommu;

/// Reads the table entries of several walks side by side, so that the processor can wait for many memory
/// accesses at once where walks one by one would wait for each. Changes nothing and answers nothing: the
/// walks themselves find afterwards what they need in the processor's caches.
///
/// Not thread-safe: one engine thread owns it. Allocates nothing.
public final class ReadAhead {
    /// Most walks at once: more than a processor can wait for.
    static final int WALKS = 32;

    private final TableWalker[] walkers = new TableWalker[WALKS];
    private final long[] tables = new long[WALKS];
    private final long[] addresses = new long[WALKS];
    private final long[] regimes = new long[WALKS];
    /* Of the table to be read next, 0 when the walk has ended; of the top table, whose index is not cut. */
    private final int[] levels = new int[WALKS];
    private final int[] topLevels = new int[WALKS];
    private int size;
    private int deepest;
    /* Of what was read at the last levels, so that it is read. */
    private long sum;

    /// Without walks. Those of a batch: [RequestBatch].
    ReadAhead() {}

    /// Adds a walk. It ends at the smallest pages, and wherever hardware would stop it.
    ///
    /// @param walker that will make it; its tables are at host addresses
    /// @param table hpa of the top table
    /// @param treeLevels of the tree
    /// @param address within what the tree translates
    /// @param regime see [TableFormat#decode]
    public void add(TableWalker walker, long table, int treeLevels, long address, long regime) {
        walkers[size] = walker;
        tables[size] = table;
        addresses[size] = address;
        regimes[size] = regime;
        levels[size] = treeLevels;
        topLevels[size++] = treeLevels;
        deepest = Math.max(deepest, treeLevels);
    }

    /// Reads, and forgets the walks.
    void read() {
        for (int level = deepest; level > 1; level--) {
            for (int walk = 0; walk < size; walk++) {
                if (levels[walk] == level) {
                    descend(walk, level);
                }
            }
        }
        // What the last entries say is of no use: not to look at it lets the processor go on.
        for (int walk = 0; walk < size; walk++) {
            if (levels[walk] == 1) {
                sum += raw(walk, 1);
            }
        }
        size = 0;
        deepest = 0;
    }

    private void descend(int walk, int level) {
        long entry = walkers[walk].decode(raw(walk, level), level, regimes[walk]);
        boolean table = TableEntry.kind(entry) == TableEntry.TABLE;
        tables[walk] = TableEntry.address(entry);
        levels[walk] = table ? TableEntry.nextLevel(entry) : 0;
    }

    private long raw(int walk, int level) {
        boolean top = level == topLevels[walk];
        return walkers[walk].raw(tables[walk], addresses[walk], level, top, regimes[walk]);
    }
}
