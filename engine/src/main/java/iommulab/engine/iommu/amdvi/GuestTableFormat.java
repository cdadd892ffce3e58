package iommulab.engine.iommu.amdvi;

import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableFormat;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.memory.PhysicalMemory;

/// What entries of guest tables mean: the first stage, in the form of the processor's long-mode tables.
/// Rights of both privileges are ANDed over the levels; supervisor writes obey R/W.
/// Spec: AMD IOMMU, "Guest Page Tables"; AMD64, "Long-Mode Page Translation".
public final class GuestTableFormat implements TableFormat {
    /*
     *   0 P | 1 R/W | 2 U/S | 5 A | 6 D (leaf) | 7 PS (levels 2, 3) | 51:12 address | 63 NX
     *   A large page's address starts at its size; the bits down to 13 must be zero, 12 is PAT.
     */
    /// Broken rule: a reserved bit.
    static final int RESERVED_RULE = 1;

    private static final long PRESENT = 1;
    private static final long WRITABLE = 1 << 1;
    private static final long USER = 1 << 2;
    private static final long ACCESSED = 1 << 5;
    private static final long DIRTY = 1 << 6;
    private static final long PAGE = 1 << 7;
    private static final long NO_EXECUTE = 1L << 63;
    private static final long ADDRESS = (1L << 52) - 4096;
    private static final int LARGEST_PAGE = 3;
    private static final long PLAIN = PRESENT | WRITABLE | USER;

    private final boolean looksOnly;
    private final long reserved;

    /// @param noExecute whether bit 63 forbids execution; else it is reserved
    /// @param looksOnly whether no accessed or dirty bit is written, though it would be
    GuestTableFormat(boolean noExecute, boolean looksOnly) {
        this.looksOnly = looksOnly;
        reserved = noExecute ? 0 : NO_EXECUTE;
    }

    @Override
    public TableShape shape() {
        return TableShape.FOUR_KIB;
    }

    @Override
    public boolean marksUse() {
        return true;
    }

    @Override
    public long decode(long raw, int level, long regime) {
        if (level > 1) {
            if ((raw & (PLAIN | PAGE | NO_EXECUTE)) == PLAIN) {
                return TableEntry.table(raw & ADDRESS, level - 1, TableEntry.RIGHTS);
            }
        } else if ((raw & (PLAIN | DIRTY | NO_EXECUTE)) == (PLAIN | DIRTY)) {
            return TableEntry.leaf(raw & ADDRESS, 12, TableEntry.RIGHTS);
        }
        return decodeFully(raw, level);
    }

    private long decodeFully(long raw, int level) {
        if ((raw & PRESENT) == 0) {
            return TableEntry.NOT_PRESENT;
        }
        boolean leaf = isLeaf(raw, level);
        long rights = rights(raw);
        if ((raw & reservedBits(level, leaf)) != 0) {
            return TableEntry.reserved(RESERVED_RULE, rights);
        }
        if (!leaf) {
            return TableEntry.table(raw & ADDRESS, level - 1, rights);
        }
        int shift = TableShape.FOUR_KIB.shiftAt(level);
        boolean clean = (raw & (WRITABLE | DIRTY)) == WRITABLE;
        return TableEntry.leaf(raw & ADDRESS & -1L << shift, shift, rights)
                | (clean ? TableEntry.CLEAN : 0);
    }

    /// Whether an entry maps a page, present or not.
    static boolean isLeaf(long raw, int level) {
        return level == 1 || level <= LARGEST_PAGE && (raw & PAGE) != 0;
    }

    /// Bits that must be zero in an entry of a level.
    long reservedBits(int level, boolean leaf) {
        if (leaf) {
            return level == 1
                    ? reserved
                    : reserved | (1L << TableShape.FOUR_KIB.shiftAt(level)) - (1 << 13);
        }
        return level > LARGEST_PAGE ? reserved | PAGE : reserved;
    }

    private static long rights(long raw) {
        long supervisor =
                TableEntry.PRIV_READ
                        | ((raw & WRITABLE) != 0 ? TableEntry.PRIV_WRITE : 0)
                        | (raw >= 0 ? TableEntry.PRIV_EXECUTE : 0);
        if ((raw & USER) == 0) {
            return supervisor;
        }
        return supervisor
                | TableEntry.READ
                | ((raw & WRITABLE) != 0 ? TableEntry.WRITE : 0)
                | (raw >= 0 ? TableEntry.EXECUTE : 0);
    }

    @Override
    public boolean write(PhysicalMemory memory, long hpa, long raw, long regime) {
        return looksOnly ? memory.isBacked(hpa) : memory.write64(hpa, raw);
    }

    @Override
    public long used(long raw, int level, boolean leaf, boolean write, long regime) {
        return raw | ACCESSED | (leaf && write ? DIRTY : 0);
    }

    /// The entry that would say what a cached table entry says.
    static long encode(long word) {
        return PRESENT
                | TableEntry.address(word)
                | ((word & TableEntry.PRIV_WRITE) != 0 ? WRITABLE : 0)
                | ((word & TableEntry.READ) != 0 ? USER : 0)
                | ((word & TableEntry.PRIV_EXECUTE) != 0 ? 0 : NO_EXECUTE)
                | ACCESSED;
    }
}
