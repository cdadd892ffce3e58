package iommulab.engine.iommu;

import iommulab.engine.memory.PhysicalMemory;

/// Reads the table entries of several walks level by level, all walks side by side, so that the processor can
/// wait for many memory accesses at once where walks one by one would wait for each. Changes nothing and
/// answers nothing: the walks themselves find afterwards what they need in the processor's caches.
///
/// Not thread-safe: one engine thread owns it. Allocates nothing.
public final class ReadAhead {
    private final PhysicalMemory memory;
    private final TableFormat format;
    private final TableShape shape;
    private final long[] tables;
    private final long[] addresses;
    private final int[] levels;
    private int size;
    private int deepest;

    /// @param capacity most walks at once
    public ReadAhead(PhysicalMemory memory, TableFormat format, int capacity) {
        this.memory = memory;
        this.format = format;
        shape = format.shape();
        tables = new long[capacity];
        addresses = new long[capacity];
        levels = new int[capacity];
    }

    /// Adds a walk.
    ///
    /// @param table hpa of the top table
    /// @param address within what the tree translates
    public void add(long table, int treeLevels, long address) {
        tables[size] = table;
        addresses[size] = address;
        levels[size++] = treeLevels;
        deepest = Math.max(deepest, treeLevels);
    }

    /// Reads, and forgets the walks.
    ///
    /// @param regime of all walks, see [TableFormat#decode]
    public void read(long regime) {
        for (int level = deepest; level >= 1; level--) {
            int shift = shape.shiftAt(level);
            for (int walk = 0; walk < size; walk++) {
                if (levels[walk] == level) {
                    descend(walk, level, shift, regime);
                }
            }
        }
        size = 0;
        deepest = 0;
    }

    private void descend(int walk, int level, int shift, long regime) {
        long index = addresses[walk] >>> shift & (1L << shape.indexBits()) - 1;
        long entry =
                format.decode(
                        memory.read64(tables[walk] + (index << shape.entryShift())), level, regime);
        boolean table = TableEntry.kind(entry) == TableEntry.TABLE;
        tables[walk] = TableEntry.address(entry);
        levels[walk] = table ? TableEntry.nextLevel(entry) : 0;
    }
}
