/// What every IOMMU does, whatever its format: a request in, a translation or a fault out, by reading
/// tables in memory. Knows no format.
package iommulab.engine.iommu;
