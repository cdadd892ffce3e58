package iommulab.engine.iommu;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;

/// One request as it reaches an IOMMU.
///
/// @param device the function that asked
/// @param requester the name under which the IOMMU sees it
/// @param pasid 20 bits, or [Iommu#NO_PASID] for a request without a PASID prefix
/// @param iova first address
/// @param bytes length; the request lies within one 4 KiB page
/// @param execute the prefix says that the bytes read will be executed
/// @param privileged the prefix says that the device acts for a supervisor
public record DmaRequest(
        PciAddress device,
        RequesterId requester,
        int pasid,
        long iova,
        int bytes,
        Access access,
        boolean execute,
        boolean privileged) {

    /// A request without a PASID prefix.
    public DmaRequest(
            PciAddress device, RequesterId requester, long iova, int bytes, Access access) {
        this(device, requester, Iommu.NO_PASID, iova, bytes, access, false, false);
    }

    /// The rights that the request asks for, as [Iommu#translate] wants them.
    public int rights() {
        int rights = access == Access.READ ? Iommu.READ : Iommu.WRITE;
        return rights | (execute ? Iommu.EXECUTE : 0) | (privileged ? Iommu.PRIVILEGED : 0);
    }
}
