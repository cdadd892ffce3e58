package iommulab.engine.iommu.smmuv3;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.ReadAhead;
import iommulab.engine.iommu.SecondStage;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableFormat;
import iommulab.engine.iommu.TableWalker;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

/// The table walks of an SMMU: stage 1, stage 2, and stage 1 through stage 2, in three granules. What stops
/// a walk is told in the terms of the event record.
///
/// Not thread-safe: one engine thread owns it. Allocates nothing while it walks.
final class StageWalks {
    /*
     * Walkers by granule, first those that leave descriptors as they are, then those that mark their use:
     * asking at each descriptor whether it is to be marked costs more than a second set of walkers.
     */
    private static final int GRANULES = Granule.values().length;
    private static final int WALKERS = 2 * GRANULES;

    private final TableWalker[] firsts = new TableWalker[WALKERS];
    private final TableWalker[] alone = new TableWalker[WALKERS];
    private final SecondStage[] below = new SecondStage[WALKERS];
    private final StopReport stop = new StopReport();
    private final int intermediateBits;
    private int reads;
    private int probes;

    /// @param marks whether hardware may set access flags and dirty states
    StageWalks(PhysicalMemory memory, SmmuCapabilities capabilities, boolean marks) {
        intermediateBits = capabilities.intermediateBits();
        for (int i = 0; i < WALKERS; i++) {
            var granule = Granule.values()[i % GRANULES];
            boolean sets = marks && i >= GRANULES;
            TableFormat second = new StageTwoFormat(granule, sets, capabilities);
            firsts[i] = new TableWalker(memory, new StageOneFormat(granule, sets), Stage.FIRST);
            alone[i] = new TableWalker(memory, second, Stage.SECOND);
            below[i] = new SecondStage(memory, second);
        }
    }

    void useCaches(SmmuCaches caches) {
        for (int i = 0; i < WALKERS; i++) {
            var granule = Granule.values()[i % GRANULES];
            firsts[i].useCaches(CacheKind.PAGING_STRUCTURE, caches.pagingInUse(granule));
            alone[i].useCaches(CacheKind.PAGING_STRUCTURE, caches.pagingInUse(granule));
            below[i].useCaches(caches.nested(), caches.nestedPagingInUse(granule));
        }
    }

    void observe(WalkObserver observer) {
        for (int i = 0; i < WALKERS; i++) {
            firsts[i].observe(observer);
            alone[i].observe(observer);
            below[i].observe(observer);
        }
    }

    private static int walker(Granule granule, long regime) {
        return granule.ordinal() + ((regime & Regime.SETS_FLAG) == 0 ? 0 : GRANULES);
    }

    /// Begins to count for a new request.
    void begin() {
        reads = 0;
        probes = 0;
    }

    // ---- before the walk

    /// Whether an address is one that a context translates at all.
    boolean accepts(StreamContext context, long iova) {
        if (context.kind() == StreamContext.Kind.SECOND) {
            return acceptsIntermediate(context.second(), iova);
        }
        if (!context.half(iova).translates(iova)) {
            stop.of(SmmuFault.TRANSLATION, false, StopReport.INPUT, 0);
            return false;
        }
        return true;
    }

    private boolean acceptsIntermediate(Second second, long ipa) {
        if (ipa >>> intermediateBits != 0) {
            stop.ofBypass();
            return false;
        }
        if (ipa >>> second.inputBits() != 0) {
            stop.of(SmmuFault.TRANSLATION, true, StopReport.INPUT, ipa);
            return false;
        }
        return true;
    }

    // ---- the three kinds of walk

    /// What a context makes of an address that it accepts.
    ///
    /// @return a leaf, or [StopReport#STOPPED]
    long walk(StreamContext context, long iova, long needs, long hopes, long origin) {
        return switch (context.kind()) {
            case FIRST -> first(context.half(iova), iova, needs, hopes, origin);
            case NESTED -> nested(context, iova, needs, hopes, origin);
            case SECOND -> second(context.second(), iova, needs, hopes, origin);
            case ABORT, BYPASS, DISABLED, UNREAD ->
                    throw new IllegalStateException("no tables for " + context.kind());
        };
    }

    /// Stage 1 alone.
    ///
    /// @param iova within what `half` translates
    private long first(Half half, long iova, long needs, long hopes, long origin) {
        var walker = firsts[walker(half.granule(), half.regime())];
        walker.through(null);
        walker.enter(half.table(), half.levels(), half.space(), half.regime());
        long leaf = walker.walk(half.input(iova), needs, hopes, origin);
        count(walker.reads(), walker.probes());
        if (leaf < 0) {
            return leaf == TableWalker.NO_TABLE || leaf == TableWalker.NO_FIRST_TABLE
                    ? stop.walkAborted(false, StopReport.TABLE, walker.lastEntry())
                    : stop.ofWalk(leaf, false, StopReport.INPUT, 0);
        }
        return settled(leaf, half, needs);
    }

    private long settled(long leaf, Half half, long needs) {
        if (StageOneFormat.isSettled(half.regime())) {
            return leaf;
        }
        long settled = StageOneFormat.settled(leaf, half.regime());
        return (settled & needs) == needs
                ? settled
                : stop.of(SmmuFault.PERMISSION, false, StopReport.INPUT, 0);
    }

