package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.CacheSnapshot;
import iommulab.engine.cache.CacheSnapshot.Staleness;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.iommu.ShownLine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/// The caches of scalable mode as the screen sees them, with what is stale in them.
final class ScalableView {
    private static final int PASID_BITS = 20;

    private final VtdUnit unit;
    private final ScalableCoherence coherence;

    /// @param uncached a unit without caches over the same memory, which sets no bits
    ScalableView(VtdUnit unit, VtdUnit uncached) {
        this.unit = unit;
        coherence = new ScalableCoherence(unit, uncached);
    }

    /// PASID cache, context cache, IOTLB, paging-structure caches from the top level down, then those of
    /// nested walks.
    List<CacheSnapshot> caches() {
        var caches = unit.caches().scalable();
        var all = new ArrayList<CacheSnapshot>();
        all.add(caches.pasids().lines().snapshot(CacheKind.PASID_ENTRY, 0, this::pasidLine));
        all.add(caches.contexts().lines().snapshot(CacheKind.DEVICE_ENTRY, 0, this::contextLine));
        all.add(
                caches.iotlb()
                        .lines()
                        .snapshot(
                                CacheKind.IOTLB,
                                0,
                                line -> page(caches.iotlb(), line, coherence.ofTranslation(line))));
        for (var cache : List.of(caches.paging()).reversed()) {
            all.add(
                    tables(
                            CacheKind.PAGING_STRUCTURE,
                            cache,
                            line -> table(cache, line, coherence.ofTable(cache, line))));
        }
        all.add(
                caches.nested()
                        .lines()
                        .snapshot(
                                CacheKind.NESTED,
                                0,
                                line -> page(caches.nested(), line, coherence.ofNested(line))));
        for (var cache : List.of(caches.nestedPaging()).reversed()) {
            all.add(
                    tables(
                            CacheKind.NESTED_PAGING,
                            cache,
                            line -> table(cache, line, coherence.ofNestedTable(cache, line))));
        }
        return List.copyOf(all);
    }

    private static CacheSnapshot tables(
            CacheKind kind, PagingStructureCache cache, IntFunction<CacheSnapshot.Line> reader) {
        return cache.lines().snapshot(kind, cache.level(), reader);
    }

    private CacheSnapshot.Line pasidLine(int line) {
        var pasids = unit.caches().scalable().pasids();
        long word = pasids.word(line);
        long rest = pasids.origin(line);
        boolean first = PasidEntry.hasFirstStage(PasidEntry.typeOf(word));
        int pasid = Math.max(0, pasids.pasidAt(line));
        return ShownLine.entry(
                pasids.lines(),
                line,
                domain(PasidEntry.spaceOf(word)),
                (long) pasids.requesterAt(line) << PASID_BITS | pasid,
                PasidEntry.tableOf(first ? rest : word),
                coherence.ofPasid(line));
    }

    private CacheSnapshot.Line contextLine(int line) {
        var contexts = unit.caches().scalable().contexts();
        return ShownLine.entry(
                contexts.lines(),
                line,
                // Context entries name no domain in this mode.
                0,
                contexts.requesterAt(line),
                ScalableContext.directoryOf(contexts.word(line)),
                coherence.ofContext(line));
    }

    private CacheSnapshot.Line page(Iotlb cache, int line, Optional<Staleness> stale) {
        var rights = VtdView.permissions(cache.word(line));
        return ShownLine.page(cache, line, domain(cache.spaceAt(line)), rights, stale);
    }

    private CacheSnapshot.Line table(
            PagingStructureCache cache, int line, Optional<Staleness> stale) {
        var rights = VtdView.permissions(cache.word(line));
        return ShownLine.table(cache, line, domain(cache.spaceAt(line)), rights, stale);
    }

    private int domain(int space) {
        return unit.caches().scalable().spaces().owner(space);
    }
}
