package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableFormat;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.memory.PhysicalMemory;

/// Second-stage entries under a PASID table entry that asks for more than legacy mode has: accessed and
/// dirty bits set by hardware (SSADE), and a right to execute (SSEE).
/// Spec: VT-d, "Second-Stage Paging Entries", "Accessed and Dirty Flags".
final class MarkingSecondStageFormat implements TableFormat {
    /*   2 X | 8 A | 9 D (leaves)   */
    /// Regime, SSADE: A and D are set.
    static final long MARKS = 1;

    /// Regime, SSEE: X counts.
    static final long EXECUTE_ENABLED = 1 << 1;

    /// Regime: walks do not snoop, and what does not snoop cannot set a bit.
    static final long NO_SNOOP = 1 << 2;

    private static final long EXECUTE = 1 << 2;
    private static final long ACCESSED = 1 << 8;
    private static final long DIRTY = 1 << 9;

    private final SecondStageFormat plain;
    private final boolean rehearsal;

    /// @param rehearsal whether entries are not written, though the walk goes on as if they were
    MarkingSecondStageFormat(SecondStageFormat plain, boolean rehearsal) {
        this.plain = plain;
        this.rehearsal = rehearsal;
    }

    @Override
    public TableShape shape() {
        return plain.shape();
    }

    @Override
    public boolean checksRightsAtEachLevel() {
        return true;
    }

    @Override
    public long decode(long raw, int level, long regime) {
        long entry = plain.decode(raw, level, 0);
        boolean executable = (regime & EXECUTE_ENABLED) == 0 || (raw & EXECUTE) != 0;
        boolean clean =
                (regime & MARKS) != 0
                        && (raw & DIRTY) == 0
                        && TableEntry.kind(entry) == TableEntry.LEAF;
        return TableEntry.kind(entry) == TableEntry.NOT_PRESENT
                ? entry
                : entry | (executable ? TableEntry.EXECUTE : 0) | (clean ? TableEntry.CLEAN : 0);
    }

    @Override
    public boolean marksUse() {
        return true;
    }

    @Override
    public long used(long raw, int level, boolean leaf, boolean write, long regime) {
        if ((regime & MARKS) == 0) {
            return raw;
        }
        long wanted = raw | ACCESSED | (leaf && write ? DIRTY : 0);
        return wanted != raw && (regime & NO_SNOOP) != 0 ? UNMARKED : wanted;
    }

    @Override
    public boolean write(PhysicalMemory memory, long hpa, long raw, long regime) {
        return rehearsal ? memory.isBacked(hpa) : memory.write64(hpa, raw);
    }
}
