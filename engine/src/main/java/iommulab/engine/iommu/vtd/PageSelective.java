package iommulab.engine.iommu.vtd;

import iommulab.engine.memory.AddressRange;

/// A page-selective invalidation that covers a range: 2^n pages from an address aligned to as many.
/// Spec: VT-d, "IOTLB Invalidate Descriptor", Address Mask.
///
/// @param iova first address
/// @param addressMask n; if above the IOMMU's MAMV, the whole domain must be invalidated
public record PageSelective(long iova, int addressMask) {
    /// The smallest one that covers a range.
    public static PageSelective covering(AddressRange range) {
        long differing = range.start() >>> 12 ^ range.last() >>> 12;
        int mask = Long.SIZE - Long.numberOfLeadingZeros(differing);
        return new PageSelective(range.start() & -1L << mask + 12, mask);
    }
}
