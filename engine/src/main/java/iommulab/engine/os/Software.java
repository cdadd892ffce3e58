package iommulab.engine.os;

import iommulab.engine.os.device.DeviceTraits;
import iommulab.engine.os.process.ProcessDescription;
import iommulab.engine.pci.PciAddress;

import java.util.List;
import java.util.Map;

/// What runs on a machine when it is switched on, and what people call its functions.
///
/// @param names of functions, beside their addresses
/// @param traits of functions, where they are not the usual ones
/// @param processes at least one; the first one acts where a call names none
/// @param proposals whether calls exist that were proposed and that Linux never got
public record Software(
        Map<String, PciAddress> names,
        Map<PciAddress, DeviceTraits> traits,
        List<ProcessDescription> processes,
        boolean proposals) {
    /// One process with some memory; functions are called by their addresses.
    public static final Software USUAL =
            new Software(Map.of(), Map.of(), ProcessDescription.USUAL, false);

    public Software {
        names = Map.copyOf(names);
        traits = Map.copyOf(traits);
        processes = List.copyOf(processes);
    }
}
