/// Shared virtual addressing: devices that use addresses of processes, PASIDs that stand for processes, and
/// the instruction that submits work under them. Source: kernel `drivers/iommu/iommu-sva.c`,
/// `Documentation/arch/x86/sva.rst`.
package iommulab.engine.os.sva;
