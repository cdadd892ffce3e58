package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableFormat;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.memory.PhysicalMemory;

import java.util.Objects;

/// What stage 1 descriptors mean: VMSAv8-64, translation regime EL1&0 (and EL2&0). Where there is one
/// privilege, EL2, requests read and write by the privileged rights and execute by bit 54, see [Rights].
/// Spec: VMSAv8-64, "Translation table descriptor formats", "Memory attribute fields in stage 1".
final class StageOneFormat implements TableFormat {
    /*
     *   leaf    0 valid | 1 page or table | 6 AP[1] unprivileged too | 7 AP[2] read-only | 10 AF | 11 nG |
     *           47:shift address | 51 DBM | 53 PXN | 54 UXN
     *   table   47:shift address | 59 PXNTable | 60 UXNTable | 61 APTable[0] no unprivileged access |
     *           62 APTable[1] read-only
     */
    static final long VALID = 1;
    static final long NOT_BLOCK = 1 << 1;
    static final long UNPRIVILEGED = 1 << 6;
    static final long READ_ONLY = 1 << 7;
    static final long ACCESSED = 1 << 10;
    static final long NOT_GLOBAL = 1 << 11;
    static final long DIRTY_MODIFIER = 1L << 51;
    static final long PRIVILEGED_NO_EXECUTE = 1L << 53;
    private static final long UNPRIVILEGED_NO_EXECUTE = 1L << 54;
    private static final long TABLE_RIGHTS = 15L << 59;

    private static final long WRITES = TableEntry.ANY_WRITE;
    private static final long SWITCHES =
            Regime.WRITABLE_NEVER_EXECUTES
                    | Regime.UNPRIVILEGED_WRITABLE_NEVER_EXECUTES
                    | Regime.PRIVILEGED_NEVER;
    private static final long UNPRIVILEGED_ACCESS = TableEntry.READ | TableEntry.WRITE;

    private final Granule granule;
    private final boolean marks;
    private final TableShape shape;
    private final int shift;
    private final long tableAddress;

    /// @param marks whether hardware may change descriptors
    StageOneFormat(Granule granule, boolean marks) {
        this.granule = granule;
        this.marks = marks;
        shape = granule.shape();
        shift = granule.pageShift();
        tableAddress = (1L << 48) - (1L << shift);
    }

    /// @param source with a descriptor
    static long regime(ContextSource source, int half, Granule granule, SmmuCapabilities unit) {
        var descriptor = Objects.requireNonNull(source.descriptor());
        boolean privileges = source.world().hasPrivileges();
        boolean sets = descriptor.setsAccessFlag();
        boolean wide = granule == Granule.SIXTY_FOUR_KIB && unit.outputBits() > 48;
        return Regime.beyond(descriptor.outputBits(unit))
                | Regime.flag(!sets && !descriptor.ignoresAccessFlag(), Regime.FLAG_NEEDED)
                | Regime.flag(sets, Regime.SETS_FLAG)
                | Regime.flag(sets && descriptor.setsDirtyState(), Regime.SETS_DIRTY)
                | Regime.flag(descriptor.disablesTableRights(half, unit), Regime.NO_TABLE_RIGHTS)
                | Regime.flag(descriptor.isBigEndian(), Regime.BIG_ENDIAN)
                | Regime.flag(wide, Regime.WIDE)
                | Regime.flag(descriptor.writableNeverExecutes(), Regime.WRITABLE_NEVER_EXECUTES)
                | Regime.flag(
                        privileges && descriptor.unprivilegedWritableNeverExecutes(),
                        Regime.UNPRIVILEGED_WRITABLE_NEVER_EXECUTES)
                | Regime.flag(
                        privileges && descriptor.privilegedAccessNever(), Regime.PRIVILEGED_NEVER)
                | Regime.flag(!privileges, Regime.ONE_PRIVILEGE);
    }

    @Override
    public TableShape shape() {
        return shape;
    }

    @Override
    public long decode(long raw, int level, long regime) {
        // Nearly every descriptor is a table or a page of an address that is not too wide.
        if ((raw & (VALID | NOT_BLOCK | regime & tableAddress) | regime & Regime.WIDE)
                == (VALID | NOT_BLOCK)) {
            if (level == 1) {
                return leaf(raw, raw & tableAddress, shift, regime);
            }
            if ((raw & TABLE_RIGHTS) == 0) {
                return TableEntry.table(raw & tableAddress, level - 1, TableEntry.RIGHTS);
            }
        }
        return decodeFully(raw, level, regime);
    }

    private long decodeFully(long raw, int level, long regime) {
        if ((raw & VALID) == 0) {
            return TableEntry.NOT_PRESENT;
        }
        if (level > 1 && (raw & NOT_BLOCK) != 0) {
            long next = Regime.address(raw, shift, regime);
            return (next & regime & Regime.ADDRESS) != 0
                    ? TableEntry.reserved(Regime.ADDRESS_SIZE, 0)
                    : TableEntry.table(next, level - 1, tableRights(raw, regime));
        }
        boolean leaf =
                level == 1
                        ? (raw & NOT_BLOCK) != 0
                        : granule.hasBlocksAt(level, (regime & Regime.WIDE) != 0);
        if (!leaf) {
            return TableEntry.NOT_PRESENT;
        }
        int pageShift = shape.shiftAt(level);
        long page = Regime.address(raw, pageShift, regime);
        return (page & regime & Regime.ADDRESS) != 0
                ? TableEntry.reserved(Regime.ADDRESS_SIZE, 0)
                : leaf(raw, page, pageShift, regime);
    }

