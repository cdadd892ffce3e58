package iommulab.engine.iommu;

import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Replacement;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/// The shapes of an IOMMU's caches, as its user sets them. A kind that is not named is off.
///
/// @param shapes by kind; of a kind with one cache per level (paging structures) each has this shape
public record CacheShapes(Map<CacheKind, CacheGeometry> shapes) {
    /// What a new machine has.
    public static final CacheShapes USUAL =
            new CacheShapes(Map.of())
                    .with(CacheKind.DEVICE_ENTRY, new CacheGeometry(16, 4, Replacement.LRU))
                    .with(CacheKind.PASID_ENTRY, new CacheGeometry(16, 4, Replacement.LRU))
                    .with(CacheKind.IOTLB, new CacheGeometry(64, 4, Replacement.LRU))
                    .with(CacheKind.PAGING_STRUCTURE, new CacheGeometry(4, 4, Replacement.LRU))
                    .with(CacheKind.NESTED, new CacheGeometry(16, 4, Replacement.LRU))
                    .with(CacheKind.NESTED_PAGING, new CacheGeometry(4, 4, Replacement.LRU))
                    .with(CacheKind.DEVICE_TLB, new CacheGeometry(16, 4, Replacement.LRU));

    /// No cache at all: every request reads everything from memory.
    public static final CacheShapes NONE = new CacheShapes(Map.of());

    public CacheShapes {
        var sorted = new EnumMap<CacheKind, CacheGeometry>(CacheKind.class);
        sorted.putAll(shapes);
        shapes = Collections.unmodifiableMap(sorted);
    }

    public CacheGeometry of(CacheKind kind) {
        return shapes.getOrDefault(kind, CacheGeometry.OFF);
    }

    /// The same, but for one kind.
    public CacheShapes with(CacheKind kind, CacheGeometry geometry) {
        var changed = new EnumMap<CacheKind, CacheGeometry>(CacheKind.class);
        changed.putAll(shapes);
        changed.put(kind, geometry);
        return new CacheShapes(changed);
    }
}
