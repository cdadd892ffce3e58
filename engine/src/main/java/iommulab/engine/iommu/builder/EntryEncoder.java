package iommulab.engine.iommu.builder;

import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableShape;

/// How software writes the page-table entries of one format: the other side of
/// [iommulab.engine.iommu.TableFormat], and separate from it.
public interface EntryEncoder {
    /// Entries of 8 bytes; tables of one or more 4 KiB frames.
    TableShape shape();

    /// An entry that leads to a table of the next lower level. Allows everything; the leaves decide.
    ///
    /// @param address of the table
    /// @param level of the entry
    long table(long address, int level);

    /// What an entry can say of what is wished: a format may not know writing without reading.
    default Permissions granted(Permissions wished) {
        return wished;
    }

    /// An entry that maps a page of the size of its level.
    ///
    /// @param address first byte of the page
    /// @param permissions not none
    long leaf(long address, int level, Permissions permissions);

    boolean isPresent(long raw);

    /// Whether a present entry maps a page.
    boolean isLeaf(long raw, int level);

    /// Address that a present entry holds: of a table or a page.
    long address(long raw, int level);

    /// The `child`th of the leaves of the next lower level that together do what one leaf does.
    ///
    /// @param level of the leaf that is split, from 2
    long part(long leaf, int level, int child);
}
