package iommulab.engine.iommu.vtd;

import iommulab.engine.iommu.SecondStage;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableWalker;

/// The reasons for which walks of scalable mode fail: what a walker answered, in VT-d's numbers.
/// Spec: VT-d, "Non-Recoverable Address Translation Faults", scalable mode.
final class ScalableFaults {
    private static final long EXECUTES = TableEntry.EXECUTE | TableEntry.PRIV_EXECUTE;

    private ScalableFaults() {}

    /// @param failure of a first-stage walk
    /// @param levels of the first stage
    /// @param needs rights that the request needs
    static VtdFault ofFirstStage(
            long failure, TableWalker walker, int levels, long needs, SecondStage below) {
        if (TableWalker.brokenRule(failure) >= 0) {
            return VtdFault.FIRST_RESERVED;
        }
        if (failure == TableWalker.NO_RIGHT) {
            long missing = needs & ~walker.lastRights();
            return (missing & TableEntry.READ) != 0 || isUsers(missing, walker.lastRights())
                    ? VtdFault.NOT_FOR_USERS
                    : ofMissing(missing);
        }
        if (failure == TableWalker.BELOW) {
            return ofTableBelow(below, walker.level() == levels);
        }
        if (failure == TableWalker.NOT_PRESENT) {
            return VtdFault.FIRST_NOT_PRESENT;
        }
        if (failure == TableWalker.NO_FIRST_TABLE) {
            return VtdFault.FIRST_TOP_UNREADABLE;
        }
        if (failure == TableWalker.NO_TABLE) {
            return VtdFault.FIRST_TABLE_UNREADABLE;
        }
        return failure == TableWalker.UNMARKED
                ? VtdFault.FIRST_UNMARKED
                : VtdFault.FIRST_NOT_UPDATED;
    }

    /// What users may not touch at all lacks even the right to read.
    private static boolean isUsers(long missing, long rights) {
        boolean plain = (missing & (TableEntry.WRITE | TableEntry.EXECUTE)) != 0;
        return plain && (rights & TableEntry.READ) == 0;
    }

    /// The second stage stopped the walk of the first: at the read or the update of an entry.
    private static VtdFault ofTableBelow(SecondStage below, boolean topTable) {
        long failure = below.answer();
        if (failure == SecondStage.TOO_WIDE) {
            return VtdFault.FIRST_BEYOND_SECOND;
        }
        if (failure == TableWalker.NO_RIGHT || failure == TableWalker.NOT_PRESENT) {
            if (below.wasWrite()) {
                return VtdFault.TABLE_NOT_WRITABLE_BELOW;
            }
            return topTable ? VtdFault.TOP_NOT_READABLE_BELOW : VtdFault.TABLE_NOT_READABLE_BELOW;
        }
        return ofSecondStage(failure, 0, 0);
    }

    /// @param failure of a second-stage walk for the address that the request ends at
    /// @param rights that the entries left down to the one that stopped it
    /// @param needs rights that the request needs
    static VtdFault ofSecondStage(long failure, long rights, long needs) {
        if (TableWalker.brokenRule(failure) >= 0) {
            return VtdFault.SECOND_RESERVED;
        }
        if (failure == TableWalker.NO_RIGHT || failure == TableWalker.NOT_PRESENT) {
            boolean nothing = (rights & (TableEntry.READ | TableEntry.WRITE)) == 0;
            return nothing ? VtdFault.SECOND_NOT_PRESENT : ofMissing(needs & ~rights);
        }
        if (failure == SecondStage.TOO_WIDE) {
            return VtdFault.SM_BEYOND_WIDTH;
        }
        if (failure == TableWalker.NO_FIRST_TABLE) {
            return VtdFault.SECOND_TOP_UNREADABLE;
        }
        if (failure == TableWalker.NO_TABLE) {
            return VtdFault.SECOND_TABLE_UNREADABLE;
        }
        return failure == TableWalker.UNMARKED
                ? VtdFault.SECOND_UNMARKED
                : VtdFault.SECOND_NOT_UPDATED;
    }

    private static VtdFault ofMissing(long missing) {
        if ((missing & TableEntry.ANY_WRITE) != 0) {
            return VtdFault.SM_NO_WRITE_RIGHT;
        }
        return (missing & EXECUTES) != 0 ? VtdFault.NO_EXECUTE_RIGHT : VtdFault.SM_NO_READ_RIGHT;
    }

    /// Whether a device that asks for a translation is told "no access" and may ask for the page; any other
    /// fault is an error of the tables, and recorded. For both modes.
    static boolean isRecoverable(VtdFault fault) {
        return switch (fault) {
            case NO_WRITE_RIGHT,
                    NO_READ_RIGHT,
                    FIRST_NOT_PRESENT,
                    TOP_NOT_READABLE_BELOW,
                    TABLE_NOT_READABLE_BELOW,
                    TABLE_NOT_WRITABLE_BELOW,
                    SECOND_NOT_PRESENT,
                    NOT_FOR_USERS,
                    NO_EXECUTE_RIGHT,
                    SM_NO_WRITE_RIGHT,
                    SM_NO_READ_RIGHT ->
                    true;
            default -> false;
        };
    }
}
