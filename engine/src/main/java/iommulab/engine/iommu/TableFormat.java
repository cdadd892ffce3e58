package iommulab.engine.iommu;

import iommulab.engine.memory.PhysicalMemory;

/// What one format's page-table entries mean. Shape is data, decoding is code: the walk itself is the
/// same for all formats, see [TableWalker].
public interface TableFormat {
    /// Answer of [#used]: hardware does not set the bit that is missing, software has to.
    long UNMARKED = Long.MIN_VALUE;

    TableShape shape();

    /// Decodes an entry. Allocates nothing.
    ///
    /// Rights are given also with [TableEntry#RESERVED] where the missing right is found first.
    ///
    /// @param raw the entry as it lies in memory
    /// @param level of the table that holds it, 1 for the level of the smallest pages
    /// @param regime bits of the device's or the PASID's entry that change what entries mean; the
    ///     format's own
    /// @return see [TableEntry]
    long decode(long raw, int level, long regime);

    /// Whether a missing right ends the walk where it is met, before anything else of the entry counts;
    /// else rights are judged at the leaf.
    default boolean checksRightsAtEachLevel() {
        return false;
    }

    /// Whether hardware sets accessed or dirty bits, or stops where they are missing.
    default boolean marksUse() {
        return false;
    }

    /// Whether it does so also in entries that point to tables.
    default boolean marksTables() {
        return marksUse();
    }

    /// An entry after hardware has used it.
    ///
    /// @param leaf whether it maps the page
    /// @param write whether the request writes
    /// @return with accessed and dirty bit as hardware leaves them; `raw` if nothing is to be done; or
    ///     [#UNMARKED]
    default long used(long raw, int level, boolean leaf, boolean write, long regime) {
        return raw;
    }

    /// Reads an entry, in its width and byte order.
    default long read(PhysicalMemory memory, long hpa, long regime) {
        return memory.read64(hpa);
    }

    /// Writes an entry back.
    ///
    /// @return whether memory took it
    default boolean write(PhysicalMemory memory, long hpa, long raw, long regime) {
        return memory.write64(hpa, raw);
    }
}
