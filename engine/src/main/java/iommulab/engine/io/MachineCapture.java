package iommulab.engine.io;

import iommulab.engine.firmware.AcpiTables;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciTopology;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A real machine as a file describes it: what it is, and what its kernel said of it.
///
/// What the file does not tell is empty or unknown, never guessed.
///
/// @param topology PCI functions in the order in which Linux discovers them
/// @param kernelRelease such as `6.12.0-1-amd64`; empty if not known
/// @param commandLine as `/proc/cmdline` has it; empty if not known
/// @param acpi raw ACPI tables
/// @param iomem who has which host-physical addresses
/// @param kernelGroups the groups that its kernel listed, by number
/// @param kernelUnits the IOMMUs that its kernel listed, by name
/// @param rootBuses such as `0000:00`, in the order of discovery
/// @param remarks what was ignored or is not known, one sentence each
public record MachineCapture(
        PciTopology topology,
        String kernelRelease,
        String commandLine,
        AcpiTables acpi,
        IomemMap iomem,
        List<KernelGroup> kernelGroups,
        List<KernelUnit> kernelUnits,
        List<String> rootBuses,
        List<String> remarks) {
    public MachineCapture {
        kernelGroups = List.copyOf(kernelGroups);
        kernelUnits = List.copyOf(kernelUnits);
        rootBuses = List.copyOf(rootBuses);
        remarks = List.copyOf(remarks);
    }

    /// Group number of every function that has one, as its kernel listed it.
    public Map<PciAddress, Integer> kernelSaid() {
        return kernelGroups.stream()
                .flatMap(g -> g.members().stream().map(member -> Map.entry(member, g.id())))
                .collect(
                        Collectors.toUnmodifiableMap(
                                Map.Entry::getKey, Map.Entry::getValue, (first, _) -> first));
    }
}
