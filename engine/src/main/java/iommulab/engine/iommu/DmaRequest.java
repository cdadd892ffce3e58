package iommulab.engine.iommu;

import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.RequesterId;

/// One request as it reaches an IOMMU.
///
/// @param device the function that asked
/// @param requester the name under which the IOMMU sees it
/// @param prefix its PASID prefix, if any
/// @param iova first address
/// @param bytes length; the request lies within one 4 KiB page
/// @param type what it says of its address
public record DmaRequest(
        PciAddress device,
        RequesterId requester,
        PasidPrefix prefix,
        long iova,
        int bytes,
        Access access,
        AddressType type) {

    /// A request whose address is to be translated.
    public DmaRequest(
            PciAddress device,
            RequesterId requester,
            PasidPrefix prefix,
            long iova,
            int bytes,
            Access access) {
        this(device, requester, prefix, iova, bytes, access, AddressType.UNTRANSLATED);
    }

    /// A request without a PASID prefix.
    public DmaRequest(
            PciAddress device, RequesterId requester, long iova, int bytes, Access access) {
        this(device, requester, PasidPrefix.NONE, iova, bytes, access);
    }

    /// 20 bits, or [Iommu#NO_PASID].
    public int pasid() {
        return prefix.pasid();
    }

    /// The rights that the request asks for and what it says of its address, as [Iommu#translate] wants
    /// them.
    public int rights() {
        return prefix.rights(access)
                | switch (type) {
                    case UNTRANSLATED -> 0;
                    case TRANSLATION_REQUEST -> Iommu.ASKS;
                    case TRANSLATED -> Iommu.TRANSLATED;
                };
    }
}
