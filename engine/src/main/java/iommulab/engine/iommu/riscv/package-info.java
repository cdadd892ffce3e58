/// The RISC-V IOMMU as hardware executes it: device and process directories, two stages of page tables,
/// MSI page tables, command, fault and page-request queues.
///
/// Spec: RISC-V IOMMU Architecture Specification, version 1.0; page tables: The RISC-V Instruction Set
/// Manual, Volume II, "Supervisor-Level ISA" and "Hypervisor Extension".
package iommulab.engine.iommu.riscv;
