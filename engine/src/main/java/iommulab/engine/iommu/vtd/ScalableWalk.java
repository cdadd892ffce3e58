package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.ReadAhead;
import iommulab.engine.iommu.SecondStage;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.StopCause;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableWalker;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

/// Walks the page tables that a PASID table entry names: a first stage, a second stage, or a first
/// stage whose tables and pages lie behind a second.
/// Spec: VT-d, "Scalable Mode Address Translation", "First-Stage Translation", "Nested Translation".
final class ScalableWalk {
    private static final long NO_EXECUTE = ~(long) TableEntry.EXECUTE;

    private final TableWalker first;
    private final TableWalker second;
    private final TableWalker secondMarking;
    private final SecondStage below;
    private final SecondStage belowMarking;
    private final int iovaBits;
    private int reads;
    private int probes;
    private int nestedProbes;
    private StopCause cause = StopCause.OTHER;

    /// @param rehearsal whether accessed and dirty bits stay as they are
    ScalableWalk(VtdUnit unit, PhysicalMemory memory, boolean rehearsal) {
        var capabilities = unit.capabilities();
        var marking = new MarkingSecondStageFormat(unit.format(), rehearsal);
        first = new TableWalker(memory, new FirstStageFormat(capabilities, rehearsal), Stage.FIRST);
        second = new TableWalker(memory, unit.format(), Stage.SECOND);
        secondMarking = new TableWalker(memory, marking, Stage.SECOND);
        below = new SecondStage(memory, unit.format());
        belowMarking = new SecondStage(memory, marking);
        iovaBits = capabilities.iovaBits();
    }

    void useCaches(ScalableCaches caches) {
        first.useCaches(CacheKind.PAGING_STRUCTURE, caches.pagingInUse());
        second.useCaches(CacheKind.PAGING_STRUCTURE, caches.pagingInUse());
        secondMarking.useCaches(CacheKind.PAGING_STRUCTURE, caches.pagingInUse());
        below.useCaches(caches.nested(), caches.nestedPagingInUse());
        belowMarking.useCaches(caches.nested(), caches.nestedPagingInUse());
    }

    void observe(WalkObserver observer) {
        first.observe(observer);
        second.observe(observer);
        secondMarking.observe(observer);
        below.observe(observer);
        belowMarking.observe(observer);
    }

    /// Translates one address by a first stage alone.
    ///
    /// @param entry packed, with its `rest`
    /// @param iova canonical
    /// @return the leaf, or the negative code of a [VtdFault]
    long firstStage(long entry, long rest, long iova, long needs, long hopes, long origin) {
        first.through(null);
        long leaf = walkFirst(entry, rest, iova, needs, hopes, origin);
        reads = first.reads();
        probes = first.probes();
        nestedProbes = 0;
        return leaf;
    }

    private long walkFirst(long entry, long rest, long iova, long needs, long hopes, long origin) {
        int levels = PasidEntry.levelsOf(entry);
        first.enter(
                PasidEntry.tableOf(rest),
                levels,
                PasidEntry.spaceOf(entry),
                PasidEntry.firstStageRegime(rest));
        long address = iova & (1L << 12 + 9 * levels) - 1;
        long leaf = first.walk(address, needs, hopes, origin);
        if (leaf < 0) {
            var through = PasidEntry.secondStageRegime(rest) == 0 ? below : belowMarking;
            cause =
                    leaf == TableWalker.BELOW
                            ? StopCause.ofSecondStage(through.lastRights())
                            : StopCause.FIRST_STAGE_RIGHTS;
            return -ScalableFaults.ofFirstStage(leaf, first, levels, needs, through).code();
        }
        return PasidEntry.has(rest, PasidEntry.SMEP) ? keptFromSupervisors(leaf, needs) : leaf;
    }

    /// SMEP: a supervisor does not execute what users may touch.
    private long keptFromSupervisors(long leaf, long needs) {
        if ((leaf & TableEntry.READ) == 0) {
            return leaf;
        }
        cause = StopCause.FIRST_STAGE_RIGHTS;
        return (needs & TableEntry.PRIV_EXECUTE) != 0
                ? -VtdFault.NO_EXECUTE_RIGHT.code()
                : leaf & ~TableEntry.PRIV_EXECUTE;
    }

