package iommulab.engine.iommu.selftest;

/// What the entry of a device, or of one PASID of it, says: its four words.
///
/// @param low type, marking, numbers of the domains
/// @param firstTable where the first-stage tables begin, and whether there are any
/// @param secondTable the same of the second stage
/// @param pasidTable where the directory of PASIDs is; zero in the entry of a PASID
record TranslationEntry(long low, long firstTable, long secondTable, long pasidTable) {
    /*
     *   low          47:32 domain of the second stage | 31:16 domain | 3 mark second | 2 mark first
     *                | 1:0 type
     *   the others   51:12 address | 0 valid
     */
    static final int BYTES = 32;

    /// Type: nothing gets through.
    static final int BLOCKED = 0;

    /// Type: addresses stay as they are.
    static final int PASS_THROUGH = 1;

    /// Type: tables translate.
    static final int TABLES = 2;

    static final long VALID = 1;
    static final long ADDRESS = (1L << 52) - 4096;

    private static final long MARK_FIRST = 1 << 2;
    private static final long MARK_SECOND = 1 << 3;
    private static final long RESERVED = -1L << 48 | 0xfff0L;
    private static final long RESERVED_IN_POINTER = ~(ADDRESS | VALID);

    int type() {
        return (int) low & 3;
    }

    /// Whether it can be used: no reserved bit, and tables where it says that there are some.
    boolean isWellFormed() {
        long pointers = firstTable | secondTable | pasidTable;
        return (low & RESERVED) == 0
                && (pointers & RESERVED_IN_POINTER) == 0
                && type() <= TABLES
                && (type() != TABLES || hasFirst() || hasSecond());
    }

    /// Domain: what finished translations are tagged with.
    int tag() {
        return (int) (low >>> 16) & 0xffff;
    }

    /// Domain of the second stage below a first one.
    int parentTag() {
        return (int) (low >>> 32) & 0xffff;
    }

    boolean hasFirst() {
        return (firstTable & VALID) != 0;
    }

    boolean hasSecond() {
        return (secondTable & VALID) != 0;
    }

    boolean isNested() {
        return hasFirst() && hasSecond();
    }

    boolean hasPasids() {
        return (pasidTable & VALID) != 0;
    }

    /// Regime of the first stage, see [SelftestFormat].
    long firstRegime() {
        return (low & MARK_FIRST) != 0 ? SelftestFormat.MARKS : 0;
    }

    /// Regime of the second stage, see [SelftestFormat].
    long secondRegime() {
        return (low & MARK_SECOND) != 0 ? SelftestFormat.MARKS : 0;
    }

    /// The table that a pointer of the entry leads to.
    static long table(long pointer) {
        return pointer & ADDRESS;
    }
}