    private static long leaf(long raw, long page, int pageShift, long regime) {
        if ((raw & ACCESSED) == 0 && (regime & Regime.FLAG_NEEDED) != 0) {
            return TableEntry.reserved(Regime.ACCESS_FLAG, 0);
        }
        boolean clean =
                (raw & READ_ONLY) != 0
                        && (raw & DIRTY_MODIFIER) != 0
                        && (regime & Regime.SETS_DIRTY) != 0;
        long rights = leafRights(raw, (raw & READ_ONLY) == 0 || clean);
        return TableEntry.leaf(page, pageShift, rights)
                | (clean ? TableEntry.CLEAN : 0)
                | ((raw & NOT_GLOBAL) == 0 ? TableEntry.GLOBAL : 0);
    }

    /// By branches, not by a table or by arithmetic: the processor guesses them, and need not wait for the
    /// rights in order to know the address.
    private static long leafRights(long raw, boolean writable) {
        boolean unprivileged = (raw & UNPRIVILEGED) != 0;
        long rights = TableEntry.PRIV_READ;
        if (unprivileged) {
            rights |= TableEntry.READ;
        }
        if (writable) {
            rights |= TableEntry.PRIV_WRITE | (unprivileged ? TableEntry.WRITE : 0);
        }
        if ((raw & UNPRIVILEGED_NO_EXECUTE) == 0) {
            rights |= TableEntry.EXECUTE;
        }
        // What may be written without privilege is never executed with it.
        if ((raw & PRIVILEGED_NO_EXECUTE) == 0 && !(unprivileged && writable)) {
            rights |= TableEntry.PRIV_EXECUTE;
        }
        return rights;
    }

    private static long tableRights(long raw, long regime) {
        if ((regime & Regime.NO_TABLE_RIGHTS) != 0) {
            return TableEntry.RIGHTS;
        }
        return TableEntry.RIGHTS
                & ~((raw >>> 59 & 1) != 0 ? TableEntry.PRIV_EXECUTE : 0)
                & ~((raw >>> 60 & 1) != 0 ? TableEntry.EXECUTE : 0)
                & ~((raw >>> 61 & 1) != 0 ? UNPRIVILEGED_ACCESS : 0)
                & ~((raw >>> 62 & 1) != 0 ? WRITES : 0);
    }

    /// Whether [#settled] may take anything away.
    static boolean isSettled(long regime) {
        return (regime & SWITCHES) == 0;
    }

    /// Takes away what the rights of all levels together forbid: WXN, UWXN and PAN.
    static long settled(long leaf, long regime) {
        long forbidden = 0;
        if ((regime & Regime.WRITABLE_NEVER_EXECUTES) != 0) {
            // With one privilege AP[1] does not count: the writing right is the privileged one.
            long writing =
                    (regime & Regime.ONE_PRIVILEGE) == 0 ? TableEntry.WRITE : TableEntry.PRIV_WRITE;
            forbidden |= (leaf & writing) != 0 ? TableEntry.EXECUTE : 0;
            forbidden |= (leaf & TableEntry.PRIV_WRITE) != 0 ? TableEntry.PRIV_EXECUTE : 0;
        }
        boolean unprivilegedWrites = (leaf & TableEntry.WRITE) != 0;
        if ((regime & Regime.UNPRIVILEGED_WRITABLE_NEVER_EXECUTES) != 0 && unprivilegedWrites) {
            forbidden |= TableEntry.PRIV_EXECUTE;
        }
        if ((regime & Regime.PRIVILEGED_NEVER) != 0 && (leaf & TableEntry.READ) != 0) {
            forbidden |= TableEntry.PRIV_READ | TableEntry.PRIV_WRITE;
        }
        return leaf & ~forbidden;
    }

    @Override
    public boolean marksUse() {
        return marks;
    }

    @Override
    public long used(long raw, int level, boolean leaf, boolean write, long regime) {
        if (!leaf || (regime & Regime.SETS_FLAG) == 0) {
            return raw;
        }
        long accessed = raw | ACCESSED;
        boolean dirties = write && (regime & Regime.SETS_DIRTY) != 0 && (raw & DIRTY_MODIFIER) != 0;
        return dirties ? accessed & ~READ_ONLY : accessed;
    }

    @Override
    public long read(PhysicalMemory memory, long hpa, long regime) {
        long raw = memory.read64(hpa);
        return (regime & Regime.BIG_ENDIAN) == 0 ? raw : Long.reverseBytes(raw);
    }

    @Override
    public boolean write(PhysicalMemory memory, long hpa, long raw, long regime) {
        return memory.write64(
                hpa, (regime & Regime.BIG_ENDIAN) == 0 ? raw : Long.reverseBytes(raw));
    }
}
