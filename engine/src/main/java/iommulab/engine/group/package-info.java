/// IOMMU groups as Linux forms them: what the IOMMU cannot tell apart, with a reason for every merge.
package iommulab.engine.group;
