package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.TableShape;

import java.util.Arrays;

/// All caches of a VT-d unit in scalable mode, and what each invalidation removes from them. Translations
/// of a first stage, alone or nested, are tagged by domain and PASID; those of a second stage by domain.
/// Spec: VT-d, "Caching Translation Information", "Invalidation of Translation Caches".
final class ScalableCaches {
    private static final PagingStructureCache[] NO_CACHES = new PagingStructureCache[0];
    private static final int DEEPEST = 5;

    private CacheShapes shapes;
    private DeviceEntryCache contexts;
    private PasidEntryCache pasids;
    private Iotlb iotlb;
    private Iotlb nested;
    private final PagingStructureCache[] paging;
    private final PagingStructureCache[] nestedPaging;
    private final Spaces spaces;

    /// @param seed of random replacement
    ScalableCaches(CacheShapes shapes, long seed) {
        this.shapes = shapes;
        contexts = new DeviceEntryCache(shapes.of(CacheKind.DEVICE_ENTRY), seed);
        pasids = new PasidEntryCache(shapes.of(CacheKind.PASID_ENTRY), seed + 1);
        iotlb = new Iotlb(shapes.of(CacheKind.IOTLB), seed + 2);
        nested = new Iotlb(shapes.of(CacheKind.NESTED), seed + 3);
        paging = pagingCaches(shapes.of(CacheKind.PAGING_STRUCTURE), seed + 4);
        nestedPaging = pagingCaches(shapes.of(CacheKind.NESTED_PAGING), seed + 4 + DEEPEST);
        spaces = new Spaces();
    }

    private static PagingStructureCache[] pagingCaches(CacheGeometry geometry, long seed) {
        var caches = new PagingStructureCache[DEEPEST - 1];
        for (int i = 0; i < caches.length; i++) {
            int shift = TableShape.FOUR_KIB.shiftAt(i + 2);
            caches[i] = new PagingStructureCache(i + 2, shift, geometry, seed + i);
        }
        return caches;
    }

    private ScalableCaches(ScalableCaches other) {
        shapes = other.shapes;
        contexts = other.contexts.copy();
        pasids = other.pasids.copy();
        iotlb = other.iotlb.copy();
        nested = other.nested.copy();
        paging = other.paging.clone();
        Arrays.setAll(paging, i -> paging[i].copy());
        nestedPaging = other.nestedPaging.clone();
        Arrays.setAll(nestedPaging, i -> nestedPaging[i].copy());
        spaces = other.spaces.copy();
    }

    ScalableCaches copy() {
        return new ScalableCaches(this);
    }

    /// Gives the caches of a kind another shape; they are empty afterwards.
    void reshape(CacheKind kind, CacheGeometry geometry) {
        shapes = shapes.with(kind, geometry);
        switch (kind) {
            case DEVICE_ENTRY -> contexts = contexts.reshaped(geometry);
            case PASID_ENTRY -> pasids = pasids.reshaped(geometry);
            case IOTLB -> iotlb = iotlb.reshaped(geometry);
            case PAGING_STRUCTURE -> Arrays.setAll(paging, i -> paging[i].reshaped(geometry));
            case NESTED -> nested = nested.reshaped(geometry);
            case NESTED_PAGING ->
                    Arrays.setAll(nestedPaging, i -> nestedPaging[i].reshaped(geometry));
            case DEVICE_TLB -> {
                // The device's own.
            }
        }
    }

    DeviceEntryCache contexts() {
        return contexts;
    }

    /// By requester and PASID; under no PASID is the entry that RID_PASID names.
    PasidEntryCache pasids() {
        return pasids;
    }

    Iotlb iotlb() {
        return iotlb;
    }

    /// Guest-physical pages of nested walks.
    Iotlb nested() {
        return nested;
    }

    /// By level, from 2.
    PagingStructureCache[] paging() {
        return paging.clone();
    }

    /// Of second stages below a first, by level, from 2.
    PagingStructureCache[] nestedPaging() {
        return nestedPaging.clone();
    }

    /// By level, from 2; none if they are off.
    PagingStructureCache[] pagingInUse() {
        return shapes.of(CacheKind.PAGING_STRUCTURE).isOff() ? NO_CACHES : paging;
    }

    /// By level, from 2; none if they are off.
    PagingStructureCache[] nestedPagingInUse() {
        return shapes.of(CacheKind.NESTED_PAGING).isOff() ? NO_CACHES : nestedPaging;
    }

    /// The numbers of pairs of domain and PASID, and of domains alone.
    Spaces spaces() {
        return spaces;
    }

    /// The number of a space. If none is left, all caches are emptied and numbers begin anew.
    ///
    /// @param pasid or [Spaces#NONE]
    int space(int domain, int pasid) {
        if (spaces.isFull()) {
            removeAll();
            spaces.clear();
        }
        return spaces.of(domain, pasid);
    }

    // ---- invalidations, each with the number of entries it removed

    int removeAll() {
        return removeContexts() + removeTranslations();
    }

