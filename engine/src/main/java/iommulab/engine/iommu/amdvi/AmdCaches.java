package iommulab.engine.iommu.amdvi;

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

/// All caches of an AMD IOMMU, and what each command removes from them. Host translations are tagged by
/// domain, guest and combined ones by domain and PASID.
/// Spec: AMD IOMMU, "Invalidating Cached Translations", "Commands".
public final class AmdCaches {
    private static final PagingStructureCache[] NO_CACHES = new PagingStructureCache[0];
    private static final int DEEPEST = DeviceTableEntry.HIGHEST_MODE;
    private static final int EVERY_BIT = 64;

    private CacheShapes shapes;
    private final Spaces spaces;
    private DeviceEntryCache devices;
    private PasidEntryCache pasids;
    private Iotlb iotlb;
    private Iotlb nested;
    private final PagingStructureCache[] paging;
    private final PagingStructureCache[] nestedPaging;

    /// @param seed of random replacement
    AmdCaches(CacheShapes shapes, long seed) {
        this.shapes = shapes;
        spaces = new Spaces();
        devices = new DeviceEntryCache(shapes.of(CacheKind.DEVICE_ENTRY), seed);
        pasids = new PasidEntryCache(shapes.of(CacheKind.PASID_ENTRY), seed + 1);
        iotlb = new Iotlb(shapes.of(CacheKind.IOTLB), seed + 2);
        nested = new Iotlb(shapes.of(CacheKind.NESTED), seed + 3);
        paging = byLevel(shapes.of(CacheKind.PAGING_STRUCTURE), seed + 4);
        nestedPaging = byLevel(shapes.of(CacheKind.NESTED_PAGING), seed + 4 + DEEPEST);
    }

    private static PagingStructureCache[] byLevel(CacheGeometry geometry, long seed) {
        var caches = new PagingStructureCache[DEEPEST - 1];
        Arrays.setAll(
                caches,
                i ->
                        new PagingStructureCache(
                                i + 2, TableShape.FOUR_KIB.shiftAt(i + 2), geometry, seed + i));
        return caches;
    }

    private AmdCaches(AmdCaches other) {
        shapes = other.shapes;
        spaces = other.spaces.copy();
        devices = other.devices.copy();
        pasids = other.pasids.copy();
        iotlb = other.iotlb.copy();
        nested = other.nested.copy();
        paging = other.paging.clone();
        Arrays.setAll(paging, i -> paging[i].copy());
        nestedPaging = other.nestedPaging.clone();
        Arrays.setAll(nestedPaging, i -> nestedPaging[i].copy());
    }

    AmdCaches copy() {
        return new AmdCaches(this);
    }

    public CacheShapes shapes() {
        return shapes;
    }

    /// Gives the caches of a kind another shape; they are empty afterwards.
    void reshape(CacheKind kind, CacheGeometry geometry) {
        shapes = shapes.with(kind, geometry);
        switch (kind) {
            case DEVICE_ENTRY -> devices = devices.reshaped(geometry);
            case PASID_ENTRY -> pasids = pasids.reshaped(geometry);
            case IOTLB -> iotlb = iotlb.reshaped(geometry);
            case NESTED -> nested = nested.reshaped(geometry);
            case PAGING_STRUCTURE -> Arrays.setAll(paging, i -> paging[i].reshaped(geometry));
            case NESTED_PAGING ->
                    Arrays.setAll(nestedPaging, i -> nestedPaging[i].reshaped(geometry));
            case DEVICE_TLB -> {
                // The device's own.
            }
        }
    }

    Spaces spaces() {
        return spaces;
    }

    DeviceEntryCache devices() {
        return devices;
    }

    PasidEntryCache pasids() {
        return pasids;
    }

    Iotlb iotlb() {
        return iotlb;
    }

    Iotlb nested() {
        return nested;
    }

    /// By level, from 2; host tables alone and guest tables share them, in spaces of their own.
    PagingStructureCache[] paging() {
        return paging.clone();
    }

    /// By level, from 2: host tables below guest tables.
    PagingStructureCache[] nestedPaging() {
        return nestedPaging.clone();
    }

    /// None if they are off.
    PagingStructureCache[] pagingInUse() {
        return shapes.of(CacheKind.PAGING_STRUCTURE).isOff() ? NO_CACHES : paging;
    }

    PagingStructureCache[] nestedPagingInUse() {
        return shapes.of(CacheKind.NESTED_PAGING).isOff() ? NO_CACHES : nestedPaging;
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
        return devices.removeAll() + pasids.removeAll() + removeTranslations();
    }

    private int removeTranslations() {
        int removed = iotlb.removeAll() + nested.removeAll();
        for (int i = 0; i < paging.length; i++) {
            removed += paging[i].removeAll() + nestedPaging[i].removeAll();
        }
        return removed;
    }

    /// INVALIDATE_DEVTAB_ENTRY: the device's entry and the GCR3 entries that were found by it.
    int removeDevice(int device) {
        return devices.remove((requester, _) -> requester == device)
                + pasids.remove((requester, _, _) -> requester == device);
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
        int removed = iotlb.remove(whose, address, mask) + nested.remove(whose, address, mask);
        if (tablesToo) {
            for (int i = 0; i < paging.length; i++) {
                removed += paging[i].remove(whose, address, mask);
                removed += nestedPaging[i].remove(whose, address, mask);
            }
        }
        return removed;
    }

    long stateHash() {
        long hash = spaces.stateHash();
        hash = hash * 31 + devices.lines().stateHash();
        hash = hash * 31 + pasids.lines().stateHash();
        hash = hash * 31 + iotlb.lines().stateHash();
        hash = hash * 31 + nested.lines().stateHash();
        for (int i = 0; i < paging.length; i++) {
            hash = hash * 31 + paging[i].lines().stateHash();
            hash = hash * 31 + nestedPaging[i].lines().stateHash();
        }
        return hash;
    }
}
