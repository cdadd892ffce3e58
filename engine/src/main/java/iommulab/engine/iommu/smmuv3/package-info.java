/// Arm SMMUv3 as hardware executes it, non-secure: stream tables, context descriptors, stage 1 and stage 2
/// translation tables (VMSAv8-64), command queue, event queue, stalled requests.
///
/// Spec: Arm System Memory Management Unit Architecture Specification, SMMU architecture version 3.
package iommulab.engine.iommu.smmuv3;
