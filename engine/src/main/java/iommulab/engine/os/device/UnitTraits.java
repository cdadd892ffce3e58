package iommulab.engine.os.device;

import java.util.List;

/// What users of the kernel can do with an IOMMU: what its driver implements of the kernel's interface.
///
/// @param name of the unit
/// @param driver `mock`, `vtd`, `amd`, `smmuv3` or `riscv`: tables of one driver are of no use to another
/// @param smallestPage bytes
/// @param firstIova lowest address that its tables translate
/// @param lastIova highest one, inclusive
/// @param reserved what it reserves for each device
/// @param nestedData name of the data that makes a nested table directly on a parent; empty if it has none
/// @param viommuType name of its virtual IOMMU; empty if it has none
/// @param tracksDirty whether tables can record writes
/// @param enforcesCoherency whether tables can force snooping
/// @param pasidBits width of PASIDs, 0 for none
public record UnitTraits(
        String name,
        String driver,
        long smallestPage,
        long firstIova,
        long lastIova,
        List<ReservedRange> reserved,
        String nestedData,
        String viommuType,
        boolean tracksDirty,
        boolean enforcesCoherency,
        int pasidBits) {
    public UnitTraits {
        reserved = List.copyOf(reserved);
    }

    /// Whether its driver lets PASIDs use tables that users fill; else they are for address spaces of
    /// processes alone. Source: kernel `set_dev_pasid` of `struct iommu_domain_ops`, which domains of AMD's
    /// and RISC-V's drivers lack.
    public boolean attachesPasids() {
        return !driver.equals("amd") && !driver.equals("riscv");
    }
}
