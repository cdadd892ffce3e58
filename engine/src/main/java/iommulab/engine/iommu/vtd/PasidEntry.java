package iommulab.engine.iommu.vtd;

/// The fields of a PASID table entry that translation needs, and the two words in which the PASID cache
/// holds them.
/// Spec: VT-d, "Scalable-Mode PASID Table Entry".
final class PasidEntry {
    /*
     *   word 0  0 P | 1 FPD | 4:2 AW | 5 SSEE | 8:6 PGTT | 9 SSADE | 11:10 reserved | 63:12 SSPTPTR
     *   word 1  15:0 DID | 22:16 reserved | 23 PWSNP | 24 PGSNP | 25 CD | 26 EMTE | 29:27 EMT | 63:32 PAT
     *   word 2  0 SRE | 1 ERE | 3:2 FSPM | 4 WPE | 5 NXE | 6 SMEP | 7 EAFE | 11:8 reserved | 63:12 FSPTPTR
     *   words 3 to 7 reserved
     */
    static final int BYTES = 64;
    static final int WORDS = 8;

    static final int FIRST_STAGE = 1;
    static final int SECOND_STAGE = 2;
    static final int NESTED = 3;
    static final int PASS_THROUGH = 4;

    static final long SRE = 1;
    static final long ERE = 1 << 1;
    static final long WPE = 1 << 4;
    static final long NXE = 1 << 5;
    static final long SMEP = 1 << 6;
    static final long EAFE = 1 << 7;

    private static final long[] RESERVED = {0xc00, 0x7f_0000, 0xf00, -1, -1, -1, -1, -1};

    private PasidEntry() {}

    static boolean isPresent(long word0) {
        return (word0 & 1) != 0;
    }

    static boolean isSilent(long word0) {
        return (word0 & 1 << 1) != 0;
    }

    /// PGTT
    static int type(long word0) {
        return (int) (word0 >>> 6) & 7;
    }

    static int secondStageLevels(long word0) {
        return (int) (word0 >>> 2 & 7) + 2;
    }

    static int domain(long word1) {
        return (int) word1 & 0xffff;
    }

    /// FSPM: 0 is 4 levels, 1 is 5.
    static int firstStageMode(long word2) {
        return (int) (word2 >>> 2) & 3;
    }

    /// Bits of a word that must be zero whatever the unit can do.
    static long reserved(int word) {
        return RESERVED[word];
    }

    static boolean hasFirstStage(int type) {
        return type == FIRST_STAGE || type == NESTED;
    }

    static boolean hasSecondStage(int type) {
        return type == SECOND_STAGE || type == NESTED;
    }

    // ---- as the PASID cache holds a valid entry

    /*
     *   word    63:24 second-stage table >> 12 | 23:8 space | 7 plain | 6 FPD | 5 privileged |
     *           4:3 levels of the tables met first, less 3 | 2:0 PGTT
     *   rest    63:24 first-stage table >> 12 | 23:21 regime of the second stage | 20:16 of the first
     *           15:8 as 7:0 of word 2 | 7:5 AW | 4 PWSNP | 2 SSADE | 1 SSEE
     *
     * Privileged: the entry serves requests without PASID, which count as those of a supervisor.
     * Plain: neither that nor pass-through, so that a user's request may go the short way.
     */
    private static final int TABLE_AT = 24;
    private static final int SPACE_AT = 8;
    private static final int PLAIN = 1 << 7;
    private static final int SILENT = 1 << 6;
    private static final int PRIVILEGED = 1 << 5;
    private static final int LEVELS_AT = 3;
    private static final long NOWHERE = (1L << 52) - 4096;
    private static final int FLAGS_AT = 8;
    private static final int WIDTH_AT = 5;
    private static final int FIRST_REGIME_AT = 16;
    private static final int SECOND_REGIME_AT = 21;
    private static final long WALK_SNOOPS = 1 << 4;
    private static final long MARKS = 1 << 2;
    private static final long SECOND_EXECUTE = 1 << 1;

    static long pack(long word0, long word2, int space, boolean silent, boolean privileged) {
        int levels =
                hasFirstStage(type(word0)) ? 4 + firstStageMode(word2) : secondStageLevels(word0);
        boolean plain = !privileged && type(word0) != PASS_THROUGH;
        return packTable(word0)
                | (long) space << SPACE_AT
                | (plain ? PLAIN : 0)
                | (silent ? SILENT : 0)
                | (privileged ? PRIVILEGED : 0)
                | (long) (levels - 3 & 3) << LEVELS_AT
                | type(word0);
    }

