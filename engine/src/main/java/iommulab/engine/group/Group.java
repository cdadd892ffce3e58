package iommulab.engine.group;

import iommulab.engine.pci.PciAddress;

import java.util.List;

/// One IOMMU group: the functions that the IOMMU cannot keep apart.
///
/// @param id the kernel's number, in order of discovery
/// @param type type of its default domain
/// @param members in order of joining
/// @param reserved its reserved regions, by start
public record Group(
        int id, DomainType type, List<PciAddress> members, List<ReservedRegion> reserved) {
    public Group {
        members = List.copyOf(members);
        reserved = List.copyOf(reserved);
    }

    /// @param start first iova
    /// @param last last iova, inclusive
    /// @param kind as sysfs prints it: `direct`, `direct-relaxable`, `msi`, `reserved`
    public record ReservedRegion(long start, long last, String kind) {}
}
