package iommulab.engine.iommu.amdvi;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.PasidEntryCache;
import iommulab.engine.cache.Spaces;
import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.TranslationCaches;

/// All caches of an AMD IOMMU, and what each command removes from them. Host translations are tagged by
/// domain, guest and combined ones by domain and PASID.
/// Spec: AMD IOMMU, "Invalidating Cached Translations", "Commands".
public final class AmdCaches {
    private static final int DEEPEST = DeviceTableEntry.HIGHEST_MODE;
    private static final int EVERY_BIT = 64;

    private final Spaces spaces;
    private final TranslationCaches held;

    /// @param seed of random replacement
    AmdCaches(CacheShapes shapes, long seed) {
        this(new Spaces(), new TranslationCaches(shapes, DEEPEST - 1, seed, seed + 4 + DEEPEST));
    }

    private AmdCaches(Spaces spaces, TranslationCaches held) {
        this.spaces = spaces;
        this.held = held;
    }

    AmdCaches copy() {
        return new AmdCaches(spaces.copy(), held.copy());
    }

    public CacheShapes shapes() {
        return held.shapes();
    }

    /// Gives the caches of a kind another shape; they are empty afterwards.
    void reshape(CacheKind kind, CacheGeometry geometry) {
        held.reshape(kind, geometry);
    }

    Spaces spaces() {
        return spaces;
    }

    DeviceEntryCache devices() {
        return held.devices();
    }

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

    /// By level, from 2; host tables alone and guest tables share them, in spaces of their own.
    PagingStructureCache[] paging() {
        return held.paging();
    }

    /// By level, from 2: host tables below guest tables.
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

    /// Forgets everything if no number of a space is left; numbers given before are void then.
    ///
    /// @return whether it did
    boolean makeRoom() {
        if (spaces.isFull()) {
            removeAll();
            spaces.clear();
            return true;
        }
        return false;
    }

    /// The number of a space; see [#makeRoom].
    int space(int domain, int pasid) {
        return spaces.of(domain, pasid);
    }

    // ---- commands, each with the number of entries it removed

    /// INVALIDATE_IOMMU_ALL
    int removeAll() {
        return held.removeEntries() + held.removeTranslations();
    }

    /// INVALIDATE_DEVTAB_ENTRY: the device's entry and the GCR3 entries that were found by it.
    int removeDevice(int device) {
        return devices().remove((requester, _) -> requester == device)
                + pasids().remove((requester, _, _) -> requester == device);
    }

    /// INVALIDATE_IOMMU_PAGES for guest addresses of a PASID.
    ///
    /// @param bits the range has 2^bits bytes and is aligned to its size
    int removeGuestPages(int domain, int pasid, long address, int bits, boolean tablesToo) {
        return remove(
                (space, _) -> spaces.owner(space) == domain && spaces.inner(space) == pasid,
                address,
                bits,
                tablesToo);
    }

    /// INVALIDATE_IOMMU_PAGES for host pages of a domain. What guest and host tables give together is
    /// tagged with guest addresses only: it goes when all pages are named.
    ///
    /// @param bits the range has 2^bits bytes and is aligned to its size
    int removeHostPages(int domain, long address, int bits, boolean tablesToo) {
        boolean everything = bits >= EVERY_BIT;
        return remove(
                (space, _) ->
                        spaces.owner(space) == domain
                                && (everything || spaces.inner(space) == Spaces.NONE),
                address,
                bits,
                tablesToo);
    }

    private int remove(Iotlb.LineTest whose, long address, int bits, boolean tablesToo) {
        int mask = bits - 12;
        int removed = iotlb().remove(whose, address, mask) + nested().remove(whose, address, mask);
        if (tablesToo) {
            var paging = paging();
            var below = nestedPaging();
            for (int i = 0; i < paging.length; i++) {
                removed += paging[i].remove(whose, address, mask);
                removed += below[i].remove(whose, address, mask);
            }
        }
        return removed;
    }

    long stateHash() {
        return held.stateHash(spaces.stateHash());
    }
}
