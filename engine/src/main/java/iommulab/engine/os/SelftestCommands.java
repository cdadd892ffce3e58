package iommulab.engine.os;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.selftest.SelftestRegisters;
import iommulab.engine.memory.AddressRange;

/// The part of the driver of the self-test's IOMMU that tells the unit what to forget, through registers.
///
/// @param registers of the unit
record SelftestCommands(SelftestRegisters registers) {

    /// @param who domain or requester
    void forget(int what, int who) {
        registers.write64(SelftestRegisters.INVALIDATE, SelftestRegisters.command(what, who, 0, 0));
    }

    /// The smallest aligned power of two of pages that covers a range.
    void forgetPages(int tag, AddressRange range) {
        long differing = (range.start() ^ range.last()) >>> 12;
        forgetPages(tag, range.start(), Long.SIZE - Long.numberOfLeadingZeros(differing));
    }

    void forgetPages(int tag, long address, int addressMask) {
        registers.write64(SelftestRegisters.ADDRESS, address);
        registers.write64(
                SelftestRegisters.INVALIDATE,
                SelftestRegisters.command(SelftestRegisters.PAGES, tag, 0, addressMask));
    }

    void forgetPasid(int requester, int pasid) {
        registers.write64(
                SelftestRegisters.INVALIDATE,
                SelftestRegisters.command(SelftestRegisters.PASID, requester, pasid, 0));
    }

    /// @throws MappingRefused (EINVAL) if a number does not fit, (EOPNOTSUPP) if there is no such cache
    void invalidate(Invalidation what) throws MappingRefused {
        switch (what) {
            case Invalidation.ContextGlobal(),
                    Invalidation.ContextDomain(_),
                    Invalidation.IotlbGlobal(),
                    Invalidation.PasidEntries _ ->
                    forget(SelftestRegisters.EVERYTHING, 0);
            case Invalidation.ContextDevice(_, int requester, _) ->
                    forget(SelftestRegisters.DEVICE, requester & 0xffff);
            case Invalidation.IotlbDomain(int tag) ->
                    forget(SelftestRegisters.DOMAIN, tag & 0xffff);
            case Invalidation.PasidTranslations(int tag, _) ->
                    forget(SelftestRegisters.DOMAIN, tag & 0xffff);
            case Invalidation.IotlbPage(int tag, long iova, int mask) -> {
                if (mask < 0 || mask > 51) {
                    throw new MappingRefused(
                            "EINVAL", "address mask %d: take 0 to 51".formatted(mask));
                }
                forgetPages(tag & 0xffff, iova, mask);
            }
            case Invalidation.DeviceTlb _ ->
                    throw new MappingRefused(
                            "EOPNOTSUPP", "No device below the self-test's IOMMU has a TLB.");
        }
    }
}