    static long packRest(long word0, long word1, long word2, VtdCapabilities capabilities) {
        long off =
                (capabilities.supervisorRequests() ? 0 : SRE)
                        | (capabilities.executeRequests() ? 0 : ERE)
                        | (capabilities.extendedAccessed() ? 0 : EAFE);
        boolean marks = (word0 & 1 << 9) != 0 && capabilities.secondStageMarks();
        boolean executes = (word0 & 1 << 5) != 0 && capabilities.executeRequests();
        boolean snoops = (word1 & 1 << 23) != 0 || !capabilities.choosesWalkSnoop();
        long flags =
                (word2 & 0xff & ~off) << FLAGS_AT
                        | (word0 >>> 2 & 7) << WIDTH_AT
                        | (snoops ? WALK_SNOOPS : 0)
                        | (marks ? MARKS : 0)
                        | (executes ? SECOND_EXECUTE : 0);
        return packTable(word2)
                | flags
                | firstStageRules(flags) << FIRST_REGIME_AT
                | secondStageRules(flags) << SECOND_REGIME_AT;
    }

    /// A pointer that no host address can hold leads nowhere, as the last page of all does.
    private static long packTable(long word) {
        long table = word & -4096L;
        return (table >>> 52 == 0 ? table : NOWHERE) >>> 12 << TABLE_AT;
    }

    static int typeOf(long packed) {
        return (int) packed & 7;
    }

    static int spaceOf(long packed) {
        return (int) spaceIn(packed);
    }

    /// The space, for who goes on with it as a `long`.
    static long spaceIn(long packed) {
        return packed >>> SPACE_AT & 0xffff;
    }

    /// The same with 0 for the space.
    static long withoutSpace(long packed) {
        return packed & ~(0xffffL << SPACE_AT);
    }

    static boolean isPackedSilent(long packed) {
        return (packed & SILENT) != 0;
    }

    static boolean isPackedPrivileged(long packed) {
        return (packed & PRIVILEGED) != 0;
    }

    /// Second-stage table of the first word, first-stage table of the second.
    static long tableOf(long packed) {
        return packed >>> TABLE_AT << 12;
    }

    /// Whether a user's request may go the short way; not so for 0, which is no entry.
    static boolean isPlain(long packed) {
        return (packed & PLAIN) != 0;
    }

    /// Levels of the tables that a request meets first: those of the first stage, if there is one.
    static int levelsOf(long packed) {
        return ((int) packed >>> LEVELS_AT & 3) + 3;
    }

    static int secondStageLevelsOf(long rest) {
        return (int) (rest >>> WIDTH_AT & 7) + 2;
    }

    /// The flags of word 2.
    static boolean has(long rest, long flag) {
        return (rest >>> FLAGS_AT & flag) != 0;
    }

    /// See [FirstStageFormat].
    static long firstStageRegime(long rest) {
        return rest >>> FIRST_REGIME_AT & 0x1f;
    }

    /// See [MarkingSecondStageFormat]; 0 if the plain second-stage format serves.
    static long secondStageRegime(long rest) {
        return rest >>> SECOND_REGIME_AT & 7;
    }

    private static long firstStageRules(long rest) {
        boolean executes = has(rest, ERE);
        return (has(rest, WPE) ? FirstStageFormat.WRITE_PROTECT : 0)
                | (executes && has(rest, NXE) ? FirstStageFormat.EXECUTE_DISABLE : 0)
                | (executes && !has(rest, NXE) ? FirstStageFormat.NO_EXECUTE_DISABLE : 0)
                | (has(rest, EAFE) ? FirstStageFormat.EXTENDED_ACCESSED : 0)
                | ((rest & WALK_SNOOPS) == 0 ? FirstStageFormat.NO_SNOOP : 0);
    }

    private static long secondStageRules(long rest) {
        long asked =
                ((rest & MARKS) != 0 ? MarkingSecondStageFormat.MARKS : 0)
                        | ((rest & SECOND_EXECUTE) != 0
                                ? MarkingSecondStageFormat.EXECUTE_ENABLED
                                : 0);
        return asked == 0 || (rest & WALK_SNOOPS) != 0
                ? asked
                : asked | MarkingSecondStageFormat.NO_SNOOP;
    }

    // ---- the words that were packed, as far as they are kept

    static long firstWordOf(long packed, long rest) {
        return tableOf(packed)
                | (long) typeOf(packed) << 6
                | (rest >>> WIDTH_AT & 7) << 2
                | ((rest & MARKS) != 0 ? 1 << 9 : 0)
                | ((rest & SECOND_EXECUTE) != 0 ? 1 << 5 : 0)
                | (isPackedSilent(packed) ? 1 << 1 : 0)
                | 1;
    }

    static long secondWordOf(long rest, int domain) {
        return domain | ((rest & WALK_SNOOPS) != 0 ? 1 << 23 : 0);
    }

    static long thirdWordOf(long rest) {
        return tableOf(rest) | rest >>> FLAGS_AT & 0xff;
    }
}
