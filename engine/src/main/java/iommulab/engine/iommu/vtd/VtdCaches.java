package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.TableShape;

import java.util.Arrays;

/// All caches of a VT-d unit, and what each invalidation removes from them.
/// Spec: VT-d, "Caching Translation Information", "Invalidation of Translation Caches".
public final class VtdCaches {
    private static final PagingStructureCache[] NO_CACHES = new PagingStructureCache[0];

    private CacheShapes shapes;
    private DeviceEntryCache contexts;
    private Iotlb iotlb;
    private final PagingStructureCache[] paging;
    private final ScalableCaches scalable;

    /// @param levels of the deepest tree
    /// @param seed of random replacement
    VtdCaches(CacheShapes shapes, int levels, long seed) {
        this.shapes = shapes;
        scalable = new ScalableCaches(shapes, seed);
        contexts = new DeviceEntryCache(shapes.of(CacheKind.DEVICE_ENTRY), seed);
        iotlb = new Iotlb(shapes.of(CacheKind.IOTLB), seed + 1);
        paging = new PagingStructureCache[Math.max(0, levels - 1)];
        for (int i = 0; i < paging.length; i++) {
            paging[i] =
                    new PagingStructureCache(
                            i + 2,
                            TableShape.FOUR_KIB.shiftAt(i + 2),
                            shapes.of(CacheKind.PAGING_STRUCTURE),
                            seed + i + 2);
        }
    }

    private VtdCaches(VtdCaches other) {
        shapes = other.shapes;
        scalable = other.scalable.copy();
        contexts = other.contexts.copy();
        iotlb = other.iotlb.copy();
        paging = other.paging.clone();
        Arrays.setAll(paging, i -> paging[i].copy());
    }

    VtdCaches copy() {
        return new VtdCaches(this);
    }

    public CacheShapes shapes() {
        return shapes;
    }

    /// Gives the caches of a kind another shape; they are empty afterwards.
    void reshape(CacheKind kind, CacheGeometry geometry) {
        shapes = shapes.with(kind, geometry);
        scalable.reshape(kind, geometry);
        switch (kind) {
            case DEVICE_ENTRY -> contexts = contexts.reshaped(geometry);
            case IOTLB -> iotlb = iotlb.reshaped(geometry);
            case PAGING_STRUCTURE -> Arrays.setAll(paging, i -> paging[i].reshaped(geometry));
            case PASID_ENTRY, NESTED, NESTED_PAGING, DEVICE_TLB -> {
                // Legacy mode has none.
            }
        }
    }

    /// Those of scalable mode; untouched in a unit that was never in it.
    ScalableCaches scalable() {
        return scalable;
    }

    DeviceEntryCache contexts() {
        return contexts;
    }

    Iotlb iotlb() {
        return iotlb;
    }

    /// By level, from 2.
    PagingStructureCache[] paging() {
        return paging.clone();
    }

    /// By level, from 2; none if they are off.
    PagingStructureCache[] pagingInUse() {
        return shapes.of(CacheKind.PAGING_STRUCTURE).isOff() ? NO_CACHES : paging;
    }

    // ---- invalidations, each with the number of entries it removed

    int removeAll() {
        return removeContexts() + removeTranslations();
    }

    /// Context-cache invalidation, global.
    int removeContexts() {
        return contexts.removeAll() + scalable.removeContexts();
    }

    /// Context-cache invalidation, domain-selective.
    int removeContexts(int domain) {
        return contexts.remove((_, packed) -> ContextEntry.domain(packed) == domain)
                + scalable.removeContexts();
    }

    /// Context-cache invalidation, device-selective.
    ///
    /// @param functionMask 1 leaves bit 2 of the requester out of the comparison, 2 bits 2:1, 3 bits 2:0
    int removeContexts(int domain, int requester, int functionMask) {
        int ignored = 8 - (8 >>> functionMask);
        return contexts.remove((other, packed) ->
                ContextEntry.domain(packed) == domain && ((other ^ requester) & ~ignored) == 0)
                + scalable.removeContexts(requester, functionMask);
    }

    /// IOTLB invalidation, global.
    int removeTranslations() {
        int removed = iotlb.removeAll() + scalable.removeTranslations();
        for (var cache : paging) {
            removed += cache.removeAll();
        }
        return removed;
    }

    /// IOTLB invalidation, domain-selective.
    int removeTranslations(int domain) {
        int removed = iotlb.removeSpace(domain) + scalable.removeTranslations(domain);
        for (var cache : paging) {
            removed += cache.removeSpace(domain);
        }
        return removed;
    }

    /// IOTLB invalidation, page-selective within a domain.
    ///
    /// @param addressMask 2^n pages from an address aligned to as many
    /// @param leavesOnly IH: software changed no entry that points to a table
    int removePages(int domain, long iova, int addressMask, boolean leavesOnly) {
        int removed =
                iotlb.removePages(domain, iova, addressMask)
                        + scalable.removePages(domain, iova, addressMask, leavesOnly);
        for (var cache : paging) {
            removed += leavesOnly ? 0 : cache.removePages(domain, iova, addressMask);
        }
        return removed;
    }

    long stateHash() {
        long hash = contexts.lines().stateHash() * 31 + iotlb.lines().stateHash();
        for (var cache : paging) {
            hash = hash * 31 + cache.lines().stateHash();
        }
        // A unit that was never in scalable mode has no state of that.
        return scalable.isUntouched() ? hash : hash * 31 + scalable.stateHash();
    }
}
