package iommulab.engine.io;

import iommulab.engine.group.Group;
import iommulab.engine.pci.PciAddress;

import java.util.List;

/// An IOMMU group as the captured kernel listed it. Shown beside our own answer, never used for it.
///
/// @param id the kernel's number
/// @param type as `type` prints it, such as `DMA-FQ`; empty if not known
/// @param members PCI functions, by address
/// @param reserved reserved regions, by start
public record KernelGroup(
        int id, String type, List<PciAddress> members, List<Group.ReservedRegion> reserved) {
    public KernelGroup {
        members = List.copyOf(members);
        reserved = List.copyOf(reserved);
    }
}
