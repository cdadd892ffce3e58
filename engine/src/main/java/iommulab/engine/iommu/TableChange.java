package iommulab.engine.iommu;

import iommulab.engine.memory.AddressRange;

import java.util.List;

/// What a map or unmap did to the tables of a domain, and what the IOMMU must be told of it.
///
/// @param range of iova that was asked for
/// @param pages that were mapped or unmapped
/// @param stale ranges of iova whose old translation a cache may still hold: what an unmap took away.
///     Empty after a map, as nothing was there before; an IOMMU in caching mode wants `range`
///     invalidated then too
/// @param tablesChanged whether entries above the leaves that were in use changed as well, so that
///     paging-structure caches must forget them (the invalidation hint must be clear)
/// @param splits superpages that were cut into smaller pages
public record TableChange(
        AddressRange range,
        PageCounts pages,
        List<AddressRange> stale,
        boolean tablesChanged,
        int splits) {
    public TableChange {
        stale = List.copyOf(stale);
    }
}
