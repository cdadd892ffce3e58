package iommulab.engine.os;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.FaultReason;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.pci.RequesterId;

import java.util.List;

/// The lines that the Linux kernel prints when an IOMMU reports a fault.
public final class KernelLog {
    private KernelLog() {}

    /// A fault of a VT-d unit. Source: kernel `dmar_fault`, `dmar_fault_do_one`.
    ///
    /// @param iova as the fault record holds it: low 12 bits zero
    public static List<String> dmarFault(
            RequesterId requester,
            PasidPrefix prefix,
            long iova,
            Access access,
            FaultReason reason) {
        return List.of(
                "DMAR: DRHD: handling fault status reg 2",
                "DMAR: [DMA %s %s] Request device [%s] fault addr 0x%x [fault reason 0x%02x] %s"
                        .formatted(
                                access == Access.READ ? "Read" : "Write",
                                prefix.isPresent()
                                        ? "PASID 0x%x".formatted(prefix.pasid())
                                        : "NO_PASID",
                                requester,
                                iova & -4096L,
                                reason.code(),
                                reason.kernelText()));
    }
}
