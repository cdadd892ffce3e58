package iommulab.engine.iommu;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.DeviceEntryCache;
import iommulab.engine.cache.Iotlb;
import iommulab.engine.cache.PagingStructureCache;
import iommulab.engine.cache.PasidEntryCache;

import java.util.Arrays;

/// The caches of an IOMMU with two stages over tables of 4 KiB: what devices and processes lead to, finished
/// pages, pages of the second stage below a first, and tables of both.
public final class TranslationCaches {
    private static final PagingStructureCache[] NO_CACHES = new PagingStructureCache[0];

    private CacheShapes shapes;
    private DeviceEntryCache devices;
    private PasidEntryCache pasids;
    private Iotlb iotlb;
    private Iotlb nested;
    private final PagingStructureCache[] paging;
    private final PagingStructureCache[] nestedPaging;

    /// @param levels how many levels of tables are cached, from level 2 on
    /// @param seed of random replacement; each cache has the next
    /// @param nestedSeed the first of the tables below a first stage
    public TranslationCaches(CacheShapes shapes, int levels, long seed, long nestedSeed) {
        this.shapes = shapes;
        devices = new DeviceEntryCache(shapes.of(CacheKind.DEVICE_ENTRY), seed);
        pasids = new PasidEntryCache(shapes.of(CacheKind.PASID_ENTRY), seed + 1);
        iotlb = new Iotlb(shapes.of(CacheKind.IOTLB), seed + 2);
        nested = new Iotlb(shapes.of(CacheKind.NESTED), seed + 3);
        paging = byLevel(shapes.of(CacheKind.PAGING_STRUCTURE), levels, seed + 4);
        nestedPaging = byLevel(shapes.of(CacheKind.NESTED_PAGING), levels, nestedSeed);
    }

    private static PagingStructureCache[] byLevel(CacheGeometry geometry, int levels, long seed) {
        var caches = new PagingStructureCache[levels];
        Arrays.setAll(
                caches,
                i ->
                        new PagingStructureCache(
                                i + 2, TableShape.FOUR_KIB.shiftAt(i + 2), geometry, seed + i));
        return caches;
    }

    private TranslationCaches(TranslationCaches other) {
        shapes = other.shapes;
        devices = other.devices.copy();
        pasids = other.pasids.copy();
        iotlb = other.iotlb.copy();
        nested = other.nested.copy();
        paging = other.paging.clone();
        Arrays.setAll(paging, i -> paging[i].copy());
        nestedPaging = other.nestedPaging.clone();
        Arrays.setAll(nestedPaging, i -> nestedPaging[i].copy());
    }

    /// Caches in the same state that share nothing with these.
    public TranslationCaches copy() {
        return new TranslationCaches(this);
    }

    public CacheShapes shapes() {
        return shapes;
    }

    /// Gives the caches of a kind another shape; they are empty afterwards.
    public void reshape(CacheKind kind, CacheGeometry geometry) {
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

    public DeviceEntryCache devices() {
        return devices;
    }

    public PasidEntryCache pasids() {
        return pasids;
    }

    public Iotlb iotlb() {
        return iotlb;
    }

    /// Guest-physical pages of nested walks.
    public Iotlb nested() {
        return nested;
    }

    /// By level, from 2.
    public PagingStructureCache[] paging() {
        return paging.clone();
    }

    /// Of second stages below a first, by level, from 2.
    public PagingStructureCache[] nestedPaging() {
        return nestedPaging.clone();
    }

    /// By level, from 2; none if they are off.
    public PagingStructureCache[] pagingInUse() {
        return shapes.of(CacheKind.PAGING_STRUCTURE).isOff() ? NO_CACHES : paging;
    }

    /// By level, from 2; none if they are off.
    public PagingStructureCache[] nestedPagingInUse() {
        return shapes.of(CacheKind.NESTED_PAGING).isOff() ? NO_CACHES : nestedPaging;
    }

    // ---- removal, each with the number of entries removed

    /// Entries of devices and processes.
    public int removeEntries() {
        return devices.removeAll() + pasids.removeAll();
    }

    /// Pages and tables of every stage.
    public int removeTranslations() {
        int removed = iotlb.removeAll() + nested.removeAll();
        for (int i = 0; i < paging.length; i++) {
            removed += paging[i].removeAll() + nestedPaging[i].removeAll();
        }
        return removed;
    }

    /// Pages and tables of every stage that are meant.
    public int removeTranslations(Iotlb.LineTest test) {
        int removed = iotlb.remove(test) + nested.remove(test);
        for (int i = 0; i < paging.length; i++) {
            removed += paging[i].remove(test) + nestedPaging[i].remove(test);
        }
        return removed;
    }

    /// @param before hash of what else decides the answers
    public long stateHash(long before) {
        long hash = before;
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
