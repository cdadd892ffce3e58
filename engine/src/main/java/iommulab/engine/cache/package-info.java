/// The caches of an IOMMU as real structures: sets, ways, a replacement policy, statistics.
package iommulab.engine.cache;
