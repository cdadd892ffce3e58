package iommulab.engine.iommu.smmuv3;

import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableFormat;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.memory.PhysicalMemory;

/// What stage 2 descriptors mean.
/// Spec: VMSAv8-64, "Translation table descriptor formats", "Memory attribute fields in stage 2".
final class StageTwoFormat implements TableFormat {
    /*
     *   leaf   0 valid | 1 page or table | 6 S2AP[0] read | 7 S2AP[1] write | 10 AF | 47:shift address |
     *          51 DBM | 54:53 XN
     *   table  47:shift address; no rights
     */
    static final long VALID = 1;
    static final long NOT_BLOCK = 1 << 1;
    static final long READABLE = 1 << 6;
    static final long WRITABLE = 1 << 7;
    static final long ACCESSED = 1 << 10;
    static final long DIRTY_MODIFIER = 1L << 51;

    private static final long ALL_EXECUTE = TableEntry.EXECUTE | TableEntry.PRIV_EXECUTE;

    private final Granule granule;
    private final boolean marks;
    private final boolean privilegedExecuteNever;
    private final TableShape shape;
    private final int shift;

    /// @param marks whether hardware may change descriptors
    StageTwoFormat(Granule granule, boolean marks, SmmuCapabilities capabilities) {
        this.granule = granule;
        this.marks = marks;
        privilegedExecuteNever = capabilities.privilegedExecuteNever();
        shape = granule.shape();
        shift = granule.pageShift();
    }

    static long regime(StreamEntry stream, Granule granule, SmmuCapabilities unit) {
        boolean sets = stream.secondSetsAccessFlag();
        boolean wide = granule == Granule.SIXTY_FOUR_KIB && unit.outputBits() > 48;
        return Regime.beyond(unit.outputBits(stream.secondOutputField()))
                | Regime.flag(!sets && !stream.secondIgnoresAccessFlag(), Regime.FLAG_NEEDED)
                | Regime.flag(sets, Regime.SETS_FLAG)
                | Regime.flag(sets && stream.secondSetsDirtyState(), Regime.SETS_DIRTY)
                | Regime.flag(stream.secondIsBigEndian(), Regime.BIG_ENDIAN)
                | Regime.flag(wide, Regime.WIDE);
    }

    @Override
    public TableShape shape() {
        return shape;
    }

    @Override
    public long decode(long raw, int level, long regime) {
        if ((raw & VALID) == 0) {
            return TableEntry.NOT_PRESENT;
        }
        if (level > 1 && (raw & NOT_BLOCK) != 0) {
            long next = Regime.address(raw, shift, regime);
            return (next & regime & Regime.ADDRESS) != 0
                    ? TableEntry.reserved(Regime.ADDRESS_SIZE, 0)
                    : TableEntry.table(next, level - 1, TableEntry.RIGHTS);
        }
        boolean leaf =
                level == 1
                        ? (raw & NOT_BLOCK) != 0
                        : granule.hasBlocksAt(level, (regime & Regime.WIDE) != 0);
        return leaf ? leaf(raw, shape.shiftAt(level), regime) : TableEntry.NOT_PRESENT;
    }

    private long leaf(long raw, int pageShift, long regime) {
        long page = Regime.address(raw, pageShift, regime);
        if ((page & regime & Regime.ADDRESS) != 0) {
            return TableEntry.reserved(Regime.ADDRESS_SIZE, 0);
        }
        if ((raw & ACCESSED) == 0 && (regime & Regime.FLAG_NEEDED) != 0) {
            return TableEntry.reserved(Regime.ACCESS_FLAG, 0);
        }
        boolean clean =
                (raw & WRITABLE) == 0
                        && (raw & DIRTY_MODIFIER) != 0
                        && (regime & Regime.SETS_DIRTY) != 0;
        long rights = executes((int) (raw >>> 53) & 3);
        if ((raw & READABLE) != 0) {
            rights |= TableEntry.READ | TableEntry.PRIV_READ;
        }
        if ((raw & WRITABLE) != 0 || clean) {
            rights |= TableEntry.ANY_WRITE;
        }
        return TableEntry.leaf(page, pageShift, rights) | (clean ? TableEntry.CLEAN : 0);
    }

    /// XN: two bits with XNX, else only the upper one counts.
    private long executes(int never) {
        if (!privilegedExecuteNever) {
            return never < 2 ? ALL_EXECUTE : 0;
        }
        return switch (never) {
            case 0 -> ALL_EXECUTE;
            case 1 -> TableEntry.EXECUTE;
            case 2 -> 0;
            default -> TableEntry.PRIV_EXECUTE;
        };
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
        return dirties ? accessed | WRITABLE : accessed;
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
