package iommulab.engine.iommu;

import iommulab.engine.memory.PhysicalMemory;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;

/// Visits all page tables of a tree, as they lie in memory now. Not on the way of any request.
public final class TableTour {
    private static final int MOST_TABLES = 1 << 16;

    private final PhysicalMemory memory;
    private final TableFormat format;
    private final Structures structures;
    private final LongUnaryOperator toHost;
    private final Consumer<TableUse> visitor;
    private final Set<Long> seen = new HashSet<>();

    /// The bit tables of one format.
    public interface Structures {
        /// @param leaf whether the entry maps a page
        Structure of(int level, boolean leaf);
    }

    /// @param toHost hpa of an address that stands in these tables, -1 if there is none; identity unless
    ///     a second stage lies below
    public TableTour(
            PhysicalMemory memory,
            TableFormat format,
            Structures structures,
            LongUnaryOperator toHost,
            Consumer<TableUse> visitor) {
        this.memory = memory;
        this.format = format;
        this.structures = structures;
        this.toHost = toHost;
        this.visitor = visitor;
    }

    /// Where a tree begins.
    ///
    /// @param table address of the top table
    /// @param entries of the top table
    /// @param regime see [TableFormat#decode]
    /// @param whose tree it is, such as `domain 3`
    /// @param pointer hpa of the entry that points to the top table
    /// @param pointedBy what that entry is part of
    public record Root(
            long table,
            int levels,
            int entries,
            long regime,
            String whose,
            long pointer,
            String pointedBy) {}

    /// Visits a tree from the top down. A table that was seen before is left out.
    public void visit(Root root) {
        visit(root, root.table(), root.levels(), root.entries(), root.pointer(), root.pointedBy());
    }

    private void visit(
            Root root, long table, int level, int entries, long pointer, String pointedBy) {
        long hpa = toHost.applyAsLong(table);
        if (hpa < 0
                || !memory.isBacked(hpa)
                || seen.size() == MOST_TABLES
                || !seen.add(hpa << 3 | level)) {
            return;
        }
        var name = "level %d table of %s".formatted(level, root.whose());
        int entryBytes = 1 << format.shape().entryShift();
        visitor.accept(
                new TableUse(
                        hpa,
                        entries * entryBytes,
                        Math.max(8, entryBytes),
                        name,
                        pointer,
                        pointedBy,
                        entriesAt(level, root.regime())));
        for (int index = 0; index < entries && level > 1; index++) {
            long at = hpa + (long) index * entryBytes;
            long entry =
                    format.decode(format.read(memory, at, root.regime()), level, root.regime());
            if (TableEntry.kind(entry) == TableEntry.TABLE) {
                visit(
                        root,
                        TableEntry.address(entry),
                        TableEntry.nextLevel(entry),
                        1 << format.shape().indexBits(),
                        at,
                        name);
            }
        }
    }

    private TableUse.Entries entriesAt(int level, long regime) {
        return new TableUse.Entries() {
            @Override
            public Structure structure(long[] raw) {
                int kind = TableEntry.kind(format.decode(raw[0], level, regime));
                return structures.of(level, level == 1 || kind == TableEntry.LEAF);
            }

            @Override
            public long target(long[] raw) {
                long entry = format.decode(raw[0], level, regime);
                int kind = TableEntry.kind(entry);
                return kind == TableEntry.TABLE || kind == TableEntry.LEAF
                        ? toHost.applyAsLong(TableEntry.address(entry))
                        : -1;
            }
        };
    }
}
