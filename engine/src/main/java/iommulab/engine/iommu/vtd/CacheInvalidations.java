package iommulab.engine.iommu.vtd;

/// What the descriptors of the invalidation queue do to the unit's own caches.
/// Spec: VT-d, "Queued Invalidation Interface".
final class CacheInvalidations {
    private CacheInvalidations() {}

    static void apply(InvalidationDescriptor descriptor, VtdCaches caches) {
        switch (descriptor.type()) {
            case InvalidationDescriptor.CONTEXT -> context(descriptor, caches);
            case InvalidationDescriptor.IOTLB -> iotlb(descriptor, caches);
            case InvalidationDescriptor.PASID_IOTLB -> pasidIotlb(descriptor, caches.scalable());
            case InvalidationDescriptor.PASID_CACHE -> pasidCache(descriptor, caches.scalable());
            // Nothing of what the others invalidate is ever cached here.
            default -> {}
        }
    }

    private static void context(InvalidationDescriptor descriptor, VtdCaches caches) {
        switch (descriptor.granularity()) {
            case InvalidationDescriptor.GLOBAL -> caches.removeContexts();
            case InvalidationDescriptor.DOMAIN -> caches.removeContexts(descriptor.domain());
            default ->
                    caches.removeContexts(
                            descriptor.domain(), descriptor.requester(), descriptor.functionMask());
        }
    }

    private static void iotlb(InvalidationDescriptor descriptor, VtdCaches caches) {
        switch (descriptor.granularity()) {
            case InvalidationDescriptor.GLOBAL -> caches.removeTranslations();
            case InvalidationDescriptor.DOMAIN -> caches.removeTranslations(descriptor.domain());
            default ->
                    caches.removePages(
                            descriptor.domain(),
                            descriptor.high() & -4096L,
                            descriptor.addressMask(),
                            descriptor.leavesOnly());
        }
    }

    private static void pasidIotlb(InvalidationDescriptor descriptor, ScalableCaches caches) {
        if (descriptor.granularity() == InvalidationDescriptor.DOMAIN) {
            caches.removePasidTranslations(descriptor.domain(), descriptor.pasid());
        } else {
            caches.removePasidPages(
                    descriptor.domain(),
                    descriptor.pasid(),
                    descriptor.high() & -4096L,
                    descriptor.addressMask(),
                    descriptor.leavesOnly());
        }
    }

    private static void pasidCache(InvalidationDescriptor descriptor, ScalableCaches caches) {
        switch (descriptor.granularity()) {
            case InvalidationDescriptor.ALL_OF_DOMAIN -> caches.removePasids(descriptor.domain());
            case InvalidationDescriptor.ONE_PASID ->
                    caches.removePasids(descriptor.domain(), descriptor.pasid());
            default -> caches.removePasids();
        }
    }
}
