package iommulab.engine.os;

/// What an IOMMU is to forget. Named as VT-d names it; the other architectures have a command for each,
/// except where their driver says that they have none.
public sealed interface Invalidation {
    /// All entries of devices.
    record ContextGlobal() implements Invalidation {}

    /// All entries of devices in a domain.
    record ContextDomain(int domainTag) implements Invalidation {}

    /// The entry of a device.
    ///
    /// @param requester source ID, 16 bits
    /// @param functionMask 0 to 3: which low bits of the source ID count for nothing
    record ContextDevice(int domainTag, int requester, int functionMask) implements Invalidation {}

    /// All translations.
    record IotlbGlobal() implements Invalidation {}

    /// All translations of a domain.
    record IotlbDomain(int domainTag) implements Invalidation {}

    /// The translations of some pages.
    ///
    /// @param addressMask 2^n pages from an address aligned to as many
    record IotlbPage(int domainTag, long iova, int addressMask) implements Invalidation {}

    /// The entries of PASIDs.
    ///
    /// @param pasid 20 bits, or -1 for all of the domain
    record PasidEntries(int domainTag, int pasid) implements Invalidation {}

    /// The translations of a PASID.
    ///
    /// @param pasid 20 bits
    record PasidTranslations(int domainTag, int pasid) implements Invalidation {}

    /// What a device keeps in its own TLB of some pages.
    ///
    /// @param requester 16 bits
    /// @param pasid 20 bits, or -1 for requests without one
    /// @param addressMask 2^n pages from an address aligned to as many; [#ALL_PAGES] for everything
    record DeviceTlb(int requester, int pasid, long iova, int addressMask)
            implements Invalidation {}

    /// Address mask that covers all addresses.
    int ALL_PAGES = 52;
}
