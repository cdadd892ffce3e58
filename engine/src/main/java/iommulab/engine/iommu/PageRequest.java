package iommulab.engine.iommu;

/// A device's request for a page that is not mapped.
/// Spec: PCI Express, "Page Request Message".
///
/// @param requester 16 bits
/// @param prefix PASID and intent, if any
/// @param iova first address of the page
/// @param read whether the device wants to read
/// @param write whether it wants to write
/// @param group page request group index, 9 bits: all requests of a group get one response
/// @param last whether the group is complete with this one
public record PageRequest(
        int requester,
        PasidPrefix prefix,
        long iova,
        boolean read,
        boolean write,
        int group,
        boolean last) {
    public PageRequest {
        if (group >>> 9 != 0 || (iova & 4095) != 0) {
            throw new IllegalArgumentException(
                    "no page request: group %d, address 0x%x".formatted(group, iova));
        }
    }
}
