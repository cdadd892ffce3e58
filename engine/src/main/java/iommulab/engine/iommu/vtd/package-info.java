/// Intel VT-d as hardware executes it, legacy mode: root and context tables, second-stage tables, fault
/// recording, invalidation by register and by queue.
///
/// Spec: Intel Virtualization Technology for Directed I/O, Architecture Specification, revision 4.1.
package iommulab.engine.iommu.vtd;
