package iommulab.engine.iommu;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;

/// One request as it reaches an IOMMU.
///
/// @param device the function that asked
/// @param requester the name under which the IOMMU sees it
/// @param iova first address
/// @param bytes length; the request lies within one 4 KiB page
public record DmaRequest(
        PciAddress device, RequesterId requester, long iova, int bytes, Access access) {}
