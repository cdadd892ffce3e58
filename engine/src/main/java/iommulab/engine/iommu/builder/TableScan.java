package iommulab.engine.iommu.builder;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.memory.AddressRange;

/// Looks through the tables of a domain before anything is changed, so that a change is refused before
/// it begins.
final class TableScan {
    private final TableStore store;
    private final EntryEncoder encoder;
    private final int domain;

    TableScan(TableStore store, EntryEncoder encoder, int domain) {
        this.store = store;
        this.encoder = encoder;
        this.domain = domain;
    }

    /// Is told of every leaf that maps a part of a range, by rising iova.
    @FunctionalInterface
    interface LeafVisitor {
        /// @param iova first address that the leaf maps, whether in the range or before it
        /// @param entry address of the leaf
        void leaf(long iova, int level, long entry, long raw) throws MappingRefused;
    }

    /// @param level of the table
    /// @param base first address that the table translates
    /// @param range must lie in what the table spans
    /// @throws MappingRefused (EIO) if an entry leads to no table, or from the visitor
    void leaves(long table, int level, long base, AddressRange range, LeafVisitor visitor)
            throws MappingRefused {
        long span = 1L << encoder.shape().shiftAt(level);
        for (long iova = range.start() & -span; iova <= range.last(); iova += span) {
            long entry = table + 8 * (iova - base >>> encoder.shape().shiftAt(level));
            long raw = store.read64(entry);
            if (!encoder.isPresent(raw)) {
                continue;
            }
            if (encoder.isLeaf(raw, level)) {
                visitor.leaf(iova, level, entry, raw);
            } else {
                requireTable(entry, raw, level);
                leaves(
                        encoder.address(raw, level),
                        level - 1,
                        iova,
                        new AddressRange(
                                Math.max(range.start(), iova),
                                Math.min(range.last(), iova + span - 1)),
                        visitor);
            }
        }
    }

    private void requireTable(long entry, long raw, int level) throws MappingRefused {
        if (!store.frames().isTaken(encoder.address(raw, level))) {
            throw new MappingRefused(
                    "EIO",
                    ("The level %d entry of domain %d at 0x%x holds 0x%x, which leads to no table."
                                    + " It was changed by hand: write it back, or take the change"
                                    + " back.")
                            .formatted(level, domain, entry, raw));
        }
    }
}
