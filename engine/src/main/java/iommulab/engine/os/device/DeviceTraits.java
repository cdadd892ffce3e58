package iommulab.engine.os.device;

import java.util.List;
import java.util.Optional;

/// What the kernel finds out about a function beyond its configuration bytes, where a machine says it
/// differently from what its IOMMU and its capabilities make usual. Empty means: the usual.
///
/// @param pasidBits width of the PASIDs that it can use, 0 for none
/// @param enforcesCoherency whether its IOMMU can force its requests to snoop CPU caches
/// @param cacheCoherent whether its DMA is coherent at all
/// @param isolatedMsi whether it can reach interrupts of other devices' owners (false) or not
/// @param tracksDirty whether writes of it can be tracked
/// @param virtualFunction whether it is a virtual function
/// @param pageRequests whether it can ask for pages (PRI)
/// @param reserved more reserved ranges than its IOMMU and firmware make
public record DeviceTraits(
        Optional<Integer> pasidBits,
        Optional<Boolean> enforcesCoherency,
        Optional<Boolean> cacheCoherent,
        Optional<Boolean> isolatedMsi,
        Optional<Boolean> tracksDirty,
        Optional<Boolean> virtualFunction,
        Optional<Boolean> pageRequests,
        List<ReservedRange> reserved) {
    /// Nothing out of the ordinary.
    public static final DeviceTraits USUAL =
            new DeviceTraits(
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    List.of());

    public DeviceTraits {
        reserved = List.copyOf(reserved);
    }
}
