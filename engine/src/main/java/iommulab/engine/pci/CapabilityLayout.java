package iommulab.engine.pci;

import java.util.List;

/// Name and registers of one kind of capability.
///
/// @param name the specification's name
/// @param shortName as the field abbreviates it; may be empty
/// @param registers by offset
record CapabilityLayout(String name, String shortName, List<RegisterLayout> registers) {
    CapabilityLayout {
        registers = List.copyOf(registers);
    }
}
