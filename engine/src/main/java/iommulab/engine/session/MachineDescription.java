package iommulab.engine.session;

import iommulab.engine.firmware.AcpiTables;
import iommulab.engine.group.IommuUnit;
import iommulab.engine.memory.AddressMap;
import iommulab.engine.os.Software;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciTopology;

import java.util.List;
import java.util.Map;
import java.util.Set;

/// A machine as it is when power is switched on: everything that no command brought about.
///
/// @param name for people
/// @param origin where it came from: `sample`, `captured from Linux 6.12.0`, `drawn by hand`
/// @param about what it shows, in a few sentences; may be empty
/// @param kernelRelease such as `6.12.0-1-amd64`; empty if unknown
/// @param commandLine of the kernel, as `/proc/cmdline` has it
/// @param topology PCI functions in the order in which Linux discovers them
/// @param firmware raw ACPI tables
/// @param units the IOMMUs that the kernel has in use, and what their registers say
/// @param memory what answers at which address
/// @param externalFacing root ports that ACPI marks as facing outside the machine
/// @param kernelSaid group number of each function as a captured kernel listed it; never used
/// @param remarks what the import ignored or does not know, one sentence each
/// @param software what runs on it
public record MachineDescription(
        String name,
        String origin,
        String about,
        String kernelRelease,
        String commandLine,
        PciTopology topology,
        AcpiTables firmware,
        List<IommuUnit> units,
        AddressMap memory,
        Set<PciAddress> externalFacing,
        Map<PciAddress, Integer> kernelSaid,
        List<String> remarks,
        Software software) {

    public MachineDescription {
        units = List.copyOf(units);
        externalFacing = Set.copyOf(externalFacing);
        kernelSaid = Map.copyOf(kernelSaid);
        remarks = List.copyOf(remarks);
    }

    /// A machine with the usual software.
    public MachineDescription(
            String name,
            String origin,
            String about,
            String kernelRelease,
            String commandLine,
            PciTopology topology,
            AcpiTables firmware,
            List<IommuUnit> units,
            AddressMap memory,
            Set<PciAddress> externalFacing,
            Map<PciAddress, Integer> kernelSaid,
            List<String> remarks) {
        this(
                name,
                origin,
                about,
                kernelRelease,
                commandLine,
                topology,
                firmware,
                units,
                memory,
                externalFacing,
                kernelSaid,
                remarks,
                Software.USUAL);
    }
}
