package iommulab.engine.os;

/// What an IOMMU does for a device beside translating its requests, as the driver has set it up.
/// Spec: PCI Express, "Address Translation Services".
///
/// @param deviceTlb whether the device may ask for translations, keep them, and send requests that are
///     translated already (ATS)
/// @param pageRequests whether it may ask for pages (PRI); not without the former
public record DeviceServices(boolean deviceTlb, boolean pageRequests) {
    /// Nothing beside.
    public static final DeviceServices NONE = new DeviceServices(false, false);

    public DeviceServices {
        if (pageRequests && !deviceTlb) {
            throw new IllegalArgumentException("page requests without translation requests");
        }
    }
}
