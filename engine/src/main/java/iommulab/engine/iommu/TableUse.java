package iommulab.engine.iommu;

import java.util.function.ToLongFunction;

/// A structure in memory that an IOMMU uses: a table of devices or PASIDs, a page table, a queue.
///
/// @param hpa where it begins
/// @param bytes its size
/// @param entryBytes size of one entry, a multiple of 8
/// @param what it is, such as `context table of bus 03`
/// @param pointer hpa of the entry that points to it, -1 if a register does
/// @param pointedBy what points to it, such as `root table`, `RTADDR_REG`
/// @param entries what its entries mean
public record TableUse(
        long hpa,
        int bytes,
        int entryBytes,
        String what,
        long pointer,
        String pointedBy,
        Entries entries) {

    /// What the entries of a table mean.
    public interface Entries {
        /// The bit table of an entry.
        ///
        /// @param raw its 64-bit words, lowest first
        Structure structure(long[] raw);

        /// Where an entry leads: hpa of a table or of the page it maps; -1 if nowhere.
        default long target(long[] raw) {
            return -1;
        }

        /// Entries of one kind that lead somewhere.
        static Entries of(Structure structure, ToLongFunction<long[]> target) {
            return new Entries() {
                @Override
                public Structure structure(long[] raw) {
                    return structure;
                }

                @Override
                public long target(long[] raw) {
                    return target.applyAsLong(raw);
                }
            };
        }
    }
}