    /// Translates one address by a second stage alone.
    ///
    /// @param iova within its width
    /// @return the leaf, or the negative code of a [VtdFault]
    long secondStage(long entry, long rest, long iova, long needs, long hopes, long origin) {
        long regime = PasidEntry.secondStageRegime(rest);
        var walker = regime == 0 ? second : secondMarking;
        // The plain format knows no right to execute: it is always there.
        long asked = regime == 0 ? needs & NO_EXECUTE : needs;
        walker.enter(
                PasidEntry.tableOf(entry),
                PasidEntry.secondStageLevelsOf(rest),
                PasidEntry.spaceOf(entry),
                regime);
        long leaf = walker.walk(iova, asked, hopes, origin);
        cause = StopCause.SECOND_STAGE_RIGHTS;
        reads = walker.reads();
        probes = walker.probes();
        nestedProbes = 0;
        return leaf < 0
                ? -ScalableFaults.ofSecondStage(leaf, walker.lastRights(), asked).code()
                : regime == 0 ? leaf | TableEntry.EXECUTE : leaf;
    }

    /// Translates one address by a first stage whose tables and pages lie behind a second.
    ///
    /// @param iova canonical
    /// @param guestSpace tag of the second stage in the caches
    /// @return the leaf of both together, or the negative code of a [VtdFault]
    long nested(
            long entry, long rest, int guestSpace, long iova, long needs, long hopes, long origin) {
        long regime = PasidEntry.secondStageRegime(rest);
        var stage = regime == 0 ? below : belowMarking;
        int levels = PasidEntry.secondStageLevelsOf(rest);
        int bits = Math.min(iovaBits, 12 + 9 * levels);
        stage.enter(PasidEntry.tableOf(entry), levels, bits, guestSpace, regime, origin);
        first.through(stage);
        long leaf = walkFirst(entry, rest, iova, needs, hopes, origin);
        if (leaf >= 0) {
            leaf =
                    placed(
                            leaf,
                            stage,
                            iova,
                            plain(needs, regime),
                            plain(hopes & leaf, regime),
                            regime);
        }
        reads = first.reads() + stage.reads();
        nestedProbes = stage.asked();
        probes = first.probes() + stage.probes();
        return leaf;
    }

    /// Adds the walk of one stage alone.
    void foresee(long entry, long rest, long iova, ReadAhead walks) {
        switch (PasidEntry.typeOf(entry)) {
            case PasidEntry.FIRST_STAGE -> {
                int levels = PasidEntry.levelsOf(entry);
                long address = iova & (1L << 12 + 9 * levels) - 1;
                long regime = PasidEntry.firstStageRegime(rest);
                walks.add(first, PasidEntry.tableOf(rest), levels, address, regime);
            }
            case PasidEntry.SECOND_STAGE -> {
                long regime = PasidEntry.secondStageRegime(rest);
                var walker = regime == 0 ? second : secondMarking;
                int levels = PasidEntry.secondStageLevelsOf(rest);
                walks.add(walker, PasidEntry.tableOf(entry), levels, iova, regime);
            }
            default -> {
                // Nothing to walk, or one stage behind the other, where each table has to be found
                // first.
            }
        }
    }

    private long placed(
            long leaf, SecondStage stage, long iova, long needs, long hopes, long regime) {
        long gpa = Iotlb.hpa(leaf, iova);
        long word = stage.place(gpa, needs, hopes);
        if (word < 0) {
            cause = StopCause.SECOND_STAGE_RIGHTS;
            return -ScalableFaults.ofSecondStage(word, stage.lastRights(), needs).code();
        }
        long granted = regime == 0 ? word | TableEntry.EXECUTE : word;
        return TableEntry.combine(leaf, granted, Iotlb.hpa(word, gpa));
    }

    /// Rights of both privileges as a second stage knows them.
    private static long plain(long rights, long regime) {
        long all =
                rights & (TableEntry.READ | TableEntry.WRITE | TableEntry.EXECUTE)
                        | rights >>> 56 & (TableEntry.READ | TableEntry.WRITE)
                        | rights >>> 54 & TableEntry.EXECUTE;
        return regime == 0 ? all & NO_EXECUTE : all;
    }

    /// Whose rights stopped the last walk, if rights did; of a first-stage table that cannot be read, whether
    /// the second stage maps it.
    StopCause cause() {
        return cause;
    }

    /// Memory reads of the last walk, of all stages.
    int reads() {
        return reads;
    }

    /// How often the cache of guest-physical pages was asked in the last walk.
    int nestedProbes() {
        return nestedProbes;
    }

    /// Paging-structure caches asked in the last walk.
    int probes() {
        return probes;
    }
}
