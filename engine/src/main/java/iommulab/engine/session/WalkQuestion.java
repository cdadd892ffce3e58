package iommulab.engine.session;

import iommulab.engine.iommu.Access;
import iommulab.engine.iommu.PasidPrefix;
import iommulab.engine.pci.AddressType;
import iommulab.engine.pci.PciAddress;

/// Asks what the hardware would do with a request, without doing it: the same walker runs on copies of
/// the caches, and the machine is as before.
///
/// @param function who would ask
/// @param iova for which address
/// @param bytes length of the request
/// @param prefix its PASID prefix, if it has one
/// @param type what the request says of its address; untranslated is what the function makes of it
/// @param withCaches whether the caches are as they are now; else empty
public record WalkQuestion(
        PciAddress function,
        long iova,
        int bytes,
        Access access,
        PasidPrefix prefix,
        AddressType type,
        boolean withCaches) {

    /// About a request as the function would send it.
    public WalkQuestion(
            PciAddress function,
            long iova,
            int bytes,
            Access access,
            PasidPrefix prefix,
            boolean withCaches) {
        this(function, iova, bytes, access, prefix, AddressType.UNTRANSLATED, withCaches);
    }

    /// About a request without a PASID prefix.
    public WalkQuestion(
            PciAddress function, long iova, int bytes, Access access, boolean withCaches) {
        this(function, iova, bytes, access, PasidPrefix.NONE, withCaches);
    }

    /// The same request with the caches as they are, or empty.
    public WalkQuestion withCaches(boolean asTheyAre) {
        return new WalkQuestion(function, iova, bytes, access, prefix, asTheyAre);
    }
}
