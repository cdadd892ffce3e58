package iommulab.engine.iommu;

/// What one format's page-table entries mean. Shape is data, decoding is code: the walk itself is the
/// same for all formats, see [TableWalker].
public interface TableFormat {
    TableShape shape();

    /// Decodes an entry. Allocates nothing.
    ///
    /// Rights are given also with [TableEntry#RESERVED], because the missing right is found first.
    ///
    /// @param raw the entry as it lies in memory
    /// @param level of the table that holds it, 1 for the level of the smallest pages
    /// @return see [TableEntry]
    long decode(long raw, int level);
}