    /// Stage 2 alone.
    ///
    /// @param ipa within what stage 2 translates
    long second(Second second, long ipa, long needs, long hopes, long origin) {
        var walker = alone[walker(second.granule(), second.regime())];
        walker.enter(second.table(), second.levels(), second.space(), second.regime());
        long leaf = walker.walk(ipa, needs, hopes, origin);
        count(walker.reads(), walker.probes());
        return leaf >= 0 ? leaf : ofSecond(leaf, StopReport.INPUT, ipa, walker.lastEntry());
    }

    /// Stage 1, each of its tables and its output through stage 2.
    private long nested(StreamContext context, long iova, long needs, long hopes, long origin) {
        var lower = enter(context.second(), origin);
        long leaf = throughSecond(context.half(iova), lower, iova, needs, hopes, origin);
        if (leaf >= 0) {
            long ipa = Iotlb.hpa(leaf, iova);
            long word = lower.place(ipa, needs, hopes & leaf);
            leaf =
                    word < 0
                            ? ofSecond(word, StopReport.INPUT, ipa, lower.lastEntry())
                            : combine(leaf, word, Iotlb.hpa(word, ipa));
        }
        count(lower.reads(), lower.probes());
        return leaf;
    }

    /// Stage 2 for an address that stage 1 was asked for before.
    long translated(StreamContext context, long ipa, long needs, long origin) {
        return acceptsIntermediate(context.second(), ipa)
                ? second(context.second(), ipa, needs, 0, origin)
                : StopReport.STOPPED;
    }

    /// Stage 1 through stage 2, but not its output: that is for the device to ask again about.
    long split(StreamContext context, long iova, long hopes, long origin) {
        var lower = enter(context.second(), origin);
        long leaf = throughSecond(context.half(iova), lower, iova, 0, hopes, origin);
        count(lower.reads(), lower.probes());
        return leaf;
    }

    private long throughSecond(
            Half half, SecondStage lower, long iova, long needs, long hopes, long origin) {
        var walker = firsts[walker(half.granule(), half.regime())];
        walker.through(lower);
        walker.enter(half.table(), half.levels(), half.space(), half.regime());
        long leaf = walker.walk(half.input(iova), needs, hopes, origin);
        count(walker.reads(), walker.probes());
        return leaf < 0 ? stoppedInFirst(leaf, walker, lower) : settled(leaf, half, needs);
    }

    private long stoppedInFirst(long failure, TableWalker walker, SecondStage lower) {
        if (failure == TableWalker.BELOW) {
            return ofSecond(lower.answer(), StopReport.TABLE, lower.gpa(), lower.lastEntry());
        }
        if (failure == TableWalker.NO_TABLE || failure == TableWalker.NO_FIRST_TABLE) {
            // The address of the descriptor is told as it was fetched, behind stage 2.
            long hpa = Iotlb.hpa(lower.answer(), walker.lastEntry());
            return stop.walkAborted(false, StopReport.TABLE, hpa);
        }
        return stop.ofWalk(failure, false, StopReport.INPUT, 0);
    }

    /// The hpa of a context descriptor, or of the descriptor that leads to it.
    long descriptor(Second second, long ipa, long origin) {
        var lower = enter(second, origin);
        long word = lower.place(ipa, TableEntry.READ, 0);
        count(lower.reads(), lower.probes());
        return word < 0
                ? ofSecond(word, StopReport.DESCRIPTOR, ipa, lower.lastEntry())
                : Iotlb.hpa(word, ipa);
    }

    private SecondStage enter(Second second, long origin) {
        var lower = below[walker(second.granule(), second.regime())];
        lower.enter(
                second.table(),
                second.levels(),
                second.inputBits(),
                second.space(),
                second.regime(),
                origin);
        return lower;
    }

    /// What both stages together grant. Stage 2 of this architecture names the rights of both privileges.
    private static long combine(long first, long second, long hpa) {
        int shift = Math.min(Iotlb.pageShift(first), Iotlb.pageShift(second));
        long flags = (first | second) & TableEntry.CLEAN | first & TableEntry.GLOBAL;
        return TableEntry.leaf(hpa & -1L << shift, shift, first & second & TableEntry.RIGHTS)
                | flags;
    }

    private long ofSecond(long failure, int eventClass, long ipa, long entry) {
        return failure == TableWalker.NO_TABLE || failure == TableWalker.NO_FIRST_TABLE
                ? stop.walkAborted(true, eventClass, entry)
                : stop.ofWalk(failure, true, eventClass, ipa);
    }

    /// Adds the walk of one stage alone.
    void foresee(StreamContext context, long iova, ReadAhead ahead) {
        var half = context.half(iova);
        var second = context.second();
        if (context.kind() == StreamContext.Kind.FIRST && half.translates(iova)) {
            var walker = firsts[walker(half.granule(), half.regime())];
            ahead.add(walker, half.table(), half.levels(), half.input(iova), half.regime());
        } else if (context.kind() == StreamContext.Kind.SECOND
                && iova >>> second.inputBits() == 0) {
            var walker = alone[walker(second.granule(), second.regime())];
            ahead.add(walker, second.table(), second.levels(), iova, second.regime());
        }
    }

    private void count(int moreReads, int moreProbes) {
        reads += moreReads;
        probes += moreProbes;
    }

    // ---- what the last walks found

    /// Why the last walk was stopped.
    StopReport stop() {
        return stop;
    }

    /// Memory reads of tables since [#begin].
    int reads() {
        return reads;
    }

    /// Paging-structure caches asked since [#begin].
    int probes() {
        return probes;
    }
}
