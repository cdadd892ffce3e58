/// The engine: an IOMMU that happens to be visible, with the machine around it.
package iommulab.engine;
