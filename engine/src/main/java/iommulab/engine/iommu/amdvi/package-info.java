/// AMD-Vi, the AMD I/O virtualization technology: device table, host and guest page tables, GCR3 tables,
/// command buffer, event log, page request log, and the caches between them and memory.
/// Spec: AMD I/O Virtualization Technology (IOMMU), revision 3.
package iommulab.engine.iommu.amdvi;
