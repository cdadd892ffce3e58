package iommulab.engine.iommu.builder;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.TableChange;
import iommulab.engine.memory.AddressRange;

import java.util.List;
import java.util.function.LongUnaryOperator;

/// Which pages of a domain were written, as the leaves of its tables say: software's side of dirty
/// tracking. A superpage has one mark for all of it.
///
/// Not thread-safe. It has no state but the tables.
public final class DirtyPages {
    private final TableBuilder tables;
    private final TableScan scan;
    private final EntryEncoder encoder;

    DirtyPages(TableBuilder tables, TableScan scan, EntryEncoder encoder) {
        this.tables = tables;
        this.scan = scan;
        this.encoder = encoder;
    }

    /// Is told of written pages by rising address.
    @FunctionalInterface
    public interface Visitor {
        /// @param iova first address of the page, which may lie before the range that was asked for
        /// @param bytes its size
        void page(long iova, long bytes);
    }

    /// Tells of the written pages of a range.
    ///
    /// @param iova multiple of the smallest page
    /// @param bytes multiple of the smallest page, not 0
    /// @param clear whether they are clean afterwards, also where they reach beyond the range
    /// @return what the IOMMU must be told of: the pages that were cleaned. Until then a cached page may
    ///     take writes without a mark
    /// @throws MappingRefused (EINVAL, ERANGE) if it is no range of pages that the tables span, (EIO)
    ///     tables changed by hand
    public TableChange read(long iova, long bytes, boolean clear, Visitor visitor)
            throws MappingRefused {
        var range = tables.checkedRange(iova, bytes);
        var shape = encoder.shape();
        var dirty = new PageTally(shape);
        forEachLeaf(
                range,
                (page, level, entry, raw) -> {
                    if (encoder.isDirty(raw)) {
                        visitor.page(page, 1L << shape.shiftAt(level));
                        dirty.add(page, level);
                        if (clear) {
                            tables.store().write64(entry, encoder.clean(raw));
                        }
                    }
                });
        return new TableChange(range, dirty.counts(), clear ? dirty.ranges() : List.of(), false, 0);
    }

    /// Makes all pages clean.
    public void clean() throws MappingRefused {
        rewrite(encoder::clean);
    }

    /// Makes all leaves such that hardware need not mark anything.
    public void settle() throws MappingRefused {
        rewrite(encoder::settled);
    }

    private void rewrite(LongUnaryOperator change) throws MappingRefused {
        forEachLeaf(
                tables.limits().everything(),
                (_, _, entry, raw) -> {
                    long changed = change.applyAsLong(raw);
                    if (changed != raw) {
                        tables.store().write64(entry, changed);
                    }
                });
    }

    private void forEachLeaf(AddressRange range, TableScan.LeafVisitor visitor)
            throws MappingRefused {
        scan.leaves(tables.top(), tables.limits().levels(), 0, range, visitor);
    }
}
