package iommulab.engine.iommu;

import iommulab.engine.iommu.TableVisits.Table;
import iommulab.engine.memory.PhysicalMemory;

import java.util.function.LongUnaryOperator;

/// Tells of all page tables of trees of one format, as they lie in memory now. Not on the way of any
/// request.
public final class TableTour {
    private static final int DEEPEST = 8;

    private final TableVisits visits;
    private final TableFormat format;
    private final Structures structures;

    /// The bit tables of one format.
    public interface Structures {
        /// The bit table of an entry, whether or not it is present and well formed.
        ///
        /// @param level of the table that holds it, 1 for the level of the smallest pages
        Structure of(int level, long raw);

        /// What the architecture calls a level.
        default int levelName(int level) {
            return level;
        }
    }

    public TableTour(TableVisits visits, TableFormat format, Structures structures) {
        this.visits = visits;
        this.format = format;
        this.structures = structures;
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

    /* Tables of equal kinds mean the same. */
    private record Kind(TableFormat format, int level, long regime) {}

    /// Visits a tree whose tables lie at host addresses, from the top down.
    public void visit(Root root) {
        visit(root, LongUnaryOperator.identity());
    }

    /// Visits a tree from the top down. A table that was seen before is left out.
    ///
    /// @param toHost hpa of an address that stands in these tables, -1 if there is none
    public void visit(Root root, LongUnaryOperator toHost) {
        if (root.levels() <= DEEPEST) {
            new Tree(root, toHost).visit();
        }
    }

    /// One tree on the tour.
    private final class Tree {
        private final Root root;
        private final LongUnaryOperator toHost;
        private final int entryBytes = 1 << format.shape().entryShift();
        /* By level; made once, there may be thousands of tables. */
        private final String[] names;

        Tree(Root root, LongUnaryOperator toHost) {
            this.root = root;
            this.toHost = toHost;
            names = new String[root.levels() + 1];
            for (int level = 1; level <= root.levels(); level++) {
                names[level] =
                        "level %d table of %s".formatted(structures.levelName(level), root.whose());
            }
        }

        void visit() {
            int levels = root.levels();
            visit(root.table(), levels, root.entries(), root.pointer(), root.pointedBy());
        }

        private void visit(long table, int level, int entries, long pointer, String pointedBy) {
            var told =
                    new Table(
                            new Kind(format, level, root.regime()),
                            table,
                            (long) entries * entryBytes,
                            entryBytes,
                            names[level],
                            pointer,
                            pointedBy,
                            new LevelEntries(level));
            for (var piece : visits.tell(told, toHost)) {
                if (level > 1) {
                    piece.forEachEntry(
                            visits.memory(), (_, hpa, raw) -> descend(level, hpa, raw[0]));
                }
            }
        }

        private void descend(int level, long hpa, long raw) {
            long entry = format.decode(raw, level, root.regime());
            if (TableEntry.kind(entry) == TableEntry.TABLE) {
                int entries = 1 << format.shape().indexBits();
                int next = TableEntry.nextLevel(entry);
                visit(TableEntry.address(entry), next, entries, hpa, names[level]);
            }
        }

        /// The entries of its tables of one level.
        private final class LevelEntries implements TableUse.Entries {
            private final int level;

            LevelEntries(int level) {
                this.level = level;
            }

            @Override
            public Structure structure(long[] raw) {
                return structures.of(level, raw[0]);
            }

            @Override
            public long[] targets(long[] raw) {
                long entry = format.decode(raw[0], level, root.regime());
                return switch (TableEntry.kind(entry)) {
                    case TableEntry.TABLE ->
                            new long[] {toHost.applyAsLong(TableEntry.address(entry))};
                    case TableEntry.LEAF -> new long[] {toHost.applyAsLong(TableEntry.page(entry))};
                    default -> new long[0];
                };
            }

            @Override
            public long word(PhysicalMemory memory, long hpa) {
                return format.read(memory, hpa, root.regime());
            }
        }
    }
}
