package iommulab.engine.pci;

import java.util.List;

/// One capability of a function, decoded.
///
/// @param id capability ID, 8 bits; 16 bits if extended; -1 for the header
/// @param extended which of the two chains it is in
/// @param offset of its first byte in configuration space
/// @param name the specification's name
/// @param shortName as the field abbreviates it, such as `ACS`; empty for one without a usual name
/// @param version of an extended capability; 0 for a conventional one
/// @param registers those that are known, by offset
public record Capability(
        int id,
        boolean extended,
        int offset,
        String name,
        String shortName,
        int version,
        List<Register> registers) {
    public Capability {
        registers = List.copyOf(registers);
    }
}
