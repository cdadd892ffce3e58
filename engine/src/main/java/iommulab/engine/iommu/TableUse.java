package iommulab.engine.iommu;

import iommulab.engine.memory.PhysicalMemory;

import java.util.function.Function;
import java.util.function.ToLongFunction;

/// A structure in memory that an IOMMU uses: a table of devices or PASIDs, a page table, a queue.
///
/// @param hpa where it begins
/// @param bytes its size
/// @param entryBytes size of one entry: 4, or a multiple of 8
/// @param firstEntry number of its first entry; above 0 only in a later piece of a table that lies
///     scattered behind a second stage
/// @param what it is, such as `context table of bus 03`
/// @param pointer hpa of the entry that points to it, -1 if a register does
/// @param pointedBy what points to it, such as `root table`, `RTADDR_REG`
/// @param entries what its entries mean
public record TableUse(
        long hpa,
        int bytes,
        int entryBytes,
        int firstEntry,
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

        /// Where an entry leads: hpas of tables, or of the page it maps. What leads nowhere is left out or
        /// negative.
        default long[] targets(long[] raw) {
            return new long[0];
        }

        /// One word of an entry as hardware takes it: in the table's byte order, an entry of 32 bits in
        /// the lower half.
        default long word(PhysicalMemory memory, long hpa) {
            return memory.read64(hpa);
        }

        /// Entries of one kind.
        static Entries of(Structure structure, Function<long[], long[]> targets) {
            return of(structure, targets, false);
        }

        /// Entries of one kind in a table that may be big-endian.
        static Entries of(
                Structure structure, Function<long[], long[]> targets, boolean isBigEndian) {
            return new Entries() {
                @Override
                public Structure structure(long[] raw) {
                    return structure;
                }

                @Override
                public long[] targets(long[] raw) {
                    return targets.apply(raw);
                }

                @Override
                public long word(PhysicalMemory memory, long hpa) {
                    long word = memory.read64(hpa);
                    return isBigEndian ? Long.reverseBytes(word) : word;
                }
            };
        }

        /// Entries of one kind that lead nowhere.
        static Entries of(Structure structure) {
            return of(structure, _ -> new long[0]);
        }

        /// Entries of one kind with one pointer.
        static Entries to(Structure structure, ToLongFunction<long[]> target) {
            return of(structure, raw -> new long[] {target.applyAsLong(raw)});
        }
    }

    /// Is told of entries by rising address.
    public interface EntryVisitor {
        /// @param index in the whole table
        /// @param raw its 64-bit words, lowest first
        void entry(int index, long hpa, long[] raw);
    }

    /// Visits all entries that are not zero.
    public void forEachEntry(PhysicalMemory memory, EntryVisitor visitor) {
        forEachEntry(memory, 0, bytes, visitor);
    }

    /// Visits the entries that are not zero and begin in a part of it.
    ///
    /// @param from byte offset in it
    /// @param to byte offset behind the part
    public void forEachEntry(PhysicalMemory memory, long from, long to, EntryVisitor visitor) {
        everyEntry(
                memory,
                from,
                to,
                (index, at, raw) -> {
                    if (anything(raw)) {
                        visitor.entry(index, at, raw.clone());
                    }
                });
    }

    private static boolean anything(long[] raw) {
        long any = 0;
        for (long word : raw) {
            any |= word;
        }
        return any != 0;
    }

    /// Visits all entries that begin in a part of it, zero or not.
    ///
    /// @param from byte offset in it
    /// @param to byte offset behind the part
    /// @param visitor is lent the words of each
    public void everyEntry(PhysicalMemory memory, long from, long to, EntryVisitor visitor) {
        var raw = new long[Math.max(1, entryBytes / 8)];
        long end = Math.min(to, bytes - entryBytes + 1L);
        int index = (int) ((Math.max(0, from) + entryBytes - 1) / entryBytes);
        for (; (long) index * entryBytes < end; index++) {
            long at = hpa + (long) index * entryBytes;
            for (int word = 0; word < raw.length; word++) {
                raw[word] = entries.word(memory, at + word * 8L);
            }
            visitor.entry(firstEntry + index, at, raw);
        }
    }
}
