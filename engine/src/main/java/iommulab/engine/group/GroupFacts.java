package iommulab.engine.group;

import iommulab.engine.firmware.FirmwareTables;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciTopology;

import java.util.List;
import java.util.Set;

/// Everything that Linux looks at when it forms IOMMU groups.
///
/// @param topology functions with their configuration bytes
/// @param firmware the ACPI tables
/// @param release version of the kernel
/// @param parameters its command line
/// @param units the IOMMUs it has in use; none means that no function has a group
/// @param externalFacing ports that ACPI marks `ExternalFacingPort`: what is below is not trusted
/// @param typeChanges types written at run time, in order
public record GroupFacts(
        PciTopology topology,
        FirmwareTables firmware,
        KernelRelease release,
        KernelParameters parameters,
        List<IommuUnit> units,
        Set<PciAddress> externalFacing,
        List<TypeChange> typeChanges) {

    public GroupFacts {
        units = List.copyOf(units);
        externalFacing = Set.copyOf(externalFacing);
        typeChanges = List.copyOf(typeChanges);
    }

    /// A type written to `/sys/kernel/iommu_groups/N/type` after the boot.
    ///
    /// @param member any function of the group
    public record TypeChange(PciAddress member, DomainType type) {}

    /// The same facts about other functions or other configuration bytes.
    public GroupFacts with(PciTopology topology) {
        return new GroupFacts(
                topology, firmware, release, parameters, units, externalFacing, typeChanges);
    }

    /// The same facts with these external-facing ports.
    public GroupFacts withExternalFacing(Set<PciAddress> ports) {
        return new GroupFacts(topology, firmware, release, parameters, units, ports, typeChanges);
    }

    /// The same facts with these types written at run time.
    public GroupFacts withTypeChanges(List<TypeChange> changes) {
        return new GroupFacts(
                topology, firmware, release, parameters, units, externalFacing, changes);
    }

    /// Whether the machine is an Arm one (else x86).
    boolean isArm() {
        return release.namesArm()
                || firmware.iort().isPresent()
                || units.stream().anyMatch(IommuUnit::isSmmu);
    }
}
