package iommulab.engine.iommu;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Replacement;

/// The shapes of an IOMMU's caches, as its user sets them.
///
/// @param deviceEntry cache of device entries
/// @param iotlb cache of finished translations
/// @param paging each of the paging-structure caches, one per level above the lowest
public record CacheShapes(CacheGeometry deviceEntry, CacheGeometry iotlb, CacheGeometry paging) {
    /// What a new machine has.
    public static final CacheShapes USUAL =
            new CacheShapes(
                    new CacheGeometry(16, 4, Replacement.LRU),
                    new CacheGeometry(64, 4, Replacement.LRU),
                    new CacheGeometry(4, 4, Replacement.LRU));

    /// No cache at all: every request reads everything from memory.
    public static final CacheShapes NONE =
            new CacheShapes(CacheGeometry.OFF, CacheGeometry.OFF, CacheGeometry.OFF);

    public CacheGeometry of(CacheKind kind) {
        return switch (kind) {
            case DEVICE_ENTRY -> deviceEntry;
            case IOTLB -> iotlb;
            case PAGING_STRUCTURE -> paging;
        };
    }

    /// The same, but for one kind.
    public CacheShapes with(CacheKind kind, CacheGeometry geometry) {
        return switch (kind) {
            case DEVICE_ENTRY -> new CacheShapes(geometry, iotlb, paging);
            case IOTLB -> new CacheShapes(deviceEntry, geometry, paging);
            case PAGING_STRUCTURE -> new CacheShapes(deviceEntry, iotlb, geometry);
        };
    }
}
