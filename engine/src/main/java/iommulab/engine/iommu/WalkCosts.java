package iommulab.engine.iommu;

/// What the steps of a translation cost, in cycles.
///
/// @param memoryRead one table entry read from memory
/// @param deviceProbe one probe of a cache of device or PASID entries
/// @param iotlbProbe one probe of the IOTLB or of the nested cache
/// @param pagingProbe one probe of one paging-structure cache
public record WalkCosts(long memoryRead, long deviceProbe, long iotlbProbe, long pagingProbe) {}
