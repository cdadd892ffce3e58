package iommulab.engine.iommu.vtd;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.TranslationCaches;

/// All caches of a VT-d unit in scalable mode, and what each invalidation removes from them. Translations
/// of a first stage, alone or nested, are tagged by domain and PASID; those of a second stage by domain.
/// Spec: VT-d, "Caching Translation Information", "Invalidation of Translation Caches".
final class ScalableCaches {
    private static final int DEEPEST = 5;

    private final Spaces spaces;
    private final TranslationCaches held;

    /// @param seed of random replacement
    ScalableCaches(CacheShapes shapes, long seed) {
        this(new Spaces(), new TranslationCaches(shapes, DEEPEST - 1, seed, seed + 4 + DEEPEST));
    }

    private ScalableCaches(Spaces spaces, TranslationCaches held) {
        this.spaces = spaces;
        this.held = held;
    }

    ScalableCaches copy() {
        return new ScalableCaches(spaces.copy(), held.copy());
    }

    /// Gives the caches of a kind another shape; they are empty afterwards.
    void reshape(CacheKind kind, CacheGeometry geometry) {
        held.reshape(kind, geometry);
    }

    DeviceEntryCache contexts() {
        return held.devices();
    }

    /// By requester and PASID; under no PASID is the entry that RID_PASID names.
    PasidEntryCache pasids() {
        return held.pasids();
    }

    Iotlb iotlb() {
        return held.iotlb();
    }

    /// Guest-physical pages of nested walks.
    Iotlb nested() {
        return held.nested();
    }

    /// By level, from 2.
    PagingStructureCache[] paging() {
        return held.paging();
    }

    /// Of second stages below a first, by level, from 2.
    PagingStructureCache[] nestedPaging() {
        return held.nestedPaging();
    }

    /// By level, from 2; none if they are off.
    PagingStructureCache[] pagingInUse() {
        return held.pagingInUse();
    }

    /// By level, from 2; none if they are off.
    PagingStructureCache[] nestedPagingInUse() {
        return held.nestedPagingInUse();
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
        return held.removeEntries();
    }

    /// Context-cache invalidation, device-selective.
    ///
    /// @param functionMask 1 leaves bit 2 of the requester out of the comparison, 2 bits 2:1, 3 bits 2:0
    int removeContexts(int requester, int functionMask) {
        int ignored = 8 - (8 >>> functionMask);
        return contexts().remove((other, _) -> ((other ^ requester) & ~ignored) == 0)
                + pasids().remove((other, _, _) -> ((other ^ requester) & ~ignored) == 0);
    }

    /// PASID-cache invalidation, global.
    int removePasids() {
        return pasids().removeAll();
    }

    /// PASID-cache invalidation, domain-selective.
    int removePasids(int domain) {
        return pasids().remove((_, _, word) -> spaces.owner(PasidEntry.spaceOf(word)) == domain);
    }

    /// PASID-cache invalidation, PASID-selective within a domain. An entry for requests without PASID
    /// goes if it may be that of the PASID.
    int removePasids(int domain, int pasid) {
        return pasids().remove((_, tag, word) -> {
            int space = PasidEntry.spaceOf(word);
            int inner = spaces.inner(space);
            boolean same = tag == pasid || tag < 0 && (inner == pasid || inner == Spaces.NONE);
            return spaces.owner(space) == domain && same;
        });
    }

    /// IOTLB invalidation, global.
    int removeTranslations() {
        return held.removeTranslations();
    }

    /// IOTLB invalidation, domain-selective: of every stage.
    int removeTranslations(int domain) {
        return held.removeTranslations((space, _) -> spaces.owner(space) == domain);
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
                iotlb().remove(above)
                        + iotlb().remove(second, address, addressMask)
                        + nested().remove(second, address, addressMask);
        var paging = paging();
        var below = nestedPaging();
        for (int i = 0; i < paging.length && !leavesOnly; i++) {
            removed +=
                    paging[i].remove(second, address, addressMask)
                            + below[i].remove(second, address, addressMask);
        }
        return removed;
    }

    /// PASID-based IOTLB invalidation, PASID-selective.
    int removePasidTranslations(int domain, int pasid) {
        return held.removeTranslations((space, _) -> isSpace(space, domain, pasid));
    }

    /// PASID-based IOTLB invalidation, page-selective within a PASID.
    int removePasidPages(int domain, int pasid, long iova, int addressMask, boolean leavesOnly) {
        Iotlb.LineTest test = (space, _) -> isSpace(space, domain, pasid);
        long address = iova & ScalableMode.CACHED_BITS;
        // Tables of 4 levels are cached by what they translate, 48 bits.
        long of4Levels = iova & (1L << 48) - 1;
        int removed = iotlb().remove(test, address, addressMask);
        var paging = paging();
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

    /// Whether any request has ever come here: until then there is no state.
    boolean isUntouched() {
        return contexts().lines().statistics().lookups() == 0
                && pasids().lines().statistics().lookups() == 0
                && spaces.stateHash() == 0;
    }

    long stateHash() {
        return held.stateHash(0) * 31 + spaces.stateHash();
    }
}
