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

    /// Whether a leaf says that its page was written since [#clean]. Hardware marks it where the entry of
    /// the device tells it to; what a leaf says that was never cleaned means nothing.
    boolean isDirty(long leaf);

    /// A leaf as before the first write. Without a right to write it stays as it is.
    long clean(long leaf);

    /// A leaf as it must be where hardware marks nothing: without this, a page that was never written
    /// could not be written any more.
    default long settled(long leaf) {
        return leaf;
    }

    /// A leaf whose requests look into the processors' caches, whatever the device says; unchanged where
    /// not leaves decide that.
    default long snooping(long leaf) {
        return leaf;
    }

    /// The `child`th of the leaves of the next lower level that together do what one leaf does.
    ///
    /// @param level of the leaf that is split, from 2
    long part(long leaf, int level, int child);
}