    /// Context-cache invalidation, global or domain-selective: context entries name no domain here. What
    /// was found by way of a context entry goes with it.
    int removeContexts() {
        return contexts.removeAll() + pasids.removeAll();
    }

    /// Context-cache invalidation, device-selective.
    ///
    /// @param functionMask 1 leaves bit 2 of the requester out of the comparison, 2 bits 2:1, 3 bits 2:0
    int removeContexts(int requester, int functionMask) {
        int ignored = 8 - (8 >>> functionMask);
        return contexts.remove((other, _) -> ((other ^ requester) & ~ignored) == 0)
                + pasids.remove((other, _, _) -> ((other ^ requester) & ~ignored) == 0);
    }

    /// PASID-cache invalidation, global.
    int removePasids() {
        return pasids.removeAll();
    }

    /// PASID-cache invalidation, domain-selective.
    int removePasids(int domain) {
        return pasids.remove((_, _, word) -> spaces.owner(PasidEntry.spaceOf(word)) == domain);
    }

    /// PASID-cache invalidation, PASID-selective within a domain. An entry for requests without PASID
    /// goes if it may be that of the PASID.
    int removePasids(int domain, int pasid) {
        return pasids.remove((_, tag, word) -> {
            int space = PasidEntry.spaceOf(word);
            int inner = spaces.inner(space);
            boolean same = tag == pasid || tag < 0 && (inner == pasid || inner == Spaces.NONE);
            return spaces.owner(space) == domain && same;
        });
    }

    /// IOTLB invalidation, global.
    int removeTranslations() {
        int removed = iotlb.removeAll() + nested.removeAll();
        for (int i = 0; i < paging.length; i++) {
            removed += paging[i].removeAll() + nestedPaging[i].removeAll();
        }
        return removed;
    }

    /// IOTLB invalidation, domain-selective: of every stage.
    int removeTranslations(int domain) {
        return removeSpaces((space, _) -> spaces.owner(space) == domain);
    }

    /// IOTLB invalidation, page-selective within a domain: pages of the second stage. What a first stage
    /// made of them cannot be told by a guest-physical address, and goes as a whole.
    ///
    /// @param addressMask 2^n pages from an address aligned to as many
    /// @param leavesOnly IH: software changed no entry that points to a table
    int removePages(int domain, long address, int addressMask, boolean leavesOnly) {
        Iotlb.LineTest second =
                (space, _) -> spaces.owner(space) == domain && spaces.inner(space) == Spaces.NONE;
        Iotlb.LineTest above =
                (space, _) -> spaces.owner(space) == domain && spaces.inner(space) != Spaces.NONE;
        int removed =
                iotlb.remove(above)
                        + iotlb.remove(second, address, addressMask)
                        + nested.remove(second, address, addressMask);
        for (int i = 0; i < paging.length && !leavesOnly; i++) {
            removed +=
                    paging[i].remove(second, address, addressMask)
                            + nestedPaging[i].remove(second, address, addressMask);
        }
        return removed;
    }

    /// PASID-based IOTLB invalidation, PASID-selective.
    int removePasidTranslations(int domain, int pasid) {
        return removeSpaces((space, _) -> isSpace(space, domain, pasid));
    }

    /// PASID-based IOTLB invalidation, page-selective within a PASID.
    int removePasidPages(int domain, int pasid, long iova, int addressMask, boolean leavesOnly) {
        Iotlb.LineTest test = (space, _) -> isSpace(space, domain, pasid);
        long address = iova & ScalableMode.CACHED_BITS;
        // Tables of 4 levels are cached by what they translate, 48 bits.
        long of4Levels = iova & (1L << 48) - 1;
        int removed = iotlb.remove(test, address, addressMask);
        for (int i = 0; i < paging.length && !leavesOnly; i++) {
            removed +=
                    paging[i].remove(test, address, addressMask)
                            + paging[i].remove(test, of4Levels, addressMask);
        }
        return removed;
    }

    private boolean isSpace(int space, int domain, int pasid) {
        return spaces.owner(space) == domain && spaces.inner(space) == pasid;
    }

    private int removeSpaces(Iotlb.LineTest test) {
        int removed = iotlb.remove(test) + nested.remove(test);
        for (int i = 0; i < paging.length; i++) {
            removed += paging[i].remove(test) + nestedPaging[i].remove(test);
        }
        return removed;
    }

    /// Whether any request has ever come here: until then there is no state.
    boolean isUntouched() {
        return contexts.lines().statistics().lookups() == 0
                && pasids.lines().statistics().lookups() == 0
                && spaces.stateHash() == 0;
    }

    long stateHash() {
        long hash = contexts.lines().stateHash() * 31 + pasids.lines().stateHash();
        hash = (hash * 31 + iotlb.lines().stateHash()) * 31 + nested.lines().stateHash();
        for (int i = 0; i < paging.length; i++) {
            hash = hash * 31 + paging[i].lines().stateHash();
            hash = hash * 31 + nestedPaging[i].lines().stateHash();
        }
        return hash * 31 + spaces.stateHash();
    }
}
