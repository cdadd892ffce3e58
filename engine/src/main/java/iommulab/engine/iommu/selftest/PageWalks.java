package iommulab.engine.iommu.selftest;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.iommu.SecondStage;
import iommulab.engine.iommu.Stage;
import iommulab.engine.iommu.TableEntry;
import iommulab.engine.iommu.TableWalker;
import iommulab.engine.iommu.WalkObserver;
import iommulab.engine.memory.PhysicalMemory;

/// The walks of the self-test's IOMMU: through a first stage, a second, or a first whose tables lie in what
/// the second maps; and why a walk failed. Allocates nothing.
final class PageWalks {
    private static final int LEVELS = SelftestFormat.LEVELS;
    private static final int BITS = SelftestFormat.ADDRESS_BITS;

    private final TableWalker first;
    private final TableWalker alone;
    private final SecondStage below;
    private SelftestFault fault = SelftestFault.TABLE_UNREADABLE;
    private int reads;
    private int asked;

    /// @param looksOnly whether accessed and dirty bits are not written, though they would be
    PageWalks(PhysicalMemory memory, boolean looksOnly) {
        var format = new SelftestFormat(looksOnly);
        first = new TableWalker(memory, format, Stage.FIRST);
        alone = new TableWalker(memory, format, Stage.SECOND);
        below = new SecondStage(memory, format);
        useCache(new Iotlb(CacheGeometry.OFF, 0));
    }

    /// @param nested finished translations of the second stage
    void useCache(Iotlb nested) {
        below.useCaches(nested, new PagingStructureCache[0]);
    }

    void observe(WalkObserver observer) {
        first.observe(observer);
        alone.observe(observer);
        below.observe(observer);
    }

    /// @param entry that says tables
    /// @param needs [TableEntry#READ], [TableEntry#WRITE] or none
    /// @return the leaf of all stages together, or negative; then see [#fault]
    long walk(TranslationEntry entry, long iova, long needs, long origin) {
        asked = 0;
        reads = 0;
        if (iova >>> BITS != 0) {
            return failed(
                    entry.hasFirst()
                            ? SelftestFault.FIRST_STAGE_NOT_MAPPED
                            : SelftestFault.SECOND_STAGE_NOT_MAPPED);
        }
        if (entry.hasFirst()) {
            return throughFirst(entry, iova, needs, origin);
        }
        alone.enter(
                TranslationEntry.table(entry.secondTable()),
                LEVELS,
                entry.tag(),
                entry.secondRegime());
        long leaf = alone.walk(iova, needs, 0, origin);
        reads = alone.reads();
        return leaf >= 0 ? leaf : failed(second(leaf));
    }

    private long throughFirst(TranslationEntry entry, long iova, long needs, long origin) {
        boolean nested = entry.isNested();
        if (nested) {
            below.enter(
                    TranslationEntry.table(entry.secondTable()),
                    LEVELS,
                    BITS,
                    entry.parentTag(),
                    entry.secondRegime(),
                    origin);
        }
        first.through(nested ? below : null);
        first.enter(
                TranslationEntry.table(entry.firstTable()),
                LEVELS,
                entry.tag(),
                entry.firstRegime());
        long leaf = first.walk(iova, needs, 0, origin);
        if (nested && leaf >= 0) {
            long gpa = Iotlb.hpa(leaf, iova);
            long place = below.place(gpa, needs, 0);
            leaf =
                    place < 0
                            ? failed(second(place))
                            : TableEntry.combine(leaf, place, Iotlb.hpa(place, gpa));
        } else if (leaf < 0) {
            leaf = failed(leaf == TableWalker.BELOW ? second(below.answer()) : first(leaf));
        }
        reads = first.reads() + (nested ? below.reads() : 0);
        asked = nested ? below.asked() : 0;
        return leaf;
    }

    private long failed(SelftestFault why) {
        fault = why;
        return -1;
    }

    private static SelftestFault first(long answer) {
        return why(
                answer, SelftestFault.FIRST_STAGE_NOT_MAPPED, SelftestFault.FIRST_STAGE_NO_RIGHT);
    }

    private static SelftestFault second(long answer) {
        return why(
                answer, SelftestFault.SECOND_STAGE_NOT_MAPPED, SelftestFault.SECOND_STAGE_NO_RIGHT);
    }

    private static SelftestFault why(long answer, SelftestFault notMapped, SelftestFault noRight) {
        if (answer == TableWalker.NOT_PRESENT || answer == SecondStage.TOO_WIDE) {
            return notMapped;
        }
        if (answer == TableWalker.NO_RIGHT) {
            return noRight;
        }
        return TableWalker.brokenRule(answer) >= 0
                ? SelftestFault.TABLE_MALFORMED
                : SelftestFault.TABLE_UNREADABLE;
    }

    /// Why the last walk failed, if it did.
    SelftestFault fault() {
        return fault;
    }

    /// Memory reads of the last walk.
    int reads() {
        return reads;
    }

    /// Times that the cache of the second stage was asked in the last walk.
    int asked() {
        return asked;
    }
}
